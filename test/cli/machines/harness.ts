/** The commands about machines, run in this process against a stand-in for DigitalOcean. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "@commander-js/extra-typings";
import { vi } from "vitest";
import { makeProgram } from "../../../src/cli/program.ts";
import { thisHolder } from "../../../src/machines/holder.ts";
import { machineName, newLeaseId } from "../../../src/machines/names.ts";
import { openProvider } from "../../../src/machines/providers.ts";
import { type LeaseRecord, newRecord, tagsOf } from "../../../src/machines/record.ts";
import { openStore } from "../../../src/machines/store.ts";
import { ReportedError } from "../../../src/sweep/errors.ts";
import {
  type DigitalOcean,
  type Options,
  startDigitalOcean,
} from "../../lab/digitalocean/server.ts";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as `start` does, and takes what it prints. */
export async function cli(...args: string[]): Promise<Ended> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk, ...rest) => {
      written[name] += String(chunk);
      for (const callback of rest) if (typeof callback === "function") callback();
      return true;
    }),
  );
  const before = process.exitCode;
  try {
    const program = await makeProgram(args);
    await program.parseAsync(args, { from: "user" });
    return { code: Number(process.exitCode), ...written };
  } catch (error) {
    if (error instanceof CommanderError) {
      return { code: error.exitCode === 0 ? 0 : 2, ...written };
    }
    if (!(error instanceof ReportedError)) throw error;
    return { code: error.exitCode, ...written, stderr: `${written.stderr}${error.message}\n` };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

export interface Lab extends AsyncDisposable {
  readonly api: DigitalOcean;
  readonly state: string;
  /** What is recorded. */
  records(): Promise<readonly LeaseRecord[]>;
  /** Records a lease whose machines are there, as a process of before has left it. */
  lease(change?: Partial<LeaseRecord>): Promise<LeaseRecord>;
  /** The same on another computer: nothing of it is recorded here. */
  elsewhere(change?: Partial<LeaseRecord>): Promise<LeaseRecord>;
}

/** Held by a process that is no more. */
export const DEAD = { ...thisHolder(), started: "1" };
export const ALIVE = thisHolder();

/** An account at DigitalOcean whose token is set, and a computer that has rented nothing yet. */
export async function startLab(options: Options = {}): Promise<Lab> {
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-machines-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const state = join(folder, "state");
  let time = Date.parse("2026-11-21T12:00:00Z");
  // It stands still, so that ages and costs are known.
  const clock = {
    now: () => time,
    advance: (milliseconds: number) => {
      time += milliseconds;
    },
  };
  const api = cleanup.use(await startDigitalOcean({ clock, ...options }));
  cleanup.defer(() => void vi.unstubAllEnvs());
  for (const name of ["HOME", "XDG_CONFIG_HOME"]) vi.stubEnv(name, folder);
  for (const name of ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "SIM_PIPELINE_HOSTS"])
    vi.stubEnv(name, "");
  for (const name of ["AWS_WEB_IDENTITY_TOKEN_FILE", "DIGITALOCEAN_ACCESS_TOKEN"])
    vi.stubEnv(name, "");
  vi.stubEnv("SIM_PIPELINE_STATE", state);
  for (const [name, value] of Object.entries(api.env)) vi.stubEnv(name, value);

  const seed = async (change: Partial<LeaseRecord> = {}): Promise<LeaseRecord> => {
    await using provider = await openProvider("digitalocean", process.env);
    const signal = new AbortController().signal;
    const account = (await provider.account?.(signal)) ?? null;
    const created = clock.now() - 30 * 60_000;
    const record: LeaseRecord = {
      ...newRecord({
        id: newLeaseId(),
        provider: "digitalocean",
        account,
        run: change.label ?? "raytracer",
        attempt: 1,
        minutes: 480,
        label: null,
        size: "c-2",
        region: "fra1",
        count: 1,
        holder: null,
      }),
      state: "ready",
      ...change,
    };
    const names = Array.from({ length: record.count }, (_, index) => machineName(record, index));
    const tags = Object.entries(tagsOf(record)).map(
      ([key, value]) => `sim-pipeline:${key}:${value}`,
    );
    const droplets = names.map((name) =>
      api.seed({ name, tags: ["sim-pipeline", ...tags], size: "c-2", owner: "us", created }),
    );
    return {
      ...record,
      calls: [{ names, called: created, end: "done" }],
      machines: droplets.map(({ id, name, address, privateAddress }) => ({
        id: String(id),
        name,
        size: "c-2",
        region: "fra1",
        address,
        privateAddress,
        port: 22,
        created,
        pricePerHour: 0.0625,
        seen: true,
        gone: null,
        failed: null,
      })),
    };
  };
  const owned = cleanup.move();
  return {
    api,
    state,
    records: async () => (await (await openStore(state)).list()).records,
    lease: async (change = {}) => {
      const record = await seed(change);
      await (await openStore(state)).create(record);
      return record;
    },
    elsewhere: (change) => seed(change),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
