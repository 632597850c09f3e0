import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { type Keyer, keyer } from "../../plan/key.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Point } from "../../plan/point.ts";
import { keyContextOf } from "../shards/plan.ts";
import {
  checkMetrics,
  manifestOf,
  type PointRow,
  ShardProblem,
  type ShardRows,
} from "./shard-rows.ts";
import type { ShardContents } from "./shard-tar.ts";

/** Adds to a run's database what shards have found. */
export interface Merger {
  /**
   * Adds what a shard has of its points. Throws ShardProblem where the shard has something that the
   * plan does not say: then nothing of it may stay.
   */
  addShard(shard: number, points: Iterable<Point>, rows: ShardRows, tar: ShardContents): Merged;
  /** Adds points of which no shard tells. */
  addUnknown(points: Iterable<Point>, keys: Keyer | null): void;
}

export interface Merged {
  /** Names of points whose outputs count. */
  readonly succeeded: ReadonlySet<string>;
  /** Names of points whose last outputs are those of a failure. */
  readonly failed: ReadonlySet<string>;
  /** Names of points whose outputs are not what the run recorded. */
  readonly damaged: readonly string[];
  /** Names of the shard's points that it does not have. */
  readonly absent: readonly Point[];
  /** What its keys are made with; null where it has no points. */
  readonly keys: Keyer | null;
  readonly executions: number;
}

const ID = z.object({ id: z.number() });

