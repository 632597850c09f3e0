import type { ColumnData, TableData } from "../document.ts";
import { counted, grouped } from "../quantities.ts";
import { h } from "./dom.ts";
import { isNumeric, shown } from "./values.ts";
import type { ViewStore } from "./view.ts";

/** Pixels; the style sheet has the same. */
const ROW = 32;
/** Rows beside those that are seen. */
const AROUND = 10;
/** Columns that are shown at first. */
const COLUMNS = 24;
/** Rows that are printed, and characters across that are read on paper. */
const PRINTED = 300;
const ACROSS = 118;

/** All points in a table, of which only the rows that are seen are in the page. */
export function pointTable(
  table: TableData,
  view: ViewStore,
  open: (row: number) => void,
): HTMLElement {
  const chosen = new Set(
    table.columns
      .filter(({ detail }) => !detail)
      .slice(0, COLUMNS)
      .map(({ heading }) => heading),
  );
  const head = h("div", { class: "row head", role: "row", "aria-rowindex": "1" });
  const body = h("div", { class: "body", role: "rowgroup" });
  const grid = h(
    "div",
    { class: "grid", role: "grid", tabindex: "0", "aria-label": "Points", id: "grid" },
    h("div", { role: "rowgroup", class: "heads" }, head),
    body,
  );
  grid.style.setProperty("--rows", String(Math.max(1, table.rows)));
  const count = h("span", { class: "muted", role: "status" });
  const notPrinted = h("p", { class: "muted" });
  let columns: readonly ColumnData[] = [];
  let active = 0;
  let seen = { from: -1, to: -1 };

  const draw = (force: boolean, all = false) => {
    const { rows } = view.get();
    const top = Math.max(0, grid.scrollTop - head.offsetHeight);
    const from = all ? 0 : Math.max(0, Math.floor(top / ROW) - AROUND);
    const to = all
      ? Math.min(rows.length, PRINTED)
      : Math.min(rows.length, from + Math.ceil(grid.clientHeight / ROW) + 2 * AROUND);
    if (!force && from === seen.from && to === seen.to) return;
    seen = { from, to };
    body.style.height = `${(all ? to : rows.length) * ROW}px`;
    body.replaceChildren(...rows.slice(from, to).map((row, i) => line(row, from + i)));
  };
  const line = (row: number, at: number) => {
    const cells = columns.map((column, i) => cell(column, row, i));
    const element = h(
      "div",
      {
        class: "row",
        role: "row",
        "aria-rowindex": at + 2,
        id: `row-${at}`,
        "data-at": at,
        "aria-selected": at === active,
      },
      ...cells,
    );
    element.style.top = `${at * ROW}px`;
    return element;
  };
  const redraw = (paper = false) => {
    const { rows, sort } = view.get();
    active = Math.min(active, Math.max(0, rows.length - 1));
    const wanted = table.columns.filter(({ heading }) => chosen.has(heading));
    columns = paper ? fitting(wanted) : wanted;
    notPrinted.textContent = paper
      ? left(rows.length - PRINTED, wanted.length - columns.length, "not printed.")
      : "";
    const widths = columns.map(width);
    grid.style.setProperty("--columns", widths.map((one) => `${one}ch`).join(" "));
    // Paper does not scroll.
    grid.style.setProperty("--printed", widths.map((one) => `minmax(0, ${one}fr)`).join(" "));
    grid.setAttribute("aria-rowcount", String(rows.length + 1));
    grid.setAttribute("aria-colcount", String(columns.length));
    head.replaceChildren(...columns.map((column) => heading(column, sort, view)));
    const of = rows.length === table.rows ? "" : ` of ${grouped(table.rows)}`;
    count.textContent =
      of === "" ? counted(rows.length, "point") : `${grouped(rows.length)}${of} points`;
    draw(true, paper);
  };
  const activate = (at: number) => {
    const last = view.get().rows.length - 1;
    active = Math.max(0, Math.min(last, at));
    const [above, below] = [active * ROW, (active + 1) * ROW + head.offsetHeight];
    if (above < grid.scrollTop) grid.scrollTop = above;
    else if (below > grid.scrollTop + grid.clientHeight) grid.scrollTop = below - grid.clientHeight;
    draw(true);
    grid.setAttribute("aria-activedescendant", `row-${active}`);
  };

  grid.addEventListener("scroll", () => draw(false), { passive: true });
  grid.addEventListener("click", (event) => {
    const element = event.target instanceof Element ? event.target.closest("[data-at]") : null;
    if (!(element instanceof HTMLElement)) return;
    activate(Number(element.dataset.at));
    const row = view.get().rows[active];
    if (row !== undefined) open(row);
  });
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid) return;
    const page = Math.floor(grid.clientHeight / ROW) - 2;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const step = steps[event.key];
    const row = view.get().rows[active];
    if (step !== undefined) activate(active + step);
    else if (event.key === "Enter" && row !== undefined) open(row);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(() => draw(true)).observe(grid);
  window.addEventListener("beforeprint", () => redraw(true));
  window.addEventListener("afterprint", () => redraw());
  view.listen(() => redraw());
  redraw();
  return h(
    "div",
    { class: "points" },
    h(
      "div",
      { class: "tools" },
      filterBox(view),
      count,
      columnMenu(table, chosen, () => redraw()),
    ),
    grid,
    notPrinted,
    h(
      "p",
      { class: "muted" },
      left(table.moreRows, table.moreColumns, "in results.csv, beside this page."),
    ),
  );
}

