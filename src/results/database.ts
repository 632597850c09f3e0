import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { ReportedError } from "../sweep/errors.ts";
import { folderRefused, type RunFolder } from "./folder.ts";

/**
 * The schema's version, in `PRAGMA user_version`. A newer one is refused; one of version 1, which has
 * no finish steps, or of version 2, which does not know what a run was asked for with, is read as it
 * is, and brought up to this one when a run is opened for writing.
 */
const VERSION = 3;

/**
 * - run: one row, the folder's own id.
 * - executions: one row a start of an orchestrator; who holds the lock is the last one.
 * - points: the current plan. `todo` is 1 while this execution still has to start the point.
 *   `document` is the point's own part of what its key was made from, the common part is in
 *   `commons`. `files` is the manifest of the outputs: [{path, size, sha256}].
 * - attempts: every try, by key, because indices change with the plan. `folder` is the point's
 *   folder inside the task's output, `outputs` the globs that it must match, `protocol` how the
 *   task is shared: what settling an attempt of a killed orchestrator needs.
 * - kept: succeeded results by key whose points the current plan does not have.
 * - moves: folders to move, relative to the run folder, or to remove (no target), written before
 *   the first is moved, so that a crash is replayed.
 */
const SCHEMA = `
CREATE TABLE run (id TEXT NOT NULL, sweep TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE executions (
  number INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, pid INTEGER NOT NULL,
  host TEXT NOT NULL, engine TEXT NOT NULL, image TEXT NOT NULL, identity TEXT NOT NULL,
  workers INTEGER NOT NULL
);
CREATE TABLE commons (id INTEGER PRIMARY KEY, document TEXT NOT NULL UNIQUE);
CREATE TABLE points (
  idx INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL,
  cached INTEGER NOT NULL DEFAULT 0, exit_code INTEGER, attempts INTEGER NOT NULL DEFAULT 0,
  seconds REAL, cpu_seconds REAL, peak_memory INTEGER, reason TEXT,
  parameters TEXT NOT NULL, ordinal INTEGER NOT NULL, common INTEGER NOT NULL,
  document TEXT NOT NULL, metrics TEXT, files TEXT, todo INTEGER NOT NULL
);
CREATE UNIQUE INDEX points_key ON points (key);
CREATE UNIQUE INDEX points_name ON points (name);
CREATE INDEX points_todo ON points (idx) WHERE todo = 1;
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY, task TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL,
  attempt INTEGER NOT NULL, execution INTEGER NOT NULL, worker INTEGER NOT NULL,
  folder TEXT NOT NULL, outputs TEXT NOT NULL, protocol TEXT NOT NULL, status TEXT NOT NULL,
  exit_code INTEGER, started REAL NOT NULL, seconds REAL, cpu_seconds REAL, peak_memory INTEGER, reason TEXT,
  metrics TEXT, files TEXT, log_offset INTEGER
);
CREATE INDEX attempts_key ON attempts (key, attempt);
CREATE INDEX attempts_task ON attempts (task);
CREATE INDEX attempts_open ON attempts (status) WHERE status IN ('running', 'placing');
CREATE TABLE kept (
  key TEXT PRIMARY KEY, name TEXT NOT NULL, folder TEXT NOT NULL, logs TEXT NOT NULL,
  exit_code INTEGER, attempts INTEGER NOT NULL, seconds REAL, cpu_seconds REAL, peak_memory INTEGER,
  reason TEXT, metrics TEXT, files TEXT
) WITHOUT ROWID;
CREATE TABLE moves (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, target TEXT NOT NULL, parked INTEGER NOT NULL
);
CREATE VIEW metrics AS
  SELECT points.idx AS idx, entry.key AS name, entry.value AS value, entry.type AS type
  FROM points, json_each(points.metrics) AS entry;
`;

/**
 * What version 2 has on top.
 * - finish: the finish steps of the current plan, one row each. `files` is the manifest of what it
 *   made, relative to the run folder's finish/; `log` the path of its log in the run folder.
 * - removed: outputs that a finish step has taken away, by their point's key, as the point's manifest
 *   had them: a step is the same whether the frames that it was made of are still there or not.
 */
const FINISH_SCHEMA = `
CREATE TABLE finish (
  idx INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL,
  cached INTEGER NOT NULL DEFAULT 0, seconds REAL, reason TEXT, files TEXT, log TEXT
);
CREATE TABLE removed (
  key TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  PRIMARY KEY (key, path)
) WITHOUT ROWID;
`;

/**
 * What version 3 has on top.
 * - requests: what starts of an orchestrator were asked for with: path of the sweep file, overrides,
 *   run folder, as JSON. Without secrets.
 * - machines: what was rented for the run, a JSON document each: machines.ts.
 */
const RENTAL_SCHEMA = `
CREATE TABLE requests (execution INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE machines (name TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
`;

/** What each version adds to the one before. */
const SCHEMAS = [SCHEMA, FINISH_SCHEMA, RENTAL_SCHEMA];

/**
 * Opens run.db for the orchestrator, creating it where it is absent. The write-ahead log lets
 * `status` and `logs` read meanwhile. Commits survive the death of this process; after a loss
 * of power the last ones may be missing, never half there, and their points run again.
 *
 * @throws ReportedError (3) for a newer schema or a file that is no database.
 */
