/** sweep-on-machines.yml and reap.yml, with the actions of this working tree and machines of the lab. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ActRepository, runWorkflow } from "../../lab/act.ts";
import { realDroplets } from "../../lab/digitalocean/droplets.ts";
import { type DigitalOcean, startDigitalOcean } from "../../lab/digitalocean/server.ts";
import { type RunnerPackage, serveRunner } from "../../lab/github/runner-release.ts";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import { findAct, findAzurite, findDroplets, needing } from "../../lab/lab.ts";
import { repositorySource, type Source } from "./repository.ts";
import { downloadResults } from "./results.ts";
import { jobsOf, logOf, outputsOf } from "./told.ts";

const lab = findDroplets();
const there = lab !== null && findAct() !== null && findAzurite() !== null;
const MINUTE = 60_000;
const workflow = ".github/workflows/sweep-on-machines.yml";

/**
 * act runs all jobs on this machine, whatever their label: each takes one of the stand-in's runners
 * first, as GitHub gives it one.
 */
const claim = `
      - run: |
          curl -fsS --max-time 60 "$GITHUB_API_URL/_runner/claim" \\
            --data '{"label": "\${{ needs.up.outputs.label }}", "job": "\${{ matrix.shard }}"}'
      - name: hand on the sweep's secrets`;
const claiming = (text: string) =>
  text.replace("\n      - name: hand on the sweep's secrets", claim);

describe.skipIf(!there)(needing("act, azurite and droplets", "sweep-on-machines.yml"), () => {
  let github: GitHub;
  let source: Source;
  let runner: RunnerPackage;
  let admin: string;
  beforeAll(async () => {
    const host = lab?.host ?? "";
    github = await startGitHub({ runnersReach: host });
    runner = await serveRunner(host);
    admin = github.token(github.repository, { administration: "write", metadata: "read" });
    source = await repositorySource();
  }, MINUTE);
  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    await runner?.[Symbol.asyncDispose]();
    await github?.[Symbol.asyncDispose]();
  });

  const realApi = () => {
    if (lab === null) throw new Error("no droplets");
    return startDigitalOcean({ boot: realDroplets(lab).boot });
  };
  const dispatch = (
    repository: ActRepository,
    api: DigitalOcean,
    inputs: Readonly<Record<string, string>>,
    file = workflow,
  ) =>
    runWorkflow({
      ...{ github, repository, workflow: file, inputs },
      actions: { "org/sim-pipeline@v1": repository.path },
      run: { event: "workflow_dispatch" },
      labels: (run) => [`sim-${run.id}-1`],
      env: { DIGITALOCEAN_API_URL: api.url, ...runner.env },
      secrets: { DIGITALOCEAN_TOKEN: api.token, RUNNER_TOKEN: admin },
    });
  const sweep = {
    sweep: "sims/monte-carlo-pi/sweep.yaml",
    engine: "process",
    param: '["iterations=100,1000", "seed=1-3"]',
    ...{ provider: "digitalocean", size: "c-2", deadline: "1h", "max-cost": "1" },
  };

  it("runs a sweep on a pool of three machines and leaves nothing but its results", {
    timeout: 5 * MINUTE,
  }, async () => {
    await using api = await realApi();
    await using repository = await source.checkout({ [workflow]: claiming });
    const ended = await dispatch(repository, api, { ...sweep, count: "3" });
    expect(jobsOf(ended).toSorted(), logOf(ended)).toEqual([
      ...["collect success", "down success", "plan success"],
      ...["run success", "run success", "run success", "up success"],
    ]);
    expect(outputsOf(ended, "up", "up")).toMatchObject({
      label: `sim-${ended.run.id}-1`,
      runners: "3",
    });
    expect(outputsOf(ended, "down", "down")).toMatchObject({ removed: "3" });

    // Each job had a machine's runner, and that runner no other job.
    const runners = github.runners();
    expect(runners.map(({ job }) => job).toSorted()).toEqual(["0", "1", "2"]);
    expect(runners.every(({ removed }) => removed)).toBe(true);
    expect(api.droplets()).toEqual([]);
    expect(api.history()).toHaveLength(3);

    await using found = await downloadResults(github, ended.run, "monte-carlo-pi-results");
    expect(found.rows.map(({ status }) => status)).toEqual(Array(6).fill("succeeded"));
    expect(existsSync(join(found.folder, "run.db"))).toBe(true);

    const log = logOf(ended);
    for (const secret of [api.token, admin, ...runners.map(({ config }) => config)]) {
      expect(log).not.toContain(secret);
    }
  });

  it("gives the machines back where the sweep is wrong", { timeout: 3 * MINUTE }, async () => {
    await using api = await realApi();
    await using repository = await source.checkout();
    const ended = await dispatch(repository, api, { ...sweep, set: "timout=5m", count: "1" });
    expect(jobsOf(ended).toSorted(), logOf(ended)).toEqual([
      "down success",
      "plan failure",
      "up success",
    ]);
    expect(api.history()).toHaveLength(1);
    expect(api.droplets()).toEqual([]);
  });

  it("rents nothing where the pool would cost more than it may", { timeout: MINUTE }, async () => {
    await using api = await startDigitalOcean();
    await using repository = await source.checkout();
    const ended = await dispatch(repository, api, { ...sweep, count: "3", "max-cost": "0.01" });
    expect(jobsOf(ended).toSorted(), logOf(ended)).toEqual(["down success", "up failure"]);
    expect(api.history()).toEqual([]);
  });

  it("reap.yml removes what outlived its deadline, and nothing else", {
    timeout: MINUTE,
  }, async () => {
    await using api = await startDigitalOcean();
    await using repository = await source.checkout();
    const tags = (lease: string) => [
      "sim-pipeline",
      ...[`lease:${lease}`, "run:gh-1-abcdef", "attempt:1", "minutes:60"].map(
        (tag) => `sim-pipeline:${tag}`,
      ),
    ];
    const created = api.clock.now() - 2 * 3_600_000;
    const ours = { owner: "us", created };
    api.seed({ ...ours, name: "sim-abcdefghij-0", tags: tags("abcdefghij") });
    api.seed({
      ...ours,
      name: "sim-bcdefghijk-0",
      tags: tags("bcdefghijk"),
      created: api.clock.now(),
    });
    api.seed({ ...ours, name: "web", tags: tags("cdefghijkl") });
    const ended = await dispatch(repository, api, {}, ".github/workflows/reap.yml");
    expect(jobsOf(ended), logOf(ended)).toEqual(["reap success"]);
    expect(api.droplets().map(({ name }) => name)).toEqual(["sim-bcdefghijk-0", "web"]);
    expect(logOf(ended)).toMatch(/sim-abcdefghij-0 .* was over its deadline and has been removed/);
  });
});
