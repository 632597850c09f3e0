import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Task } from "../../src/engines/engine.ts";
import { makePlan } from "../../src/plan/plan.ts";
import { readDatabase } from "../../src/results/database.ts";
import { runFolder } from "../../src/results/folder.ts";
import { pointRows } from "../../src/results/rows.ts";
import type { RunEvent } from "../../src/run/events.ts";
import { type ExecuteOptions, execute } from "../../src/run/execute.ts";
import { textsOf } from "../../src/run/jobs.ts";
import type { RunSummary } from "../../src/run/summary.ts";
import { sweepFromObject } from "../../src/sweep/load.ts";
import { type FakeEngine, fakeEngine, type Play } from "./fake-engine.ts";

/** A temporary folder that the test leaves nothing of. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ran {
  readonly summary: RunSummary;
  readonly engine: FakeEngine;
  readonly events: readonly RunEvent[];
  /** `name status attempts` of every point, in order; `cached` added where it is. */
  readonly points: readonly string[];
}

/** The parameters that a task of one point was given. */
export function parametersOf(task: Task): Record<string, string | number | boolean> {
  return JSON.parse(task.env.SIM_POINT ?? "{}");
}

/** Executes a sweep with the fake engine into `out`; `sweep` lacks nothing but a name and image. */
export async function runFake(
  out: string,
  sweep: Record<string, unknown>,
  play: (task: Task) => Play | Promise<Play> = () => ({}),
  options: Partial<ExecuteOptions> & { readonly engine?: FakeEngine } = {},
): Promise<Ran> {
  const engine = options.engine ?? fakeEngine(play);
  const events: RunEvent[] = [];
  const whole = { name: "test", image: "test", command: [], workers: 1, ...sweep };
  const plan = makePlan(sweepFromObject(whole, out), { confirmed: false });
  const never = new AbortController().signal;
  const summary = await execute(plan, engine, {
    out,
    texts: textsOf(plan.sweep),
    mode: "auto",
    verify: false,
    reuse: [],
    parquet: false,
    secrets: {},
    env: {},
    signal: never,
    kill: never,
    emit: (event) => events.push(event),
    ...options,
  });
  return { summary, engine, events, points: pointsOf(out) };
}

/** `name status attempts` of every point in a run folder. */
export function pointsOf(out: string): string[] {
  using database = readDatabase(runFolder(out));
  return [...pointRows(database)].map(
    ({ name, status, attempts, cached }) =>
      `${name} ${status} ${attempts}${cached ? " cached" : ""}`,
  );
}

export function read(...path: string[]): string {
  return readFileSync(join(...path), "utf8");
}
