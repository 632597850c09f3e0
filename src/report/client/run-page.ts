import type { RunDocument } from "../document.ts";
import { counted } from "../quantities.ts";
import { h, section } from "./dom.ts";
import { failureList } from "./failures.ts";
import { finishList } from "./finish.ts";
import { footer, topBar } from "./frame.ts";
import { gallery } from "./gallery.ts";
import { header } from "./header.ts";
import { parameterTable } from "./parameters.ts";
import { plots } from "./plots.ts";
import { pointsOf } from "./point.ts";
import { reproduce } from "./reproduce.ts";
import { pointTable } from "./table.ts";
import { timeline } from "./timeline.ts";
import { viewStore } from "./view.ts";
import { viewer } from "./viewer.ts";

/** The page of one run: only the sections that it has something for. */
export function runPage(run: RunDocument): HTMLElement[] {
  const view = viewStore(run.table);
  const points = pointsOf(run);
  const open = viewer(run, points, view);
  const { table, pictures, failures, finish, attempts } = run;
  const sections = [
    section("overview", "Overview", header(run, view)),
    finish.length > 0 ? section("results", "Finish steps", finishList(finish)) : null,
    failures.length > 0
      ? section("failures", "Failed points", failureList(failures, run.failed))
      : null,
    plots(run, view, points),
    pictures.items.length > 0
      ? section("gallery", "Gallery", gallery(run, points, view, open.show))
      : null,
    section("points", "Points", pointTable(table, view, open.show)),
    attempts.row.length > 0 ? section("timeline", "Timeline", timeline(run, points)) : null,
    section("parameters", "Parameters", parameterTable(table)),
    section("reproduce", "Reproduce", reproduce(run)),
  ].filter((one) => one !== null);
  return [
    topBar(run.name, sections),
    h("main", { id: "main" }, title(run), ...sections),
    footer(run.made),
    open.dialog,
  ];
}

/** The name of the sweep, and how it went. */
function title(run: RunDocument): HTMLElement {
  return h(
    "div",
    { class: "title" },
    h("h1", {}, run.name),
    h("p", { class: "verdict" }, verdict(run)),
  );
}

function verdict({ points, counts, failed }: RunDocument): string {
  if (points === 0) return "No points.";
  if (counts.succeeded === points) return `All ${counted(points, "point")} succeeded.`;
  const rest = points - counts.succeeded - failed;
  const parts = [
    ...(failed > 0 ? [`${failed.toLocaleString("en-US")} failed`] : []),
    ...(rest > 0 ? [`${rest.toLocaleString("en-US")} did not end`] : []),
  ];
  return `${parts.join(", ")} of ${counted(points, "point")}.`;
}
