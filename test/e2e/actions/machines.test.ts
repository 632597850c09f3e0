/** Machines that run a workflow's jobs: rented, used and given back, whatever happens in between. */

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RealDroplets, realDroplets } from "../../lab/digitalocean/droplets.ts";
import { type DigitalOcean, startDigitalOcean } from "../../lab/digitalocean/server.ts";
import { type Flaws, type RunnerPackage, serveRunner } from "../../lab/github/runner-release.ts";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import type { Run } from "../../lab/github/state.ts";
import { findAzurite, findDroplets, needing } from "../../lab/lab.ts";
import { bundles, type EndedStep, type Job, type Step, startStep } from "./step.ts";

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

  /** Starts a step of a job of its own, on a computer that knows nothing of the one before. */
  const start = (
    api: DigitalOcean,
    run: Run,
    inputs: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Step> => {
    const job: Job = { github, run, workspace, bundles: built.folder };
    const given = { "runner-token": admin, ...inputs };
    return startStep(job, "machines", given, { ...api.env, ...runner.env, ...env });
  };
  const machines = async (...given: Parameters<typeof start>): Promise<EndedStep> =>
    await (await start(...given)).ended;
  /** The runners of a workflow run that are registered. */
  const registered = (run: Run) =>
    github
      .runners()
      .filter(({ name, removed }) => name.startsWith(`sim-${run.id}-`) && !removed)
      .map(({ name }) => name);
  const one = { command: "up", size: "c-2", deadline: "1h" };

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

  it.each<[string, NodeJS.Signals, string, number | null]>([
    ["SIGINT while it waits for an address", "SIGINT", "waiting for sim-", 130],
    ["SIGINT while machines set themselves up", "SIGINT", "is setting itself up", 130],
    ["SIGTERM while the runner is installed", "SIGTERM", "installing GitHub's runner", 143],
    ["SIGKILL after the create call", "SIGKILL", "waiting for sim-", null],
    ["SIGKILL once machines are ready", "SIGKILL", "installing GitHub's runner", null],
  ])("leaves nothing after %s", { timeout: MINUTE }, async (_, signal, when, code) => {
    await using real = await realApi();
    const { api } = real;
    const run = github.startRun();
    const step = await start(api, run, { ...one, count: "2" });
    await step.saw(when);
    step.child.kill(signal);
    const main = await step.ended;
    expect(main.code, main.log).toBe(code);
    const post = await main.post();
    expect(post.code, post.log).toBe(0);
    expect(api.history()).toHaveLength(2);
    expect(api.droplets()).toEqual([]);
    expect(registered(run)).toEqual([]);
  });

  it("leaves nothing after SIGKILL in the create call", { timeout: MINUTE }, async () => {
    await using api = await startDigitalOcean({ lags: { listed: { calls: 2 } } });
    const held = api.fail({ call: "POST /v2/droplets", how: "hold", when: "after" });
    const run = github.startRun();
    const step = await start(api, run, { ...one, count: "2" });
    await held.met;
    step.child.kill("SIGKILL");
    const main = await step.ended;
    held.release();
    expect(api.droplets()).toHaveLength(2);
    const post = await main.post();
    expect(post.code, post.log).toBe(0);
    expect(api.droplets()).toEqual([]);
    expect(registered(run)).toEqual([]);
  });

  it.each<[string, (run: Run) => Readonly<Record<string, string>>, RegExp]>([
    ["without a token for runners", () => ({ "runner-token": "" }), /"runner-token" is missing/],
    [
      "with a wrong token for runners",
      () => ({ "runner-token": "ghp_wrong" }),
      /the token is wrong or has expired \(401\).*renew the secret/s,
    ],
    [
      "with the job's own token for runners",
      ({ token }) => ({ "runner-token": token }),
      /the token may not \(403\).*GITHUB_TOKEN.*Administration: read and write/s,
    ],
    ["without a size", () => ({ size: "" }), /"size" is missing.*machines sizes/s],
    ["of a size that is not there", () => ({ size: "c-3" }), /no size "c-3".*c-2 \(2 CPUs/s],
    ["beyond what it may cost", () => ({ "max-cost": "0.01" }), /"max-cost" is \$0\.01/],
    ["of no number of machines", () => ({ count: "0" }), /"count" is "0"/],
    [
      "of more runners than a matrix has jobs",
      () => ({ count: "20", "runners-per-machine": "20" }),
      /400 runners/,
    ],
    ["for more than there are", () => ({ "at-least": "2" }), /"at-least" is "2"/],
    ["with a name that no tag holds", () => ({ name: "Größe" }), /"name" is/],
    ["with no time", () => ({ deadline: "soon" }), /"deadline" is "soon"/],
  ])("rents nothing %s", async (_, inputs, message) => {
    await using api = await startDigitalOcean();
    const run = github.startRun();
    const ended = await machines(api, run, { ...one, ...inputs(run) });
    expect(ended.code).toBe(1);
    expect(decodeURIComponent(ended.log.replaceAll("%0A", "\n"))).toMatch(message);
    expect(api.history()).toEqual([]);
    expect(registered(run)).toEqual([]);
    expect((await ended.post()).code).toBe(0);
  });

  it("rents nothing for a stranger's pull request", async () => {
    await using api = await startDigitalOcean();
    const fork = github.addRepository({ owner: "stranger", name: "sims", fork: true });
    const run = github.startRun({ event: "pull_request", headRepository: fork });
    const ended = await machines(api, run, one);
    expect([ended.code, ended.log]).toEqual([1, expect.stringContaining("A stranger's pull")]);
    expect(api.requests).toEqual([]);
  });

  /** A package of the runner that is not as it should be. */
  const flawed = async (flaws: Flaws) => await serveRunner(lab?.host ?? "", flaws);

  it.each<[string, Flaws, RegExp]>([
    [
      "whose runner ends at once",
      { broken: true },
      /does not show its runner sim-\d+-1-1 as online.*Not configured/s,
    ],
    ["that downloads another package", { damaged: () => true }, /its sum is not/],
  ])("gives back a machine %s, and tells why", { timeout: MINUTE }, async (_, flaws, message) => {
    await using real = await realApi();
    await using bad = await flawed(flaws);
    const run = github.startRun();
    const ended = await machines(real.api, run, one, bad.env);
    expect(ended.code).toBe(1);
    expect(ended.log).toMatch(/0 of 1 machines have a runner online/);
    expect(ended.log).toMatch(message);
    expect(ended.log).toContain(real.api.history()[0]?.name);
    expect(real.api.droplets()).toEqual([]);
    expect(registered(run)).toEqual([]);
  });

  it("goes on with the machines that come, where enough do", { timeout: MINUTE }, async () => {
    await using real = await realApi();
    const { api } = real;
    await using bad = await flawed({ damaged: (download) => download === 2 });
    const run = github.startRun();
    const up = await machines(api, run, { ...one, count: "2", "at-least": "1" }, bad.env);
    expect(up.code, up.log).toBe(0);
    const names = api.droplets().map(({ name }) => name);
    expect(up.outputs).toMatchObject({ runners: "1", machines: names.join("\n") });
    expect(names).toHaveLength(1);
    expect(registered(run)).toHaveLength(1);
    expect(up.log).toMatch(/::warning::Given back at once, 1 of the machines/);
    // The next attempt ends what this one left, as after a job that was lost.
    github.rerun(run, "all");
    const again = await machines(api, run, { ...one, "max-cost": "0.01" });
    expect([again.code, api.droplets()]).toEqual([1, []]);
    await machines(api, run, { command: "down" });
    expect(registered(run)).toEqual([]);
  });

  it("keeps runners' configurations to memory, on both sides", { timeout: MINUTE }, async () => {
    await using real = await realApi();
    const { api, droplets } = real;
    const run = github.startRun();
    const up = await machines(api, run, { ...one, "runners-per-machine": "2" });
    const configs = github.runners().filter(({ name }) => registered(run).includes(name));
    expect(configs).toHaveLength(2);
    const [droplet] = api.droplets();
    const host = droplets.named(droplet?.name ?? "");
    const first = configs[0]?.config ?? "";
    // Masked first, and printed nowhere else.
    const printed = up.log.split("\n").filter((line) => !line.startsWith("::add-mask::"));
    expect(up.log).toContain(`::add-mask::${first}`);
    expect(printed.join("\n")).not.toContain(first);
    expect(JSON.stringify([up.outputs, droplet?.userData])).not.toContain(first);
    const found = await host.exec(
      `grep -rlsF ${first} /etc /home /opt /var/log /var/lib/sim-pipeline /tmp || true; stat -f -c %T /run`,
    );
    expect(found).toBe("tmpfs\n");
    // The second one waits, for root's eyes alone.
    const waiting = await host.exec("stat -c '%U %a %n' /run/sim-pipeline-runners/*.jit");
    expect(waiting).toBe("root 600 /run/sim-pipeline-runners/002.jit\n");
    expect(await host.exec("cat /proc/[0-9]*/cmdline")).not.toContain(first);
    await machines(api, run, { command: "down" });
    expect(api.droplets()).toEqual([]);
  });

  it("gives back the machines of its own run and pool alone", async () => {
    await using api = await startDigitalOcean();
    const run = github.startRun();
    const tags = (of: string) =>
      ["lease:abcdefghij", `run:${of}`, "attempt:1", "minutes:60"].map(
        (tag) => `sim-pipeline:${tag}`,
      );
    const none = await machines(api, run, { command: "down" });
    expect([none.code, none.outputs.removed]).toEqual([0, "0"]);
    const hash = createHash("sha256").update("https://github.com/octo-org/sims").digest("hex");
    const own = `gh-${run.id}-${hash.slice(0, 6)}`;
    const names = [own, `${own}-gpu`, `gh-${run.id + 1}-${hash.slice(0, 6)}`];
    for (const [i, name] of names.entries()) {
      api.seed({ name: `sim-abcdefghij-${i}`, owner: "us", tags: ["sim-pipeline", ...tags(name)] });
    }
    api.seed({ name: "web", owner: "us", tags: ["sim-pipeline", ...tags(own)] });
    const downed = await machines(api, run, { command: "down", name: "gpu" });
    expect(downed.outputs.removed, downed.log).toBe("1");
    await machines(api, run, { command: "down" });
    expect(api.droplets().map(({ name }) => name)).toEqual(["sim-abcdefghij-2", "web"]);
  });

  it.each(["down", "reap"])("fails in `%s` where a machine cannot be removed", async (command) => {
    await using api = await startDigitalOcean();
    const run = github.startRun();
    const hash = createHash("sha256").update("https://github.com/octo-org/sims").digest("hex");
    const tags = [
      "lease:abcdefghij",
      `run:gh-${run.id}-${hash.slice(0, 6)}`,
      "attempt:1",
      "minutes:1",
    ];
    api.seed({
      name: "sim-abcdefghij-0",
      owner: "us",
      created: api.clock.now() - 3_600_000,
      tags: ["sim-pipeline", ...tags.map((tag) => `sim-pipeline:${tag}`)],
    });
    api.fail({ call: "DELETE /v2/droplets/*", calls: "all", how: { status: 403 } });
    const ended = await machines(api, run, { command });
    expect([ended.code, ended.log]).toEqual([1, expect.stringMatching(/sim-abcdefghij-0: /)]);
    expect(ended.log).toContain("costing money");
  });

  it("warns where no reaper runs, and not where one does", async () => {
    await using api = await startDigitalOcean();
    const repository = github.addRepository({ owner: "octo-org", name: "reaped" });
    const permissions = { administration: "write", metadata: "read" } as const;
    const token = github.token(repository, permissions);
    const inputs = { ...one, "max-cost": "0.01", "runner-token": token };
    const warned = async () => (await machines(api, github.startRun({ repository }), inputs)).log;
    expect(await warned()).toContain(
      "::warning::No reaper: octo-org/reaped has no workflow reap.yml",
    );
    const reaping = github.startRun({ repository, workflow: ".github/workflows/reap.yml" });
    github.finish(reaping, "failure");
    expect(await warned()).toContain("the workflow reap.yml has not succeeded yet");
    github.finish(reaping, "success");
    expect(await warned()).not.toContain("No reaper");
  });
});
