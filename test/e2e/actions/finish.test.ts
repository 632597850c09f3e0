/** A sweep with finish steps, in one step and over shards. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import { findAzurite, needing } from "../../lab/lab.ts";
import { bundles, type EndedStep, type Job, runStep } from "./step.ts";
import { workspace } from "./workspace.ts";

const MINUTE = 60_000;
const SIMULATION = `echo "$1" > "$SIM_OUTPUT/point"`;
const command = (script: string) => ({
  finish: [{ command: { entrypoint: ["sh", "-c"], command: [script] } }],
});
const COUNTS = command("cat {{ input }}/points/*/point > {{ output }}/all.txt");
const FAILS = command("echo cannot; exit 4");

describe.skipIf(findAzurite() === null)(needing("azurite", "finish steps in actions"), () => {
  let github: GitHub;
  let built: Awaited<ReturnType<typeof bundles>>;
  beforeAll(async () => {
    github = await startGitHub();
    built = await bundles();
  }, MINUTE);
  afterAll(async () => {
    built?.[Symbol.dispose]();
    await github?.[Symbol.asyncDispose]();
  });

  /** The last step of a sweep of two shards. */
  async function collected(sweep: Record<string, unknown>): Promise<EndedStep> {
    const folder = workspace(SIMULATION, sweep).folder;
    const job: Job = { github, run: github.startRun(), workspace: folder, bundles: built.folder };
    const engine = "process";
    const plan = await runStep(job, "plan", { sweep: "sweeps/sweep.yaml", engine, shards: "2" });
    expect(plan.code, plan.log).toBe(0);
    const inputs = { plan: plan.outputs.plan ?? "", engine };
    for (const shard of ["0", "1"]) {
      const ran = await runStep(job, "run", { ...inputs, shard });
      expect(ran.code, ran.log).toBe(0);
    }
    return await runStep(job, "collect", inputs);
  }

  it("run in collect, over the points of all shards", { timeout: MINUTE }, async () => {
    const done = await collected(COUNTS);
    expect(done.code, done.log).toBe(0);
    expect(existsSync(join(done.outputs.folder ?? "", "finish/all.txt"))).toBe(true);
    expect(existsSync(join(done.outputs.folder ?? "", "report.html"))).toBe(true);
  });

  it("that fail, fail the step, and the points are uploaded", { timeout: MINUTE }, async () => {
    const done = await collected(FAILS);
    expect(done.code).toBe(1);
    expect(done.log).toMatch(/::error::Finish step 1, command.*exit code 4/i);
    expect(done.outputs).toMatchObject({ succeeded: "6", failed: "0", missing: "0" });
    expect(done.outputs["artifact-id"]).toMatch(/^\d+$/);
  });

  it("run in the whole sweep's one step", { timeout: MINUTE }, async () => {
    const folder = workspace(SIMULATION, COUNTS).folder;
    const job: Job = { github, run: github.startRun(), workspace: folder, bundles: built.folder };
    const done = await runStep(job, "", { sweep: "sweeps/sweep.yaml", engine: "process" });
    expect(done.code, done.log).toBe(0);
    expect(existsSync(join(done.outputs.folder ?? "", "finish/all.txt"))).toBe(true);
  });
});
