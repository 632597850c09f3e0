/** sweep.yml and what becomes of its jobs, with the actions of this working tree. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ActRepository, runWorkflow, type WorkflowResult } from "../../lab/act.ts";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import { findAct, findAzurite, needing } from "../../lab/lab.ts";
import { repositorySource, type Source, succeededBefore } from "./repository.ts";
import { downloadResults } from "./results.ts";
import { artifactsOf, byNumber, jobsOf, logOf, outputsOf } from "./told.ts";

const there = findAct() !== null && findAzurite() !== null;
const workflow = ".github/workflows/sweep.yml";
const MINUTE = 60_000;

/** In front of the simulation: kills the action that runs it, once, where `marker` is there. */
const killer = (marker: string) => `
import { existsSync, readFileSync, rmSync } from "node:fs";
for (let pid = process.ppid; pid > 1 && existsSync(${JSON.stringify(marker)}); ) {
  if (!process.argv.join(" ").endsWith("--seed 7")) break;
  if (readFileSync("/proc/" + pid + "/cmdline", "utf8").includes("dist/actions/run.js")) {
    rmSync(${JSON.stringify(marker)});
    process.kill(pid, "SIGKILL");
  }
  pid = Number(/^PPid:\\s*(\\d+)/m.exec(readFileSync("/proc/" + pid + "/status", "utf8"))?.[1]);
}
`;

const matrixSchema = z.object({ include: z.array(z.looseObject({ shard: z.number() })) });

