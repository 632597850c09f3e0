import { basename } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { readDatabase } from "../../results/database.ts";
import type { RunFolder } from "../../results/folder.ts";
import type { Row } from "../../results/layout.ts";
import { lastRequest } from "../../results/request.ts";
import { pointRows } from "../../results/rows.ts";
import type { RunDocument, TableData } from "../document.ts";
import { chooseAxes } from "../job-summary-chart.ts";
import { clean, cut } from "../markdown.ts";
import { overview, workOf } from "../overview.ts";
import { commandData, pointCommand } from "./commands.ts";
import { failureData } from "./failures.ts";
import { finishData } from "./finish.ts";
import { pictureData } from "./pictures.ts";
import { ROWS, tableData } from "./table.ts";
import { attemptData, elapsedOf, executionData } from "./timeline.ts";

/**
 * Reads what a report shows of a run.
 *
 * @throws ReportedError as `readDatabase`; (3) for more columns than a table can have.
 */
export function runDocument(folder: RunFolder): RunDocument {
  using database = readDatabase(folder);
  // One moment of a run that goes on.
  database.exec("BEGIN");
  const facts = overview(database);
  const executions = executionData(database);
  const last = executions.at(-1) ?? null;
  const asked = {
    folder: basename(folder.root),
    request: lastRequest(database),
    last,
    failed: facts.failed,
  };
  const table = tableData(firstRows(database), facts.points);
  return {
    kind: "run",
    made: new Date().toISOString(),
    ...facts,
    engine: facts.engine === null ? null : cut(clean(facts.engine), 100),
    image: facts.image === null ? null : cut(clean(facts.image), 500),
    ...workOf(database),
    elapsed: elapsedOf(database, executions),
    executions,
    table,
    axes: axesOf(database, table),
    pictures: pictureData(database, folder),
    attempts: attemptData(database),
    failures: failureData(database, folder),
    finish: finishData(database, folder),
    sweepFile: asked.request !== null,
    commands: commandData(asked),
    pointCommand: pointCommand(asked),
  };
}

/** The rows that a page holds. */
export function firstRows(database: DatabaseSync): Row[] {
  return [...Iterator.from(pointRows(database)).take(ROWS)];
}

/** The headings of the axes that the job's summary chooses too. */
function axesOf(database: DatabaseSync, { columns }: TableData): RunDocument["axes"] {
  const axes = chooseAxes(database);
  const heading = (group: string, name: string | undefined) =>
    columns.find((column) => column.group === group && column.name === name)?.heading;
  const parameter = heading("parameter", axes?.parameter);
  const metric = heading("metric", axes?.metric);
  return parameter === undefined || metric === undefined ? null : { parameter, metric };
}
