import type { ComparisonDocument, RunSide } from "../document.ts";
import { counted, grouped } from "../quantities.ts";
import { changeTable } from "./changes.ts";
import { metricTable } from "./comparison-metrics.ts";
import { pairGallery, pairViewer } from "./comparison-pictures.ts";
import { comparisonPlot } from "./comparison-plot.ts";
import { pairedColumns } from "./comparison-table.ts";
import { h, section } from "./dom.ts";
import { footer, topBar } from "./frame.ts";
import { moment } from "./header.ts";
import { commandList, whereToRun } from "./reproduce.ts";
import { pointTable } from "./table.ts";
import { span } from "./values.ts";
import { viewStore } from "./view.ts";

/** The page of two runs. */
export function comparisonPage(data: ComparisonDocument): HTMLElement[] {
  const { a, b, changes, table, pictures, made, commands } = data;
  const columns = pairedColumns(table);
  const view = viewStore(columns);
  const viewer = pairViewer(data, view);
  const sections = [
    section("overview", "Overview", sides(data)),
    section("changes", "What changed", changeTable(changes)),
    table.metrics.length > 0 ? section("metrics", "Metrics", metricTable(table)) : null,
    comparisonPlot(table, view),
    pictures.length > 0
      ? section("gallery", "Gallery", pairGallery(data, view, viewer.show))
      : null,
    section("points", "Points", pointTable(columns, view, viewer.show)),
    section(
      "reproduce",
      "Reproduce",
      h("p", { class: "muted" }, whereToRun(a.sweepFile && b.sweepFile)),
      ...commandList(commands),
    ),
  ].filter((one) => one !== null);
  const heading = h(
    "div",
    { class: "title" },
    h("h1", {}, `${a.folder} and ${b.folder}`),
    h("p", { class: "verdict" }, verdict(data)),
  );
  return [
    topBar(a.name, sections),
    h("main", { id: "main" }, heading, ...sections),
    footer(made),
    viewer.dialog,
  ];
}

function verdict({ table }: ComparisonDocument): string {
  const both = table.statusA.filter((status, i) => status !== null && table.statusB[i] !== null);
  const same = table.same.filter(Boolean).length;
  const onlyA = table.statusB.filter((status) => status === null).length;
  const onlyB = table.statusA.filter((status) => status === null).length;
  return [
    `${counted(both.length, "point")} in both`,
    ...(same > 0
      ? [`${same === both.length ? "all" : grouped(same)} with the same content key`]
      : []),
    ...(onlyA > 0 ? [`${grouped(onlyA)} only in A`] : []),
    ...(onlyB > 0 ? [`${grouped(onlyB)} only in B`] : []),
  ].join(", ");
}

function sides({ a, b }: ComparisonDocument): HTMLElement {
  const facts: readonly [string, (side: RunSide) => string][] = [
    ["Run", ({ folder }) => folder],
    ["Sweep", ({ name }) => name],
    ["Started", ({ started }) => (started === null ? "–" : moment(started))],
    ["Engine", ({ engine }) => engine ?? "–"],
    ["Points", ({ points }) => grouped(points)],
    ["Succeeded", ({ counts }) => grouped(counts.succeeded)],
    ["Failed", ({ failed }) => grouped(failed)],
    ["Took", ({ elapsed }) => span(elapsed)],
    // Nothing is known of what an earlier start ran.
    ["Points together", ({ work }) => (work.sum > 0 ? span(work.sum) : "–")],
    ["CPU time", ({ work }) => (work.cpu > 0 ? span(work.cpu) : "–")],
  ];
  const rows = facts.map(([fact, of]) =>
    h("tr", {}, h("th", { scope: "row" }, fact), h("td", {}, of(a)), h("td", {}, of(b))),
  );
  return h(
    "table",
    { class: "plain" },
    h("thead", {}, h("tr", {}, ...["", "A", "B"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...rows),
  );
}