describe.skipIf(!there)(needing("act and azurite", "sweep.yml"), () => {
  let github: GitHub;
  let source: Source;
  let scratch: string;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "sim-pipeline-sweep-"));
    github = await startGitHub();
    source = await repositorySource();
  });
  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    await github?.[Symbol.asyncDispose]();
    rmSync(scratch, { recursive: true });
  });

  /** Starts sweep.yml by hand, without Docker. */
  const dispatch = (
    repository: ActRepository,
    inputs: Readonly<Record<string, string>>,
    { on = github, secrets = {} }: { on?: GitHub; secrets?: Readonly<Record<string, string>> } = {},
  ) =>
    runWorkflow({
      secrets,
      github: on,
      repository,
      workflow,
      actions: { "org/sim-pipeline@v1": repository.path },
      run: { event: "workflow_dispatch" },
      inputs: {
        sweep: "sims/monte-carlo-pi/sweep.yaml",
        engine: "process",
        runner: '["ubuntu-24.04"]',
        ...inputs,
      },
    });

  it("runs the sweep in three kinds of jobs and leaves one artifact and a summary", {
    timeout: 3 * MINUTE,
  }, async () => {
    await using repository = await source.checkout();
    const param = '["iterations=100,1000", "seed=1-3"]';
    const ended = await dispatch(repository, { param, shards: "3" });
    expect(jobsOf(ended), logOf(ended)).toEqual([
      "plan success",
      ...["run success", "run success", "run success"],
      "collect success",
    ]);
    expect(artifactsOf(github, ended)).toEqual([
      ...["monte-carlo-pi-0-1", "monte-carlo-pi-1-1", "monte-carlo-pi-2-1"],
      ...["monte-carlo-pi-plan", "monte-carlo-pi-results"],
    ]);
    await using found = await downloadResults(github, ended.run, "monte-carlo-pi-results");
    expect(found.rows.map(({ name, status }) => `${name} ${status}`)).toEqual(
      [1000, 100].flatMap((n) => [1, 2, 3].map((seed) => `n${n}-s0${seed} succeeded`)).toSorted(),
    );
    expect(found.columns).toContain("estimate");
    expect(existsSync(join(found.folder, "points/n1000-s02/points.png"))).toBe(true);
    expect(existsSync(join(found.folder, "run.db"))).toBe(true);
    const [summary, ...more] = ended.jobs.find(({ id }) => id === "collect")?.summaries ?? [];
    expect(more).toEqual([]);
    expect(summary).toMatch(/succeeded/);
    expect(outputsOf(ended, "collect", "collect")).toMatchObject({
      ...{ points: "6", succeeded: "6", failed: "0" },
    });
  });

  it("completes a shard of eight that was killed, by a re-run of this one job", {
    timeout: 5 * MINUTE,
  }, async () => {
    const marker = join(scratch, "kill");
    writeFileSync(marker, "");
    await using repository = await source.checkout({
      "sims/monte-carlo-pi/main.ts": (text) => killer(marker) + text,
    });
    const inputs = { param: '["iterations=100", "seed=1-16"]', shards: "8" };
    const first = await dispatch(repository, inputs);
    // act gives all jobs of a matrix the one result, so the failed one is told by its step.
    const failed = first.jobs.filter(({ id, log }) => id === "run" && log.includes("❌"));
    expect(
      failed.map(({ matrix }) => matrix),
      logOf(first),
    ).toMatchObject([{ shard: 3 }]);
    expect(jobsOf(first).filter((job) => job.startsWith("collect"))).toEqual(["collect failure"]);
    // Its post step has uploaded what there was.
    const left = artifactsOf(github, first);
    expect(left).toEqual([
      ...Array.from({ length: 8 }, (_, shard) => `monte-carlo-pi-${shard}-1`),
      ...["monte-carlo-pi-plan", "monte-carlo-pi-results"],
    ]);
    expect(first.jobs.find(({ id }) => id === "collect")?.log).toMatch(/n100-s07/);

    const { matrix = "", plan = "", shards = "" } = outputsOf(first, "plan", "plan");
    const include = matrixSchema
      .parse(JSON.parse(matrix))
      .include.filter(({ shard }) => shard === 3);
    const outputs = { matrix: JSON.stringify({ include }), plan, shards };
    const path = join(repository.path, workflow);
    // Not committed: GitHub runs the same commit again.
    writeFileSync(path, succeededBefore(readFileSync(path, "utf8"), "plan", "plan", outputs));
    github.rerun(first.run, "failed");
    const second = await dispatch(repository, inputs, {
      on: { ...github, startRun: () => first.run },
    });
    expect(jobsOf(second), logOf(second)).toEqual([
      "plan success",
      "run success",
      "collect success",
    ]);
    expect(second.jobs[1]?.log).toContain("begins with what attempt 1 had finished");
    // Both attempts are the one run; the name of the results is free again in the second one.
    expect(artifactsOf(github, second)).toEqual(
      [...left, "monte-carlo-pi-3-2", "monte-carlo-pi-results"].toSorted(byNumber),
    );
    await using found = await downloadResults(github, second.run, "monte-carlo-pi-results");
    expect(found.rows.map(({ seed, status }) => `${seed} ${status}`).toSorted()).toEqual(
      Array.from({ length: 16 }, (_, i) => `${i + 1} succeeded`).toSorted(),
    );
  });

  it("runs twice at once, and each run has its own artifacts and results", {
    timeout: 5 * MINUTE,
  }, async () => {
    await using repository = await source.checkout();
    const seeds = ["1-2", "11-12"];
    const both = await Promise.all(
      seeds.map((seed) =>
        dispatch(repository, { param: `["iterations=100", "seed=${seed}"]`, shards: "2" }),
      ),
    );
    const rowsOf = async (ended: WorkflowResult) => {
      expect(jobsOf(ended).toSorted(), logOf(ended)).toEqual([
        ...["collect success", "plan success", "run success", "run success"],
      ]);
      expect(artifactsOf(github, ended)).toEqual([
        ...["monte-carlo-pi-0-1", "monte-carlo-pi-1-1"],
        ...["monte-carlo-pi-plan", "monte-carlo-pi-results"],
      ]);
      await using found = await downloadResults(github, ended.run, "monte-carlo-pi-results");
      return found.rows.map(({ name }) => name);
    };
    const [one, two] = both;
    expect(one && (await rowsOf(one))).toEqual(["n100-s01", "n100-s02"]);
    expect(two && (await rowsOf(two))).toEqual(["n100-s11", "n100-s12"]);
  });

  it("resumes from an earlier run, and runs what is missing, be it nothing", {
    timeout: 5 * MINUTE,
  }, async () => {
    await using repository = await source.checkout();
    const inputs = (seed: string) => ({ param: `["iterations=100", "seed=${seed}"]`, shards: "2" });
    const first = await dispatch(repository, inputs("1-2"));
    const resumed = { "resume-from": String(first.run.id) };

    const more = await dispatch(repository, { ...inputs("1-3"), ...resumed, shards: "1" });
    expect(jobsOf(more), logOf(more)).toEqual(["plan success", "run success", "collect success"]);
    expect(outputsOf(more, "run", "2")).toMatchObject({ points: "1", succeeded: "1" });
    await using found = await downloadResults(github, more.run, "monte-carlo-pi-results");
    expect(found.rows.map(({ name, status }) => `${name} ${status}`)).toEqual(
      [1, 2, 3].map((seed) => `n100-s0${seed} succeeded`),
    );

    const none = await dispatch(repository, { ...inputs("1-2"), ...resumed });
    expect(jobsOf(none), logOf(none)).toEqual(["plan success", "run success", "collect success"]);
    expect(outputsOf(none, "run", "2")).toMatchObject({ points: "0" });
    await using same = await downloadResults(github, none.run, "monte-carlo-pi-results");
    expect(same.rows).toHaveLength(2);
  });

  it("hands secrets on to the shards alone, and no log shows them", {
    timeout: 3 * MINUTE,
  }, async () => {
    await using repository = await source.checkout();
    const inputs = { param: '["iterations=100", "seed=1"]', set: "secrets=[LICENSE_KEY]" };
    const without = await dispatch(repository, inputs);
    expect(jobsOf(without), logOf(without)).toEqual([
      ...["plan success", "run failure", "collect failure"],
    ]);
    expect(without.jobs[1]?.log).toContain("LICENSE_KEY");

    const secrets = { SWEEP_SECRETS: "LICENSE_KEY=for 3 $seats = many" };
    const ended = await dispatch(repository, inputs, { secrets });
    expect(jobsOf(ended), logOf(ended)).toEqual(["plan success", "run success", "collect success"]);
    expect(logOf(ended)).not.toContain("seats");
  });
});
