import type { Change } from "../document.ts";
import { h } from "./dom.ts";

/** What differs before any result: engine, image, parts of the content keys, parameters. */
export function changeTable(changes: readonly Change[]): HTMLElement {
  if (changes.length === 0) {
    return h(
      "p",
      { class: "muted" },
      "Nothing: engine, image, command and parameters are the same.",
    );
  }
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "plain changes" },
      h("thead", {}, h("tr", {}, ...["", "A", "B"].map((text) => h("th", { scope: "col" }, text)))),
      h(
        "tbody",
        {},
        ...changes.map(({ part, a, b }) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, part),
            h("td", { class: "code" }, a),
            h("td", { class: "code" }, b),
          ),
        ),
      ),
    ),
  );
}
