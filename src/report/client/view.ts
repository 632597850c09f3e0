import type { Cell, ColumnData, TableData } from "../document.ts";

/** Which rows are shown, in which order, everywhere on the page. */
export interface View {
  readonly rows: readonly number[];
  readonly filter: string;
  readonly sort: Sort | null;
}

export interface Sort {
  readonly heading: string;
  readonly descending: boolean;
}

export interface ViewStore {
  get(): View;
  filter(text: string): void;
  sort(by: Sort | null): void;
  /** Calls back at every change. */
  listen(listener: (view: View) => void): void;
}

export function viewStore(table: TableData): ViewStore {
  const listeners: ((view: View) => void)[] = [];
  const search = searchTexts(table);
  const all = Array.from({ length: table.rows }, (_, row) => row);
  let view: View = { rows: all, filter: "", sort: null };
  const set = (filter: string, sort: Sort | null) => {
    const matches = rowFilter(filter, table.columns, search);
    const rows = sorted(matches === null ? all : all.filter(matches), sort, table.columns);
    view = { rows, filter, sort };
    for (const listener of listeners) listener(view);
  };
  return {
    get: () => view,
    filter: (text) => text !== view.filter && set(text, view.sort),
    sort: (by) => set(view.filter, by),
    listen: (listener) => void listeners.push(listener),
  };
}

/** What a row is searched in, made when it is first asked for. */
function searchTexts({ rows, columns }: TableData): (row: number) => string {
  let texts: string[] | null = null;
  return (row) => {
    texts ??= Array.from({ length: rows }, (_, i) =>
      columns
        .map(({ values }) => String(values[i] ?? ""))
        .join("\n")
        .toLowerCase(),
    );
    return texts[row] ?? "";
  };
}

type Test = (row: number) => boolean;

const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/**
 * Rows for which every word of a filter is true: `error<0.01` and `status=failed` compare a column,
 * any other word is looked for in the whole row; quotes keep spaces together. Null: all rows.
 */
function rowFilter(
  text: string,
  columns: readonly ColumnData[],
  search: (row: number) => string,
): Test | null {
  const words = text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
  const tests = words.map((word) => comparison(word, columns) ?? containing(word, search));
  return tests.length === 0 ? null : (row) => tests.every((test) => test(row));
}

function containing(word: string, search: (row: number) => string): Test {
  const wanted = word.replaceAll('"', "").toLowerCase();
  return (row) => search(row).includes(wanted);
}

function comparison(word: string, columns: readonly ColumnData[]): Test | null {
  const parts = /^(.+?)(<=|>=|!=|=|<|>)(.*)$/.exec(word.replaceAll('"', ""));
  const [, name = "", sign = "", text = ""] = parts ?? [];
  const column = columns.find(({ heading }) => heading.toLowerCase() === name.toLowerCase());
  const holds = OPERATORS[sign];
  if (column === undefined || holds === undefined) return null;
  const wanted = Number(text);
  const isNumber = text.trim() !== "" && !Number.isNaN(wanted);
  const words = text.toLowerCase();
  return (row) => {
    const value = column.values[row] ?? null;
    // A missing value is neither more nor less than any other.
    if (value === null) return text === "" ? sign === "=" : sign === "!=";
    if (typeof value === "number" && isNumber) return holds(value - wanted);
    return holds(compareTexts(String(value).toLowerCase(), words));
  };
}

/** The rows by the values of a column; missing values stand at the end, equal ones stay in order. */
function sorted(
  rows: readonly number[],
  sort: Sort | null,
  columns: readonly ColumnData[],
): readonly number[] {
  const column = columns.find(({ heading }) => heading === sort?.heading);
  if (sort === null || column === undefined) return rows;
  const sign = sort.descending ? -1 : 1;
  const { values } = column;
  return rows.toSorted((a, b) => {
    const [one, other] = [values[a] ?? null, values[b] ?? null];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * compare(one, other);
  });
}

function compare(one: Exclude<Cell, null>, other: Exclude<Cell, null>): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return compareTexts(String(one), String(other));
}

// One collator for all: localeCompare makes one each time.
const { compare: compareTexts } = new Intl.Collator("en", { numeric: true });
