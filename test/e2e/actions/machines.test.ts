/** Machines that run a workflow's jobs: rented, used and given back, whatever happens in between. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RealDroplets, realDroplets } from "../../lab/digitalocean/droplets.ts";
import { type DigitalOcean, startDigitalOcean } from "../../lab/digitalocean/server.ts";
import { type RunnerPackage, serveRunner } from "../../lab/github/runner-release.ts";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import type { Run } from "../../lab/github/state.ts";
import { findAzurite, findDroplets, needing } from "../../lab/lab.ts";
import { bundles, type EndedStep, type Job, runStep } from "./step.ts";

const lab = findDroplets();
const there = lab !== null && findAzurite() !== null;
const MINUTE = 60_000;

describe.skipIf(!there)(needing("the lab's droplets and azurite", "the machines action"), () => {
  let github: GitHub;
  let built: Awaited<ReturnType<typeof bundles>>;
  let runner: RunnerPackage;
  let admin: string;
  let workspace: string;
  beforeAll(async () => {
    const host = lab?.host ?? "";
    workspace = mkdtempSync(join(tmpdir(), "sim-pipeline-machines-"));
    github = await startGitHub({ runnersReach: host });
    runner = await serveRunner(host);
    admin = github.token(github.repository, { administration: "write", metadata: "read" });
    built = await bundles();
  }, MINUTE);
  afterAll(async () => {
    built?.[Symbol.dispose]();
    await runner?.[Symbol.asyncDispose]();
    await github?.[Symbol.asyncDispose]();
    rmSync(workspace, { recursive: true, force: true });
  });

  /** A step of a job of its own, on a computer that knows nothing of the one before. */
  const machines = (
    api: DigitalOcean,
    run: Run,
    inputs: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<EndedStep> => {
    const job: Job = { github, run, workspace, bundles: built.folder };
    const given = { "runner-token": admin, ...inputs };
    return runStep(job, "machines", given, { ...api.env, ...runner.env, ...env });
  };

  /** The stand-in for DigitalOcean, whose droplets are hosts. */
  async function realApi(): Promise<
    { api: DigitalOcean; droplets: RealDroplets } & AsyncDisposable
  > {
    if (lab === null) throw new Error("no droplets");
    const droplets = realDroplets(lab);
    const api = await startDigitalOcean({ boot: droplets.boot });
    return { api, droplets, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
  }

  it("rents machines whose runners take one job each, one after the other, and gives them back", {
    timeout: 3 * MINUTE,
  }, async () => {
    await using real = await realApi();
    const { api, droplets } = real;
    const run = github.startRun();
    const raised = await machines(api, run, {
      command: "up",
      size: "c-2",
      count: "2",
      "runners-per-machine": "2",
    });
    expect(raised.code, raised.log).toBe(0);
    const label = `sim-${run.id}-1`;
    const names = api.droplets().map(({ name }) => name);
    expect(raised.outputs).toEqual({ label, runners: "4", machines: names.join("\n") });
    expect((await raised.post()).code).toBe(0);
    expect(api.droplets()).toHaveLength(2);

    // Each job tells who it is, and finds Docker.
    const jobs = ["a", "b", "c", "d"].map((name) =>
      github.queueJob(name, label, "test $(id -un) = runner && docker info && ! sudo -n true"),
    );
    const takers = await Promise.all(jobs.map(async ({ taken }) => (await taken).name));
    expect(takers.toSorted()).toEqual([1, 2, 3, 4].map((i) => `${label}-${i}`));
    expect(await Promise.all(jobs.map(({ ended }) => ended))).toEqual(Array(4).fill("Succeeded"));

    const left = await droplets.named(names[0] ?? "").exec("ls /run/sim-pipeline-runners");
    expect(left.split("\n")).not.toContainEqual(expect.stringMatching(/\.jit$/));

    const downed = await machines(api, run, { command: "down" });
    expect(downed.code, downed.log).toBe(0);
    expect(downed.outputs).toMatchObject({ removed: "2", cost: expect.stringMatching(/^\$0\.0/) });
    expect(api.droplets()).toEqual([]);
    const again = await machines(api, run, { command: "down" });
    expect(again.outputs).toMatchObject({ removed: "0" });
  });
});
