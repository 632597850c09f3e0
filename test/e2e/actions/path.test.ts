/** plan, run and collect over one workflow run: what goes wrong in between, and what comes of it. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ArtifactStore, artifactStore } from "../../../src/github/artifacts.ts";
import { becomeJob, noJob } from "../../github/job.ts";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import type { Run } from "../../lab/github/state.ts";
import { findAzurite, needing } from "../../lab/lab.ts";
import { downloadResults } from "../workflows/results.ts";
import { bundles, type EndedStep, type Job, runStep } from "./step.ts";
import { type Workspace, workspace } from "./workspace.ts";

/** Writes its point, and notes that it ran. */
const SIMULATION = `
echo "$1" >> "$MARKS/ran"
echo "$1" > "$SIM_OUTPUT/point"
`;
/** The same, but the fourth point fails until it may succeed. */
const FAILING = `${SIMULATION}
if [ "$1" = 4 ] && [ ! -e "$MARKS/go" ]; then echo "no luck today"; exit 3; fi
`;
const MINUTE = 60_000;

describe.skipIf(findAzurite() === null)(needing("azurite", "plan, run and collect"), () => {
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

  const jobOf = (place: Workspace, run: Run = github.startRun()): Job => ({
    github,
    run,
    workspace: place.folder,
    bundles: built.folder,
  });
  const plan = (job: Job, inputs: Record<string, string> = {}) =>
    runStep(job, "plan", { sweep: "sweeps/sweep.yaml", engine: "process", shards: "3", ...inputs });
  const runShard = (job: Job, planned: EndedStep, shard: number) =>
    runStep(job, "run", {
      plan: planned.outputs.plan ?? "",
      shard: String(shard),
      engine: "process",
    });
  const collect = (job: Job, planned: EndedStep, inputs: Record<string, string> = {}) =>
    runStep(job, "collect", { plan: planned.outputs.plan ?? "", ...inputs });
  const shardsOf = (planned: EndedStep): number => Number(planned.outputs.shards);
  /** The points that ran, in order, with those that ran twice twice. */
  const ran = (place: Workspace) =>
    readFileSync(join(place.marks, "ran"), "utf8").trim().split("\n").toSorted();
  const statuses = async (job: Job) => {
    await using results = await downloadResults(github, job.run, "trial-results");
    return results.rows.map(({ name, status }) => `${name} ${status}`);
  };
  const ALL = ["1", "2", "3", "4", "5", "6"];
  const succeeded = ALL.map((i) => `p${i} succeeded`);
  /** Works with the artifacts of a run as a step of it that is not ours would. */
  const asJob = async (job: Job, work: (store: ArtifactStore, folder: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-path-"));
    try {
      await work(artifactStore(becomeJob(await github.env(job.run)), job.run.token), folder);
    } finally {
      noJob();
      rmSync(folder, { recursive: true });
    }
  };
  const errors = ({ log }: EndedStep) =>
    log.split("\n").filter((line) => line.startsWith("::error"));

  it("a failed point fails its job; the re-run of that job runs this point alone", {
    timeout: MINUTE,
  }, async () => {
    const place = workspace(FAILING);
    const job = jobOf(place);
    const planned = await plan(job);
    expect(JSON.parse(planned.outputs.matrix ?? "")).toEqual({
      include: [
        { shard: 0, points: "0-1" },
        { shard: 1, points: "2-3" },
        { shard: 2, points: "4-5" },
      ],
    });
    const first = [];
    for (let shard = 0; shard < shardsOf(planned); shard++)
      first.push(await runShard(job, planned, shard));
    expect(first.map(({ code }) => code)).toEqual([0, 1, 0]);
    expect(errors(first[1] ?? expect.fail())).toEqual([
      expect.stringMatching(/title=p4%3A failed::exit code 3/),
      expect.stringContaining("1 of 2 points did not succeed: 1 failed."),
    ]);
    const early = await collect(job, planned);
    expect(early.code).toBe(1);
    expect(early.outputs).toMatchObject({ succeeded: "5", failed: "1", missing: "0", points: "6" });
    expect(early.summary).toContain("no luck today");

    place.mark("go");
    github.rerun(job.run, "failed");
    expect((await runShard(job, planned, 1)).code).toBe(0);
    const collected = await collect(job, planned);
    expect(collected.code, collected.log).toBe(0);
    expect(ran(place)).toEqual([...ALL, "4"].toSorted());
    expect(collected.outputs).toMatchObject({ succeeded: "6", failed: "0", missing: "0" });
  });

  it("a new run resumes from an earlier one: only what is missing runs, also of other shards", {
    timeout: MINUTE,
  }, async () => {
    const place = workspace(FAILING);
    const old = jobOf(place);
    const before = await plan(old);
    for (let shard = 0; shard < 3; shard++) await runShard(old, before, shard);
    github.finish(old.run, "failure");
    place.mark("go");

    const job = jobOf(place);
    const planned = await plan(job, { "resume-from": String(old.run.id), shards: "2" });
    expect(planned.code, planned.log).toBe(0);
    expect(JSON.parse(planned.outputs.matrix ?? "")).toEqual({
      include: [{ shard: 0, points: "3" }],
    });
    expect(planned.log).toContain(`::notice::5 of 6 points are taken over from run ${old.run.id}.`);
    expect((await runShard(job, planned, 0)).code).toBe(0);
    const collected = await collect(job, planned);
    expect(collected.code, collected.log).toBe(0);
    expect(ran(place)).toEqual([...ALL, "4"].toSorted());
    expect(await statuses(job)).toEqual(succeeded);
    github.finish(job.run, "success");

    const others = await plan(jobOf(place), {
      "resume-from": String(old.run.id),
      param: "i=7-9",
    });
    expect(JSON.parse(others.outputs.matrix ?? "").include).toHaveLength(3);
    expect(others.log).toMatch(/::warning title=Nothing to resume from::.*any of the 3 points/);

    // And once more, from the whole results, with nothing left to run.
    const last = jobOf(place);
    const nothing = await plan(last, { "resume-from": String(job.run.id), shards: "2" });
    expect(JSON.parse(nothing.outputs.matrix ?? "")).toEqual({
      include: [{ shard: 0, points: "none" }],
    });
    expect((await runShard(last, nothing, 0)).code).toBe(0);
    const again = await collect(last, nothing);
    expect(again.code, again.log).toBe(0);
    expect(await statuses(last)).toEqual(succeeded);
    expect(ran(place)).toEqual([...ALL, "4"].toSorted());
  });

  it("a lost shard is missing by name, and the rest is there", { timeout: MINUTE }, async () => {
    const place = workspace(SIMULATION);
    const job = jobOf(place);
    const planned = await plan(job);
    await runShard(job, planned, 0);
    await runShard(job, planned, 2);
    const collected = await collect(job, planned);
    expect(collected.code).toBe(1);
    expect(collected.outputs).toMatchObject({ points: "6", succeeded: "4", missing: "2" });
    expect(errors(collected)[0]).toMatch(/Shard 1 lacks 2 points.*p3, p4/);
    expect(collected.summary).toMatch(/p3[\s\S]*p4/);
    expect(await statuses(job)).toEqual(
      ["1", "2", "3", "4", "5", "6"].map((i) =>
        ["3", "4"].includes(i) ? `p${i} pending` : `p${i} succeeded`,
      ),
    );
  });

  it("a shard that was uploaded twice counts once", { timeout: MINUTE }, async () => {
    const place = workspace(SIMULATION);
    const job = jobOf(place);
    const planned = await plan(job, { shards: "1" });
    await runShard(job, planned, 0);
    await runShard(job, planned, 0);
    expect(github.artifacts(job.run).map(({ name }) => name)).toEqual([
      ...["trial-plan", "trial-0-1", "trial-0-1-2"],
    ]);
    expect((await collect(job, planned)).code).toBe(0);
    expect(await statuses(job)).toEqual(succeeded);
  });

  it("a damaged shard is named, the attempt before it counts, and a re-run begins with that", {
    timeout: MINUTE,
  }, async () => {
    const place = workspace(FAILING);
    const job = jobOf(place);
    const planned = await plan(job, { shards: "2" });
    await runShard(job, planned, 0);
    await runShard(job, planned, 1);
    // It says of itself that it is the complete second attempt, and its end is missing.
    await asJob(job, async (store, folder) => {
      const good = (await store.list()).find(({ name }) => name === "trial-1-1");
      await store.download(good ?? expect.fail(), join(folder, "good"));
      const tar = join(folder, "shard.tar");
      writeFileSync(tar, readFileSync(join(folder, "good/shard.tar")).subarray(0, 4096));
      await store.upload("trial-1-2", [tar], folder, { retentionDays: null });
    });
    const collected = await collect(job, planned);
    expect(collected.outputs).toMatchObject({ succeeded: "5", failed: "1", missing: "0" });
    expect(collected.log).toMatch(/::warning title=Artifacts that are not used::trial-1-2: is cut/);

    place.mark("go");
    github.rerun(job.run, "failed");
    const again = await runShard(job, planned, 1);
    expect(again.code, again.log).toBe(0);
    expect(again.log).toMatch(/trial-1-2 is not used/);
    expect((await collect(job, planned)).code).toBe(0);
    expect(ran(place)).toEqual([...ALL, "4"].toSorted());
  });

  it("an upload that fails twice is there in the end", { timeout: MINUTE }, async () => {
    const place = workspace(SIMULATION);
    const job = jobOf(place);
    const planned = await plan(job, { shards: "1" });
    github.fail("FinalizeArtifact", { calls: [1, 2], failure: { status: 500 } });
    const done = await runShard(job, planned, 0);
    expect(done.code, done.log).toBe(0);
    expect((await collect(job, planned)).code).toBe(0);
    expect(await statuses(job)).toEqual(succeeded);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["a matrix of 10,000 jobs", { shards: "10000" }, /shards: 10000 .* from 1 to 256/],
    [
      "a number of shards that is none",
      { shards: "many" },
      /input "shards" is "many": write a whole/,
    ],
    ["a sweep that is not there", { sweep: "sweeps/none.yaml" }, /none\.yaml.*not/],
    ["an override with a typo", { set: "timeuot=5m" }, /timeout/],
    ["an engine that is none", { engine: "podman" }, /docker, process or auto/],
    ["a run that is not there", { "resume-from": "4711" }, /run 4711/],
  ])(
    "%s is refused before anything is uploaded",
    { timeout: MINUTE },
    async (_what, inputs, says) => {
      const job = jobOf(workspace(SIMULATION));
      const refused = await plan(job, inputs);
      expect(refused.code).toBe(1);
      expect(errors(refused).join("\n")).toMatch(says);
      expect(github.artifacts(job.run)).toEqual([]);
    },
  );

  it("jobs that check out another commit than the event's agree on it", {
    timeout: MINUTE,
  }, async () => {
    const place = workspace(SIMULATION);
    const git = (...words: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...words], {
        cwd: place.folder,
        encoding: "utf8",
      });
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "a sweep");
    const job = jobOf(place);
    const planned = await plan(job, { shards: "1" });
    expect((await runShard(job, planned, 0)).code).toBe(0);

    git("commit", "--quiet", "--allow-empty", "--message", "pushed since then");
    const refused = await runShard(job, planned, 0);
    expect(refused.code).toBe(1);
    expect(errors(refused)[0]).toContain(`is at ${git("rev-parse", "HEAD").trim()}`);
  });

  it.each([
    ["", "trial: 6"],
    ["", "a\\b"],
    ["collect", "results?"],
  ] as const)(
    "%s: an artifact that cannot be called %s is refused before any work",
    { timeout: MINUTE },
    async (action, artifact) => {
      const place = workspace(SIMULATION);
      const inputs =
        action === "" ? { sweep: "sweeps/sweep.yaml", engine: "process" } : { plan: "1" };
      const refused = await runStep(jobOf(place), action, { ...inputs, artifact });
      expect(refused.code).toBe(1);
      expect(errors(refused)[0]).toContain(
        `The input "artifact" is ${JSON.stringify(artifact)}, which is no name for an artifact`,
      );
      expect(existsSync(join(place.marks, "ran"))).toBe(false);
    },
  );

  it.each([
    ["made for containers", "docker", /engine: process/],
    ["that leaves the engine open", "auto", /sweep\.yaml is not there[\s\S]*actions.checkout/],
  ])(
    "processes without their program, of a plan %s, are refused",
    { timeout: MINUTE },
    async (_what, engine, says) => {
      const job = jobOf(workspace(SIMULATION, { image: "127.0.0.1:1/nowhere" }));
      const planned = await plan(job, { engine });
      expect(planned.code, planned.log).toBe(0);
      const elsewhere = { ...job, workspace: join(job.workspace, "sweeps") };
      const refused = await runShard(elsewhere, planned, 0);
      expect(refused.code).toBe(1);
      expect(errors(refused)[0]).toMatch(says);
      expect(github.artifacts(job.run).map(({ name }) => name)).toEqual(["trial-plan"]);
    },
  );

  it("the plan of other files is refused", { timeout: MINUTE }, async () => {
    const place = workspace(SIMULATION);
    const job = jobOf(place);
    const planned = await plan(job);
    const sweep = join(place.folder, "sweeps/sweep.yaml");
    writeFileSync(sweep, `${readFileSync(sweep, "utf8")}# changed\n`);
    const refused = await runShard(job, planned, 0);
    expect(refused.code).toBe(1);
    expect(errors(refused)[0]).toMatch(/sweep\.yaml is not the file that was planned/);
  });

  it("a plan of another run is refused", { timeout: MINUTE }, async () => {
    const place = workspace(SIMULATION);
    const planned = await plan(jobOf(place));
    const refused = await runShard(jobOf(place), planned, 0);
    expect(refused.code).toBe(1);
    expect(errors(refused)[0]).toMatch(/this run has no artifact of that id/);
  });

  it("a whole sweep resumes from a run whose results have a name of their own", {
    timeout: MINUTE,
  }, async () => {
    const place = workspace(FAILING);
    const inputs = { sweep: "sweeps/sweep.yaml", engine: "process", artifact: "by name" };
    const old = jobOf(place);
    expect((await runStep(old, "", inputs)).code).toBe(1);
    github.finish(old.run, "failure");

    place.mark("go");
    const again = await runStep(jobOf(place), "", { ...inputs, "resume-from": String(old.run.id) });
    expect(again.code, again.log).toBe(0);
    expect(ran(place)).toEqual([...ALL, "4"].toSorted());
  });

  it("a whole sweep does not begin where its results could not be uploaded", {
    timeout: MINUTE,
  }, async () => {
    const place = workspace(SIMULATION);
    const inputs = { sweep: "sweeps/sweep.yaml", engine: "process" };
    const refused = await runStep(jobOf(place), "", inputs, {
      GITHUB_SERVER_URL: "https://github.example.com",
    });
    expect(refused.code).toBe(1);
    expect(errors(refused)[0]).toMatch(/GitHub Enterprise Server.*no artifacts of version 4/);
    expect(existsSync(join(place.marks, "ran"))).toBe(false);
  });

  it("a whole sweep whose upload is refused says where its results are, and its end tries again", {
    timeout: MINUTE,
  }, async () => {
    const job = jobOf(workspace(SIMULATION));
    github.fail("CreateArtifact", { failure: { status: 403 } });
    const failed = await runStep(job, "", { sweep: "sweeps/sweep.yaml", engine: "process" });
    expect(failed.code).toBe(1);
    expect(existsSync(join(failed.outputs.folder ?? "", "results.csv"))).toBe(true);
    expect((await failed.post()).code).toBe(0);
    expect(await statuses(job)).toEqual(succeeded);
  });

  it("a whole sweep runs in one step, and a re-run takes over what had succeeded", {
    timeout: MINUTE,
  }, async () => {
    const place = workspace(FAILING);
    const job = jobOf(place);
    const inputs = { sweep: "sweeps/sweep.yaml", engine: "process" };
    const first = await runStep(job, "", inputs);
    expect(first.code).toBe(1);
    expect(first.outputs).toMatchObject({ points: "6", succeeded: "5", failed: "1" });
    expect(first.summary).toContain("no luck today");
    expect(existsSync(join(first.outputs.folder ?? "", "results.csv"))).toBe(true);
    expect((await first.post()).code).toBe(0);

    place.mark("go");
    github.rerun(job.run, "failed");
    const again = await runStep(job, "", inputs);
    expect(again.code, again.log).toBe(0);
    expect(ran(place)).toEqual([...ALL, "4"].toSorted());
    expect(github.artifacts(job.run).map(({ name }) => name)).toEqual([
      ...["trial-results", "trial-results"],
    ]);
  });
});
