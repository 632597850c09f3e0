import type { ExecutionData, RunDocument } from "../document.ts";
import { counted, grouped } from "../quantities.ts";
import { h } from "./dom.ts";
import { span } from "./values.ts";
import type { ViewStore } from "./view.ts";

/** The bar of statuses, whose parts filter the page, and the facts of the run. */
export function header(run: RunDocument, view: ViewStore): HTMLElement {
  return h("div", { class: "overview" }, statuses(run, view), facts(run));
}

function statuses({ counts, points, cached }: RunDocument, view: ViewStore): HTMLElement {
  const there = Object.entries(counts).filter(([, count]) => count > 0);
  const strip = h("div", { class: "strip", "aria-hidden": "true" });
  for (const [status, count] of there) {
    const part = h("span", { "data-status": status });
    part.style.flexGrow = String(count);
    // Few among many stay to be seen.
    part.style.minWidth = count < points ? "4px" : "0";
    strip.append(part);
  }
  const chips = there.map(([status, count]) => {
    const note = status === "succeeded" && cached > 0 ? ` (${grouped(cached)} from earlier)` : "";
    const filter = `status=${status}`;
    const chip = h(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": "false",
        title: `Show only points that are ${status}`,
      },
      h("span", { class: "dot", "data-status": status }),
      h("b", {}, grouped(count)),
      ` ${status}${note}`,
    );
    chip.addEventListener("click", () => view.filter(view.get().filter === filter ? "" : filter));
    view.listen((now) => chip.setAttribute("aria-pressed", String(now.filter === filter)));
    return chip;
  });
  return h("div", { class: "statuses" }, strip, h("div", { class: "chips" }, ...chips));
}

function facts(run: RunDocument): HTMLElement {
  const { work, elapsed, executions, engine, image, cost } = run;
  const [first] = executions;
  const last = executions.at(-1);
  const entries: [string, string, string | null][] = [];
  if (first !== undefined) entries.push(["Started", moment(first.started), null]);
  entries.push([
    "Took",
    span(elapsed),
    executions.length > 1 ? `in ${counted(executions.length, "start")}` : null,
  ]);
  if (work.sum > 0) {
    // Of several starts the earlier ones may have run points that the plan has no more.
    const comparable = elapsed > 0 && executions.length === 1;
    const times = comparable ? `${(work.sum / elapsed).toFixed(1)} at once on average` : null;
    entries.push(["Points together", span(work.sum), times]);
  }
  if (work.cpu > 0) entries.push(["CPU time", span(work.cpu), null]);
  if (work.longest !== null) {
    entries.push(["Longest point", span(work.longest.seconds), work.longest.name]);
  }
  if (cost !== null) entries.push(["Cost", cost, null]);
  if (engine !== null) entries.push(["Engine", engine, workers(last)]);
  if (image !== null && image !== "")
    entries.push([engine === "process" ? "Program" : "Image", image, null]);
  return h(
    "dl",
    { class: "facts" },
    ...entries.map(([term, value, note]) =>
      h(
        "div",
        {},
        h("dt", {}, term),
        h("dd", {}, value, note === null ? null : h("small", {}, note)),
      ),
    ),
  );
}

function workers(execution: ExecutionData | undefined): string | null {
  return execution === undefined ? null : counted(execution.workers, "worker");
}

/** A point in time as the reader's clock shows it. */
export function moment(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString("sv-SE").slice(0, 16);
}
