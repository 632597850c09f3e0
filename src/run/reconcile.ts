import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Keyer } from "../plan/key.ts";
import type { Plan } from "../plan/plan.ts";
import { transaction } from "../results/database.ts";
import type { RunFolder } from "../results/folder.ts";
import { MANIFEST, verifyOutputs } from "../results/outputs.ts";
import { carryOutMoves } from "./moves.ts";

/**
 * Which points of the plan run: `auto` all that have not succeeded, `failed` those that ended
 * badly, `missing` those that never ended, `off` all.
 */
export const RESUME_MODES = ["auto", "failed", "missing", "off"] as const;
export type ResumeMode = (typeof RESUME_MODES)[number];

export interface Reconciled {
  /** Points that succeeded before and are not run again. */
  readonly cached: number;
  /** Points to run now. */
  readonly todo: number;
  /** Names of succeeded points (a few) whose outputs are not as recorded: they run again. */
  readonly damaged: { readonly count: number; readonly examples: readonly string[] };
  /** Whether the points are others than before, or any of them runs. */
  readonly changed: boolean;
}

/**
 * Makes the points table that of `plan`, keeping by content key what earlier executions found.
 * Results that the plan has no place for are kept for later; renamed points are moved with their
 * logs; the outputs of the others are checked by size, or by content with `verify`.
 */
export function reconcile(
  database: DatabaseSync,
  folder: RunFolder,
  plan: Plan,
  keyer: Keyer,
  options: { readonly mode: ResumeMode; readonly verify: boolean },
): Reconciled {
  const isSamePlan = transaction(database, () => {
    gatherNext(database, plan, keyer);
    const isSame = samePoints(database);
    gatherOld(database);
    noteMoves(database);
    noteStrays(database, folder);
    replacePoints(database, options.mode);
    database.exec("DROP TABLE temp.next; DROP TABLE temp.old");
    return isSame;
  });
  carryOutMoves(database, folder);
  const damaged = checkOutputs(database, folder, options.verify);
  const count = (sql: string) =>
    z.object({ count: z.number() }).parse(database.prepare(sql).get()).count;
  const todo = count("SELECT count(*) AS count FROM points WHERE todo = 1");
  return {
    cached: count("SELECT count(*) AS count FROM points WHERE cached = 1"),
    todo,
    damaged,
    changed: todo > 0 || !isSamePlan,
  };
}

/** Whether the plan has the same points under the same names and indices as the one before. */
function samePoints(database: DatabaseSync): boolean {
  const row = database
    .prepare(
      `SELECT (SELECT count(*) FROM temp.next) AS next, (SELECT count(*) FROM points) AS old,
         (SELECT count(*) FROM temp.next JOIN points USING (idx)
          WHERE next.name = points.name AND next.key = points.key) AS both`,
    )
    .get();
  const { next, old, both } = COUNTS.parse(row);
  return next === both && old === both;
}

const COUNTS = z.object({ next: z.number(), old: z.number(), both: z.number() });

/** The plan's points with their keys, in a temporary table. */
function gatherNext(database: DatabaseSync, plan: Plan, keyer: Keyer): void {
  database.exec(`
    CREATE TEMP TABLE next (
      idx INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
      parameters TEXT NOT NULL, ordinal INTEGER NOT NULL, document TEXT NOT NULL, common INTEGER
    )`);
  const insert = database.prepare("INSERT INTO temp.next VALUES (?, ?, ?, ?, ?, ?, ?)");
  const insertCommon = database.prepare("INSERT OR IGNORE INTO commons (document) VALUES (?)");
  const selectCommon = database.prepare("SELECT id FROM commons WHERE document = ?");
  insertCommon.run(keyer.common);
  const common = z.object({ id: z.number() }).parse(selectCommon.get(keyer.common)).id;
  for (const point of plan.points()) {
    const { key, document } = keyer.key(point);
    const parameters = JSON.stringify(point.parameters);
    insert.run(point.index, point.name, key, parameters, point.ordinal, document, common);
  }
}

/** What earlier plans left: the points table's rows and the kept results, with their folders. */
function gatherOld(database: DatabaseSync): void {
  database.exec(`
    CREATE TEMP TABLE old AS
      SELECT key, name, 'points/' || name AS folder, 'logs/' || name AS logs, status, exit_code,
        attempts, seconds, cpu_seconds, peak_memory, reason, metrics, files FROM points
      UNION ALL
      SELECT key, name, folder, logs, 'succeeded', exit_code, attempts, seconds, cpu_seconds,
        peak_memory, reason, metrics, files FROM kept;
    CREATE UNIQUE INDEX temp.old_key ON old (key)`);
}

