import type { ColumnData, RunDocument } from "../document.ts";
import {
  type Choice,
  choose,
  drawable,
  isRepeat,
  KINDS,
  type Kind,
  SERIES,
  spansDecades,
} from "./axes.ts";
import { h, onWidth, picker, section, tick, whenNear } from "./dom.ts";
import { type Drawing, type Settings, show } from "./drawing.ts";
import { drawHeat } from "./plot-heat.ts";
import { drawLine } from "./plot-line.ts";
import { drawParallel } from "./plot-parallel.ts";
import type { Points } from "./point.ts";
import { distinct, isNumeric } from "./values.ts";
import type { ViewStore } from "./view.ts";

const TITLES: Readonly<Record<Kind, string>> = {
  line: "By one parameter",
  heat: "Heat map of two",
  parallel: "All parameters",
};

/** A plot that the data chose, with pickers for every other one; null where nothing varies. */
export function plots(run: RunDocument, view: ViewStore, points: Points): HTMLElement | null {
  const possible = drawable(run.table);
  const first = choose(possible, run.axes);
  if (first === null) return null;
  const { parameters, metrics } = possible;
  let choice: Choice = first;
  let logX = isNumeric(first.x) && spansDecades(first.x);
  let logY = false;
  const frame = h("div", { class: "plot", id: "plot", "data-kind": choice.kind });
  const tools = h("div", { class: "tools" });
  let width = 0;

  const change = (changes: Partial<Choice>) => {
    choice = { ...choice, ...changes };
    if (changes.x !== undefined) logX = isNumeric(choice.x) && spansDecades(choice.x);
    if (changes.metric !== undefined) logY = false;
    redraw();
  };
  const draw = () => {
    if (width === 0) return;
    const rows = view.get().rows.filter((row) => points.status(row) === "succeeded");
    const { plot, note, legend } = drawing(choice, rows, parameters, { width, logX, logY, points });
    frame.dataset.kind = choice.kind;
    show(frame, [caption(choice), ...(legend === null ? [] : [legend])], plot);
    frame.append(h("p", { class: "muted" }, note));
  };
  const redraw = () => {
    tools.replaceChildren(...pickers());
    draw();
  };
  const pickers = (): HTMLElement[] => {
    const { kind, metric, x, y, series } = choice;
    const kinds = KINDS.filter((one) => one === "line" || parameters.length > 1);
    const shared = [
      kinds.length > 1
        ? picker(
            "Plot",
            kinds.map((value) => ({ value, text: TITLES[value] })),
            kind,
            (value) => change({ kind: value }),
          )
        : null,
      columnPicker("Metric", metrics, metric, (value) => change({ metric: value })),
    ];
    const positive = metric.values.every((value) => typeof value !== "number" || value > 0);
    const own =
      kind === "line"
        ? [
            columnPicker("By", parameters, x, (value) =>
              change({ x: value, series: series === value ? null : series }),
            ),
            seriesPicker(
              parameters.filter((one) => one !== x && distinct(one).length <= SERIES),
              series,
              (value) => change({ series: value }),
            ),
            isNumeric(x) && distinct(x).every((value) => typeof value === "number" && value > 0)
              ? tick(`log ${x.name}`, logX, (on) => {
                  logX = on;
                  draw();
                })
              : null,
            positive
              ? tick(`log ${metric.name}`, logY, (on) => {
                  logY = on;
                  draw();
                })
              : null,
          ]
        : kind === "heat"
          ? [
              columnPicker("Across", parameters, x, (value) =>
                change({ x: value, y: value === y ? x : y }),
              ),
              columnPicker(
                "Up",
                parameters.filter((one) => one !== x),
                y ?? x,
                (value) => change({ y: value }),
              ),
            ]
          : [];
    return [...shared, ...own].filter((one) => one !== null);
  };

  redraw();
  whenNear(frame, () => {
    onWidth(frame, (now) => {
      width = now;
      draw();
    });
    view.listen(draw);
  });
  return section("plots", "Plots", tools, frame);
}

function drawing(
  { kind, metric, x, y, series }: Choice,
  rows: readonly number[],
  parameters: readonly ColumnData[],
  settings: Settings,
): Drawing {
  if (!rows.some((row) => typeof metric.values[row] === "number")) {
    return { plot: null, legend: null, note: "No point that is shown has this metric." };
  }
  if (kind === "heat" && y !== null && y !== x) return drawHeat(rows, x, y, metric, settings);
  if (kind === "parallel") {
    const axes = parameters.filter((one) => !isRepeat(one));
    return drawParallel(rows, axes.length > 1 ? axes : parameters, metric, settings);
  }
  return drawLine(rows, x, metric, series, settings);
}

function caption({ kind, metric, x, y, series }: Choice): HTMLElement {
  const by =
    kind === "heat"
      ? ` by ${x.heading} and ${y?.heading}`
      : kind === "parallel"
        ? " by all parameters"
        : ` by ${x.heading}${series === null ? "" : ` and ${series.heading}`}`;
  return h("h3", {}, h("b", {}, metric.heading), by);
}

function columnPicker(
  label: string,
  columns: readonly ColumnData[],
  chosen: ColumnData,
  change: (column: ColumnData) => void,
): HTMLElement {
  return picker(
    label,
    columns.map((one, i) => ({ value: String(i), text: one.heading })),
    String(columns.indexOf(chosen)),
    (value) => change(columns[Number(value)] ?? chosen),
  );
}

function seriesPicker(
  columns: readonly ColumnData[],
  chosen: ColumnData | null,
  change: (column: ColumnData | null) => void,
): HTMLElement | null {
  if (columns.length === 0) return null;
  return picker(
    "Colour",
    [
      { value: "-1", text: "none" },
      ...columns.map((one, i) => ({ value: String(i), text: one.heading })),
    ],
    String(chosen === null ? -1 : columns.indexOf(chosen)),
    (value) => change(columns[Number(value)] ?? null),
  );
}
