import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setInterval } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import Docker from "dockerode";
import { expect, onTestFinished } from "vitest";
import { stringify } from "yaml";
import { readDatabase } from "../../src/results/database.ts";
import { runFolder } from "../../src/results/folder.ts";

const BIN = fileURLToPath(new URL("../../bin/sim-pipeline.js", import.meta.url));

/** A sweep in a folder of its own, which the test leaves nothing of. */
export interface Workplace {
  readonly folder: string;
  /** The run folder. */
  readonly out: string;
}

/** Writes the sweep; keys that every fault test needs are filled in. */
export function workplace(sweep: Record<string, unknown>, folder?: string): Workplace {
  const home = folder ?? mkdtempSync(join(tmpdir(), "sim-pipeline-fault-"));
  if (folder === undefined) {
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  }
  mkdirSync(join(home, "sweep"));
  const whole = { name: "faults", image: "busybox:stable", command: [], ...sweep };
  writeFileSync(join(home, "sweep/sweep.yaml"), stringify(whole));
  return { folder: home, out: join(home, "out") };
}

export interface Orchestrator {
  readonly child: ChildProcess;
  /** Resolves when it ended: its exit code, or null where a signal ended it. */
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** Starts `sim-pipeline run` on the workplace's sweep, as a process of its own. */
export function start(
  place: Workplace,
  options: { flags?: string[]; host?: string; env?: NodeJS.ProcessEnv } = {},
): Orchestrator {
  const env = { ...(options.env ?? process.env), NO_COLOR: "1" };
  const child = spawn(
    process.execPath,
    [BIN, "run", "sweep/sweep.yaml", "--out", "out", ...(options.flags ?? [])],
    {
      cwd: place.folder,
      env: options.host === undefined ? env : { ...env, DOCKER_HOST: options.host },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code, stderr }));
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return { child, ended };
}

/**
 * Resolves when a file in the workplace holds what is asked for. Asks again and again, because a
 * watch of folders that are just being made misses what is made in them.
 */
export async function written(
  { child, ended }: Orchestrator,
  place: Workplace,
  path: string,
  pattern: RegExp,
): Promise<void> {
  const file = join(place.folder, path);
  for await (const _ of setInterval(20)) {
    if (existsSync(file) && pattern.test(readFileSync(file, "utf8"))) return;
    if (child.exitCode !== null) throw new Error(`it ended before: ${(await ended).stderr}`);
  }
}

/** Runs the sweep to its end. */
export async function finish(place: Workplace, options?: Parameters<typeof start>[1]) {
  return await start(place, options).ended;
}

/** The run's id, the label of everything that it starts. */
export function runOf(place: Workplace): string {
  using database = readDatabase(runFolder(place.out));
  return String(database.prepare("SELECT id FROM run").get()?.id);
}

/** Containers of the run that the daemon still has, in whatever state. */
export async function containersOf(place: Workplace, socketPath: string): Promise<string[]> {
  const docker = new Docker({ socketPath });
  const label = `sim-pipeline.run=${runOf(place)}`;
  const found = await docker.listContainers({ all: true, filters: { label: [label] } });
  return found.map(({ Id, State }) => `${Id.slice(0, 12)} ${State}`);
}

/**
 * What must hold at the end of every story: the journal is whole, every point succeeded exactly
 * once, its outputs are there, and nothing lies in staging.
 */
export function expectComplete(place: Workplace, points: number): void {
  using database = readDatabase(runFolder(place.out));
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  const rows = database
    .prepare(
      `SELECT points.name, points.status, count(attempts.id) AS successes FROM points
       LEFT JOIN attempts ON attempts.key = points.key AND attempts.status = 'succeeded'
       GROUP BY points.idx`,
    )
    .all();
  expect(rows).toHaveLength(points);
  expect(rows.filter(({ status, successes }) => status !== "succeeded" || successes !== 1)).toEqual(
    [],
  );
  for (const { name } of rows) {
    const written = readFileSync(join(place.out, "points", String(name), "point"), "utf8");
    expect(written.trim()).toBe(String(name).replace("i=", ""));
  }
  expect(readdirSync(join(place.out, "points"))).toHaveLength(points);
  expect(readdirSync(place.out)).not.toContain("staging");
}
