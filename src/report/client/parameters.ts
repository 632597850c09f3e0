import type { ColumnData, TableData } from "../document.ts";
import { counted } from "../quantities.ts";
import { h } from "./dom.ts";
import { distinct, shown } from "./values.ts";

/** Values that are listed. */
const LISTED = 12;

/** The sweep's parameters with the values that their points have. */
export function parameterTable({ columns }: TableData): HTMLElement {
  const parameters = columns.filter(({ group }) => group === "parameter");
  if (parameters.length === 0) return h("p", { class: "muted" }, "The sweep has no parameters.");
  const rows = parameters.map((column) => {
    const values = distinct(column);
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, column.name),
      h("td", { class: "number" }, values.length === 1 ? "fixed" : counted(values.length, "value")),
      h("td", {}, valueList(column, values)),
    );
  });
  const head = [
    h("th", { scope: "col" }, "Parameter"),
    h("th", { scope: "col", class: "number" }, "How many"),
    h("th", { scope: "col" }, "Values"),
  ];
  return h(
    "div",
    { class: "scroll" },
    h("table", { class: "plain" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
  );
}

function valueList(column: ColumnData, values: ReturnType<typeof distinct>): string {
  const texts = values.map((value) => shown(column, value));
  if (texts.length <= LISTED) return texts.join(", ");
  return `${texts.slice(0, 5).join(", ")}, … ${texts.slice(-2).join(", ")}`;
}