export function openMerger(database: DatabaseSync, plan: Plan): Merger {
  const insertExecution = database.prepare(
    `INSERT INTO executions (started, ended, pid, host, engine, image, identity, workers)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertPoint = database.prepare(
    `INSERT INTO points (idx, name, key, status, cached, exit_code, attempts, seconds, cpu_seconds,
       peak_memory, reason, parameters, ordinal, common, document, metrics, files, todo)
     VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertAttempt = database.prepare(
    `INSERT INTO attempts (task, key, name, attempt, execution, worker, folder, outputs, protocol,
       status, exit_code, started, seconds, cpu_seconds, peak_memory, reason, log_offset)
     VALUES (?, ?, ?, ?, ?, ?, '', '[]', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertCommon = database.prepare("INSERT OR IGNORE INTO commons (document) VALUES (?)");
  const selectCommon = database.prepare("SELECT id FROM commons WHERE document = ?");
  const keyers = new Map<string, Keyer>();

  const keyerOf = (common: string): Keyer => {
    const known = keyers.get(common);
    if (known !== undefined) return known;
    let made: Keyer;
    try {
      made = keyer(plan.sweep, keyContextOf(common));
    } catch (cause) {
      throw new ShardProblem("has keys that no run of ours made", { cause });
    }
    if (made.common !== common) throw new ShardProblem("was run with another sweep");
    keyers.set(common, made);
    return made;
  };
  const commonId = (common: string): number => {
    insertCommon.run(common);
    return ID.parse(selectCommon.get(common)).id;
  };
  const addPending = (point: Point, keys: Keyer | null, common: number): void => {
    // Without a key nothing is known but that it has to run.
    const made = keys?.key(point) ?? { key: `unknown-${point.index}`, document: "{}" };
    const parameters = JSON.stringify(point.parameters);
    const { index, name, ordinal } = point;
    const none = [null, null, null, null] as const;
    insertPoint.run(
      index,
      name,
      made.key,
      "pending",
      null,
      0,
      ...none,
      parameters,
      ordinal,
      common,
      made.document,
      null,
      null,
      1,
    );
  };
  const addPoint = (row: PointRow, common: number): void => {
    insertPoint.run(
      row.idx,
      row.name,
      row.key,
      row.status,
      row.exit_code,
      row.attempts,
      row.seconds,
      row.cpu_seconds,
      row.peak_memory,
      row.reason,
      row.parameters,
      row.ordinal,
      common,
      row.document,
      row.metrics,
      row.status === "succeeded" ? row.files : null,
      row.status === "pending" ? 1 : 0,
    );
  };

  const addShard: Merger["addShard"] = (shard, points, rows, tar) => {
    const succeeded = new Set<string>();
    const failed = new Set<string>();
    const damaged: string[] = [];
    const absent: Point[] = [];
    let keys: Keyer | null = null;
    let common = 0;
    using own = iteratorOf(rows.points());
    for (const point of points) {
      const row = own.peek();
      if (row === null || row.idx > point.index) {
        absent.push(point);
        continue;
      }
      own.advance();
      if (keys === null) {
        keys = keyerOf(row.common);
        common = commonId(row.common);
      }
      checkPoint(row, point, keys);
      if (row.status !== "succeeded") {
        addPoint(row, common);
        failed.add(row.name);
      } else if (isWhole(row, tar)) {
        addPoint(row, common);
        succeeded.add(row.name);
      } else {
        addPending(point, keys, common);
        damaged.push(row.name);
      }
    }
    const extra = own.peek();
    if (extra !== null) throw foreignPoint(extra);
    const executions = addHistory(shard, rows);
    return { succeeded, failed, damaged, absent, keys, executions };
  };

  /** Executions and attempts, numbered anew. */
  const addHistory = (shard: number, rows: ShardRows): number => {
    const numbers = new Map<number, number>();
    for (const row of rows.executions()) {
      const { started, ended, pid, host, engine, image, identity, workers } = row;
      const { lastInsertRowid } = insertExecution.run(
        started,
        ended,
        pid,
        host,
        engine,
        image,
        identity,
        workers,
      );
      numbers.set(row.number, Number(lastInsertRowid));
    }
    for (const row of rows.attempts()) {
      const execution = numbers.get(row.execution);
      if (execution === undefined) throw new ShardProblem("has attempts of no execution");
      insertAttempt.run(
        `${shard}-${row.task}`,
        row.key,
        row.name,
        row.attempt,
        execution,
        row.worker,
        row.protocol,
        row.status,
        row.exit_code,
        row.started,
        row.seconds,
        row.cpu_seconds,
        row.peak_memory,
        row.reason,
        row.log_offset,
      );
    }
    return numbers.size;
  };

  return {
    addShard,
    addUnknown(points, keys) {
      const common = commonId(keys?.common ?? "{}");
      for (const point of points) addPending(point, keys, common);
    },
  };
}

/** A point must be what the plan says, under the key that this plan gives it. */
function checkPoint(row: PointRow, point: Point, keys: Keyer): void {
  if (row.idx !== point.index || row.name !== point.name) throw foreignPoint(row);
  const made = keys.key(point);
  if (
    row.common !== keys.common ||
    row.key !== made.key ||
    row.document !== made.document ||
    row.ordinal !== point.ordinal ||
    row.parameters !== JSON.stringify(point.parameters)
  ) {
    throw new ShardProblem(`has the point ${point.name} with other parameters or another key`);
  }
  checkMetrics(row);
}

function foreignPoint({ idx, name }: PointRow): ShardProblem {
  return new ShardProblem(`has the point ${idx} ${JSON.stringify(name)}, which is not its own`);
}

/** Whether the tar has exactly the files that the run recorded, with their sizes. */
function isWhole(row: PointRow, { sizes, outputs }: ShardContents): boolean {
  const files = manifestOf(row);
  return (
    files.length === (outputs.get(row.name) ?? 0) &&
    files.every(({ path, size }) => sizes.get(`points/${row.name}/${path}`) === size)
  );
}

/** An iterator that shows its next value before it is taken. */
function iteratorOf<T>(values: Iterable<T>) {
  const iterator = values[Symbol.iterator]();
  let next = iterator.next();
  return {
    peek: (): T | null => (next.done === true ? null : next.value),
    advance: (): void => {
      next = iterator.next();
    },
    [Symbol.dispose]: (): void => void iterator.return?.(),
  };
}
