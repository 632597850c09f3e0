import { basename, relative, sep } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { readDatabase } from "../../results/database.ts";
import type { RunFolder } from "../../results/folder.ts";
import { type Column, layoutOf, type Row } from "../../results/layout.ts";
import { lastRequest } from "../../results/request.ts";
import { addressOf } from "../address.ts";
import type { ComparisonDocument, PairedTable, RunSide } from "../document.ts";
import { clean, cut, shellWord } from "../markdown.ts";
import { overview, workOf } from "../overview.ts";
import { changesOf, type Known } from "./changes.ts";
import { type Asked, runFolderPath, wholeRun } from "./commands.ts";
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
    commands: [
      { title: "The whole sweep of A, from the start", text: `${wholeRun(one)} --out runs/a` },
      { title: "The whole sweep of B, from the start", text: `${wholeRun(other)} --out runs/b` },
      {
        title: "This page anew",
        text: ["sim-pipeline", "report", runFolderPath(one), runFolderPath(other)]
          .map(shellWord)
          .join(" "),
      },
    ],
  };
}

interface Side extends Known, Pick<Asked, "folder" | "request"> {
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
  const last = executions.at(-1) ?? null;
  const request = lastRequest(database);
  const name = basename(folder.root);
  const side = {
    ...overview(database),
    folder: name,
    base: path === "" ? "" : `${addressOf(path)}/`,
    started: executions[0]?.started ?? null,
    elapsed: elapsedOf(database, executions),
    work: workOf(database).work,
    sweepFile: request !== null,
  };
  return { side, rows: firstRows(database), keys, last, folder: name, request };
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
  const parameters = new Set(
    columns.filter(({ group }) => group === "parameter").map(({ name }) => name),
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
    metrics: numbers
      .map(({ group, name, heading, cell }) => {
        const metric = {
          heading: cut(clean(heading), 200),
          a: values(a, cell, "a"),
          b: values(b, cell, "b"),
        };
        const tells = !parameters.has(name) && new Set([...metric.a, ...metric.b]).size > 1;
        // The simulation's own, what was measured of it, and what tells nothing.
        return { metric, rank: group === "point" ? 1 : tells ? 0 : 2 };
      })
      .toSorted((x, y) => x.rank - y.rank)
      .slice(0, METRICS)
      .map(({ metric }) => metric),
    moreRows: pairs.length - shown.length,
  };
}
