import type { FailureData } from "../document.ts";
import { counted, grouped } from "../quantities.ts";
import { h } from "./dom.ts";

/** Failed points that are listed before one asks for more. */
const AT_ONCE = 10;

/** The failed points, each with its reason and the end of its log. */
export function failureList(failures: readonly FailureData[], all: number): HTMLElement {
  const list = h("div", { class: "failures" });
  const more = h("button", { type: "button", class: "more" });
  let shown = 0;
  const add = () => {
    const next = failures.slice(shown, shown + AT_ONCE);
    list.append(
      ...next.map((failure, i) => entry(failure, failures.length <= 3 || shown + i === 0)),
    );
    shown += next.length;
    more.hidden = shown === failures.length;
    const left = failures.length - shown;
    more.textContent = `Show ${grouped(Math.min(AT_ONCE, left))} more of ${grouped(left)}`;
  };
  add();
  more.addEventListener("click", add);
  const rest = all - failures.length;
  return h(
    "div",
    {},
    list,
    more,
    rest > 0
      ? h(
          "p",
          { class: "muted" },
          `${counted(rest, "more failed point")}: see the table, with the filter status=failed.`,
        )
      : null,
  );
}

/** The end of a log, scrolled to its end by the style sheet: there stands why it failed. */
export function logBox(log: string, cut: number, label: string): HTMLElement {
  const before =
    cut > 0 ? h("span", { class: "muted" }, `… ${grouped(cut)} bytes before this\n`) : null;
  return h(
    "pre",
    { class: "log", tabindex: "0", role: "region", "aria-label": label },
    h("code", {}, before, log.replace(/\n+$/, "")),
  );
}

function entry(failure: FailureData, open: boolean): HTMLElement {
  const { name, status, reason, attempts, log, cut, href } = failure;
  const tries = attempts > 1 ? h("span", { class: "muted" }, counted(attempts, "attempt")) : null;
  return h(
    "details",
    { open },
    h(
      "summary",
      {},
      h("span", { class: "dot", "data-status": status }),
      h("b", {}, name),
      " ",
      h("span", { class: "status" }, status),
      reason === null ? null : h("span", { class: "reason" }, reason),
      tries,
    ),
    log === null || log.trim() === ""
      ? h(
          "p",
          { class: "muted" },
          log === null && href !== null ? "Its log is not in this page." : "It printed nothing.",
        )
      : logBox(log, cut, `log of ${name}`),
    href === null ? null : h("a", { href, class: "file" }, "whole log"),
  );
}