/** Writes down every folder that has to be elsewhere under the new plan. */
function noteMoves(database: DatabaseSync): void {
  database.exec(`
    -- A result that the plan has, under another name or kept aside.
    INSERT INTO moves (source, target, parked)
      SELECT old.folder, 'points/' || next.name, 0 FROM temp.old JOIN temp.next USING (key)
      WHERE old.status = 'succeeded' AND old.folder <> 'points/' || next.name;
    INSERT INTO moves (source, target, parked)
      SELECT old.logs, 'logs/' || next.name, 0 FROM temp.old JOIN temp.next USING (key)
      WHERE old.logs <> 'logs/' || next.name;
    INSERT INTO moves (source, target, parked)
      SELECT 'failed/' || old.name, 'failed/' || next.name, 0
      FROM temp.old JOIN temp.next USING (key)
      WHERE old.status <> 'succeeded' AND old.name <> next.name;
    -- A result that the plan does not have, where its name is wanted for another point.
    CREATE TEMP TABLE aside AS
      SELECT old.key FROM temp.old JOIN temp.next USING (name)
      WHERE old.status = 'succeeded' AND old.key <> next.key AND old.folder = 'points/' || old.name
        AND old.key NOT IN (SELECT key FROM temp.next);
    INSERT INTO moves (source, target, parked)
      SELECT folder, 'kept/' || key || '/output', 0 FROM temp.old JOIN temp.aside USING (key);
    INSERT INTO moves (source, target, parked)
      SELECT logs, 'kept/' || key || '/logs', 0 FROM temp.old JOIN temp.aside USING (key);
    INSERT OR REPLACE INTO kept
      SELECT key, name,
        CASE WHEN key IN aside THEN 'kept/' || key || '/output' ELSE folder END,
        CASE WHEN key IN aside THEN 'kept/' || key || '/logs' ELSE logs END,
        exit_code, attempts, seconds, cpu_seconds, peak_memory, reason, metrics, files
      FROM temp.old WHERE status = 'succeeded' AND key NOT IN (SELECT key FROM temp.next);
    DELETE FROM kept WHERE key IN (SELECT key FROM temp.next);
    DROP TABLE temp.aside`);
}

/** Points of the plan whose earlier logs or failed outputs, if any, are not under their names. */
const ELSEWHERE = {
  logs: "old.key IS NULL OR old.logs <> 'logs/' || next.name",
  failed: "old.key IS NULL OR old.status = 'succeeded' OR old.name <> next.name",
} as const;

/**
 * Writes down for removal the logs and failed outputs that lie under a point's name but are
 * another's: one that did not succeed under an earlier plan, however long ago. They would be taken
 * for the point's own, since an attempt that prints nothing writes no log.
 */
function noteStrays(database: DatabaseSync, folder: RunFolder): void {
  const NAMED = z.object({ name: z.string() });
  const note = database.prepare("INSERT INTO moves (source, target, parked) VALUES (?, '', 0)");
  const moved = new Set(
    database
      .prepare("SELECT source AS name FROM moves")
      .all()
      .map((row) => NAMED.parse(row).name),
  );
  for (const kind of ["logs", "failed"] as const) {
    const there = new Set(existsSync(folder[kind]) ? readdirSync(folder[kind]) : []);
    if (there.size === 0) continue;
    const points = database.prepare(
      `SELECT next.name FROM temp.next LEFT JOIN temp.old USING (key) WHERE ${ELSEWHERE[kind]}`,
    );
    for (const row of points.all()) {
      const { name } = NAMED.parse(row);
      const source = `${kind}/${name}`;
      if (there.has(name) && !moved.has(source)) note.run(source);
    }
  }
}

/** For each mode, the earlier statuses whose points do not run, as SQL. */
const NOT_RUN: Record<ResumeMode, string> = {
  auto: "old.status = 'succeeded'",
  failed: "coalesce(old.status, 'pending') IN ('succeeded', 'pending', 'cancelled')",
  missing: "coalesce(old.status, 'pending') NOT IN ('pending', 'cancelled')",
  off: "FALSE",
};

function replacePoints(database: DatabaseSync, mode: ResumeMode): void {
  const notRun = NOT_RUN[mode];
  // Attempts count on, whatever happens, because logs are named after them.
  const unlessRun = (column: string) => `CASE WHEN ${notRun} THEN old.${column} END`;
  database.exec(`
    DELETE FROM points;
    INSERT INTO points
      SELECT next.idx, next.name, next.key,
        CASE WHEN ${notRun} THEN coalesce(old.status, 'pending') ELSE 'pending' END,
        CASE WHEN ${notRun} AND old.status = 'succeeded' THEN 1 ELSE 0 END,
        ${unlessRun("exit_code")},
        coalesce(old.attempts, (SELECT max(attempt) FROM attempts WHERE key = next.key), 0),
        ${unlessRun("seconds")},
        ${unlessRun("cpu_seconds")}, ${unlessRun("peak_memory")}, ${unlessRun("reason")},
        next.parameters, next.ordinal, next.common, next.document,
        ${unlessRun("metrics")}, ${unlessRun("files")},
        CASE WHEN ${notRun} THEN 0 ELSE 1 END
      FROM temp.next LEFT JOIN temp.old USING (key) ORDER BY next.idx;
    DELETE FROM commons WHERE id NOT IN (SELECT common FROM points)`);
}

const CACHED = z.object({ idx: z.number(), name: z.string(), files: z.string() });

/** Puts back on the list what succeeded but is not there any more, or not as it was. */
function checkOutputs(
  database: DatabaseSync,
  folder: RunFolder,
  deep: boolean,
): Reconciled["damaged"] {
  const damaged: number[] = [];
  const examples: string[] = [];
  const rows = database.prepare("SELECT idx, name, files FROM points WHERE cached = 1");
  for (const row of rows.iterate()) {
    const { idx, name, files } = CACHED.parse(row);
    const difference = verifyOutputs(join(folder.points, name), MANIFEST.parse(JSON.parse(files)), {
      deep,
    });
    if (difference === null) continue;
    damaged.push(idx);
    if (examples.length < 5) examples.push(`${name}: ${difference}`);
  }
  const reset = database.prepare(
    `UPDATE points SET status = 'pending', cached = 0, exit_code = NULL, seconds = NULL,
       cpu_seconds = NULL, peak_memory = NULL, reason = NULL, metrics = NULL, files = NULL,
       todo = 1 WHERE idx = ?`,
  );
  transaction(database, () => {
    for (const idx of damaged) reset.run(idx);
  });
  return { count: damaged.length, examples };
}