export function openDatabase(folder: RunFolder): DatabaseSync {
  const database = open(folder, false);
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA cache_size = -65536");
    const version = schemaVersion(database, folder);
    if (version > 0) checkTables(database, folder);
    if (version < VERSION) {
      const schema = SCHEMAS.slice(version).join("");
      database.exec(`BEGIN; ${schema} PRAGMA user_version = ${VERSION}; COMMIT`);
    }
    return database;
  } catch (error) {
    database.close();
    throw databaseRefused(folder, error) ?? error;
  }
}

/**
 * Opens an existing run.db for reading, also while a run is in progress.
 *
 * @throws ReportedError (2) where the folder holds no run, (3) as `openDatabase`.
 */
export function readDatabase(folder: RunFolder): DatabaseSync {
  if (!existsSync(folder.database)) {
    throw new ReportedError(
      2,
      `No run in ${folder.root}: there is no run.db.\nName a run's folder, as runs/NAME.`,
    );
  }
  const database = openForReading(folder);
  try {
    if (schemaVersion(database, folder) === 0) {
      throw new ReportedError(2, `The run in ${folder.root} has not started yet.`);
    }
    checkTables(database, folder);
    return database;
  } catch (error) {
    database.close();
    throw databaseRefused(folder, error) ?? error;
  }
}

function open(folder: RunFolder, readOnly: boolean): DatabaseSync {
  try {
    return new DatabaseSync(folder.database, { readOnly, timeout: 10_000 });
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

/**
 * To read a database with a write-ahead log, SQLite creates files beside it. Where this process
 * may not do that, and nobody has the database open, it is read as one that does not change:
 * https://sqlite.org/uri.html#uriimmutable
 */
function openForReading(folder: RunFolder): DatabaseSync {
  const database = open(folder, true);
  try {
    database.prepare("PRAGMA user_version").get();
    return database;
  } catch (cause) {
    database.close();
    if (existsSync(`${folder.database}-wal`)) throw unreadable(folder, cause);
    const still = pathToFileURL(folder.database);
    still.searchParams.set("immutable", "1");
    return new DatabaseSync(still, { readOnly: true });
  }
}

function schemaVersion(database: DatabaseSync, folder: RunFolder): number {
  let version: unknown;
  try {
    version = database.prepare("PRAGMA user_version").get()?.user_version;
  } catch (cause) {
    throw unreadable(folder, cause);
  }
  if (typeof version !== "number" || version > VERSION) {
    throw new ReportedError(
      3,
      `${folder.database} was written by a newer sim-pipeline (schema ${version}, this one knows ` +
        `${VERSION}).\nUpdate sim-pipeline, or choose another folder with --out.`,
    );
  }
  return version;
}

/** Whether a database has a table, which one of an older version may lack. */
export function hasTable(database: DatabaseSync, name: string): boolean {
  const find = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
  return database.prepare(find).get(name) !== undefined;
}

/** Another program's database can have the same version number. */
function checkTables(database: DatabaseSync, folder: RunFolder): void {
  const tables = ["run", "executions", "commons", "points", "attempts", "kept", "moves"];
  const absent = tables.find((table) => !hasTable(database, table));
  if (absent !== undefined) throw unreadable(folder, new Error(`it has no table ${absent}`));
}

let ownSchemas: readonly string[] | null = null;

/**
 * Whether a database has exactly the tables, indices and views of a run of this version or one
 * before, as one that came from elsewhere must have before anything in it is asked for: a view or a
 * trigger can compute without end.
 */
export function hasOwnSchema(database: DatabaseSync): boolean {
  ownSchemas ??= SCHEMAS.map((_, version) => {
    using own = new DatabaseSync(":memory:");
    own.exec(SCHEMAS.slice(0, version + 1).join(""));
    return schemaText(own);
  });
  return ownSchemas.includes(schemaText(database));
}

function schemaText(database: DatabaseSync): string {
  const rows = database.prepare(
    "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
  );
  return JSON.stringify(rows.all());
}

/** SQLite's primary result code of an error; null for any other error. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB: https://sqlite.org/rescode.html */
const DAMAGED: readonly (number | null)[] = [11, 26];

/** SQLITE_PERM, _BUSY, _READONLY, _IOERR, _FULL and _CANTOPEN */
const REFUSED: readonly (number | null)[] = [3, 5, 8, 10, 13, 14];

/**
 * What to say where run.db is damaged, or the disk refuses it; null for errors of ours.
 */
export function databaseRefused(folder: RunFolder, error: unknown): ReportedError | null {
  if (error instanceof ReportedError) return null;
  const code = sqliteCode(error);
  if (DAMAGED.includes(code)) return unreadable(folder, error);
  return REFUSED.includes(code) ? folderRefused(folder, error) : null;
}

function unreadable(folder: RunFolder, cause: unknown): ReportedError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ReportedError(
    3,
    `Cannot open ${folder.database}: ${text}\n` +
      "It is not a run's database, or it is damaged. Choose another folder with --out; " +
      "--reuse takes results from a folder that is whole.",
    { cause },
  );
}

/** Runs `body` in one transaction: all of it is committed, or nothing. */
export function transaction<T>(database: DatabaseSync, body: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = body();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk rolls the transaction back by itself.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
