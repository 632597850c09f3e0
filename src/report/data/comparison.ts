import { relative, sep } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { readDatabase } from "../../results/database.ts";
import type { RunFolder } from "../../results/folder.ts";
import { type Column, layoutOf, type Row } from "../../results/layout.ts";
import { addressOf } from "../address.ts";
import type { ComparisonDocument, PairedTable, RunSide } from "../document.ts";
import { clean, cut } from "../markdown.ts";
import { overview, workOf } from "../overview.ts";
import { changesOf, type Known } from "./changes.ts";
import { type Pair, pairsOf } from "./pairs.ts";
import { picturePairs } from "./picture-pairs.ts";
import { firstRows } from "./run.ts";
import { ROWS } from "./table.ts";
import { elapsedOf, executionData } from "./timeline.ts";

const KEY = z.object({ key: z.string() });
const MEASURED = new Set(["seconds", "cpu_seconds", "peak_memory"]);
/** Metrics that the page has room for. */
const METRICS = 60;

/**
 * Reads what a report shows of two runs, A before and B after. Points are the same where their
 * content keys are, or else their names: another image or another command changes every key.
 *
 * @throws ReportedError as `readDatabase`.
 */
export function comparisonDocument(a: RunFolder, b: RunFolder): ComparisonDocument {
  using before = readDatabase(a);
  using after = readDatabase(b);
  const one = sideOf(before, a, b);
  const other = sideOf(after, b, b);
  const pairs = pairsOf(one, other);
  const columns = layoutOf([...one.rows, ...other.rows]);
  return {
    kind: "comparison",
    made: new Date().toISOString(),
    a: one.side,
    b: other.side,
    changes: changesOf(before, after, one, other, pairs),
    table: tableOf(pairs, columns, one, other),
    pictures: picturePairs(before, after, a, b, pairs),
  };
}

interface Side extends Known {
  readonly side: RunSide;
}

function sideOf(database: DatabaseSync, folder: RunFolder, page: RunFolder): Side {
  database.exec("BEGIN");
  const keys = database
    .prepare("SELECT key FROM points ORDER BY idx LIMIT ?")
    .all(ROWS)
    .map((row) => KEY.parse(row).key);
  const executions = executionData(database);
  const path = relative(page.root, folder.root).replaceAll(sep, "/");
  const side = {
    ...overview(database),
    folder: folder.root.split(sep).at(-1) ?? "",
    base: path === "" ? "" : `${addressOf(path)}/`,
    elapsed: elapsedOf(database, executions),
    work: workOf(database).work,
  };
  return { side, rows: firstRows(database), keys, execution: executions.at(-1) ?? null };
}

function tableOf(
  pairs: readonly Pair[],
  columns: readonly Column[],
  a: Side,
  b: Side,
): PairedTable {
  const shown = pairs.slice(0, ROWS);
  const row = ({ rows }: Side, at: number | null): Row | undefined => rows[at ?? -1];
  const numbers = columns.filter(
    ({ group, type, heading }) =>
      (group === "metric" && type !== "string" && type !== "boolean") ||
      (group === "point" && MEASURED.has(heading)),
  );
  // The simulation's own before what was measured of it.
  const ordered = numbers.toSorted(
    (x, y) => Number(x.group === "point") - Number(y.group === "point"),
  );
  const values = (side: Side, cell: Column["cell"], at: "a" | "b") =>
    shown.map((pair) => {
      const found = row(side, pair[at]);
      const value = found === undefined ? null : cell(found);
      return typeof value === "number" ? value : null;
    });
  return {
    names: shown.map((pair) => row(b, pair.b)?.name ?? row(a, pair.a)?.name ?? ""),
    statusA: shown.map((pair) => row(a, pair.a)?.status ?? null),
    statusB: shown.map((pair) => row(b, pair.b)?.status ?? null),
    same: shown.map(({ same }) => same),
    metrics: ordered.slice(0, METRICS).map(({ heading, cell }) => ({
      heading: cut(clean(heading), 200),
      a: values(a, cell, "a"),
      b: values(b, cell, "b"),
    })),
    moreRows: pairs.length - shown.length,
  };
}