function cell(column: ColumnData, row: number, index: number): HTMLElement {
  const value = column.values[row] ?? null;
  const text = shown(column, value);
  const isStatus = column.name === "status" && column.group === "point" && text !== "";
  return h(
    "div",
    {
      role: "gridcell",
      class: isNumeric(column) ? "number" : null,
      "aria-colindex": index + 1,
      title: text.length > 20 ? text : null,
    },
    isStatus ? h("span", { class: "dot", "data-status": text }) : null,
    text,
  );
}

function heading(
  column: ColumnData,
  sort: ReturnType<ViewStore["get"]>["sort"],
  view: ViewStore,
): HTMLElement {
  const own = sort?.heading === column.heading ? sort : null;
  const state = own === null ? "none" : own.descending ? "descending" : "ascending";
  const button = h(
    "button",
    { type: "button", title: `Sort by ${column.heading}` },
    h("span", {}, column.heading),
    h(
      "span",
      { class: "arrow", "aria-hidden": "true" },
      own === null ? "" : own.descending ? "↓" : "↑",
    ),
  );
  // Once up, once down, then the plan's order again.
  button.addEventListener("click", () => {
    view.sort(own?.descending ? null : { heading: column.heading, descending: own !== null });
  });
  return h(
    "div",
    {
      role: "columnheader",
      "aria-sort": state,
      class: isNumeric(column) ? "number" : null,
      "data-group": column.group,
    },
    button,
  );
}

/** In characters, by the longest of some cells. */
function width(column: ColumnData): number {
  const step = Math.max(1, Math.floor(column.values.length / 100));
  // A status has its dot.
  let longest = column.heading.length + (column.name === "status" ? 6 : 2);
  for (let row = 0; row < column.values.length; row += step) {
    longest = Math.max(longest, shown(column, column.values[row] ?? null).length);
  }
  return Math.min(36, Math.max(6, longest)) + 4;
}

function filterBox(view: ViewStore): HTMLElement {
  const box = h("input", {
    type: "search",
    id: "filter",
    placeholder: "Filter: error<0.01 status=failed …",
    "aria-label": "Filter points, plots and gallery",
    spellcheck: "false",
    autocomplete: "off",
  });
  box.addEventListener("input", () => view.filter(box.value.trim()));
  view.listen(({ filter }) => {
    if (box.value.trim() !== filter) box.value = filter;
  });
  window.addEventListener("keydown", (event) => {
    const isTyping =
      event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    box.focus();
  });
  return box;
}

function columnMenu(table: TableData, chosen: Set<string>, redraw: () => void): HTMLElement {
  const boxes = table.columns.map(({ heading }) => {
    const box = h("input", { type: "checkbox", checked: chosen.has(heading) });
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(heading);
      else chosen.delete(heading);
      redraw();
    });
    return h("label", { class: "tick" }, box, heading);
  });
  return h("details", { class: "menu" }, h("summary", {}, "Columns"), h("div", {}, ...boxes));
}

/** The first columns that fit beside each other on paper. */
function fitting(columns: readonly ColumnData[]): readonly ColumnData[] {
  let room = ACROSS;
  return columns.filter((column) => {
    room -= width(column);
    return room >= 0;
  });
}

/** What there is no room for. */
function left(moreRows: number, moreColumns: number, where: string): string {
  const parts = [
    ...(moreRows > 0 ? [counted(moreRows, "more point")] : []),
    ...(moreColumns > 0 ? [counted(moreColumns, "more column")] : []),
  ];
  return parts.length === 0 ? "" : `${parts.join(" and ")} ${where}`;
}
