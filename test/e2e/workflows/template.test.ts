/** What `init --github` writes, in a repository of a user's own, with the actions of this one. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ActRepository, actRepository, runWorkflow } from "../../lab/act.ts";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import {
  findAct,
  findAzurite,
  findBuildx,
  findDocker,
  findRegistry,
  needing,
} from "../../lab/lab.ts";
import { type Images, useImages } from "./images.ts";
import { repositorySource, type Source } from "./repository.ts";
import { downloadResults } from "./results.ts";
import { jobsOf, logOf } from "./told.ts";

const bin = join(import.meta.dirname, "../../../bin/sim-pipeline.js");
const registry = await findRegistry();
const docker = await findDocker();
const buildx = findBuildx();
const there = registry && docker && buildx && findAct() && findAzurite();
const parts = "act, azurite, Docker, buildx and a registry";
const MINUTE = 60_000;

/** act tells no end of a job that calls another repository's workflow, only of the jobs in there. */
const CALLER = "sweep null";

describe.skipIf(!there)(needing(parts, "a user's repository"), () => {
  if (registry === null || docker === null || buildx === null) return;
  let github: GitHub;
  let source: Source;
  let released: ActRepository;
  let folder: string;
  let lab: Images;

  beforeAll(async () => {
    github = await startGitHub();
    source = await repositorySource();
    released = await source.checkout();
  });
  afterAll(async () => {
    await released?.[Symbol.asyncDispose]();
    await source?.[Symbol.asyncDispose]();
    await github?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    lab = useImages({ registry, docker, buildx });
    folder = mkdtempSync(join(tmpdir(), "sim-pipeline-user-"));
    spawnSync("git", ["init", "--quiet", folder]);
    const init = spawnSync(process.execPath, [bin, "init", "--github", "walk"], { cwd: folder });
    expect(init.status).toBe(0);
  });
  afterEach(() => {
    lab[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  function edit(file: string, change: (text: string) => string): void {
    const path = join(folder, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }

  it("builds, tests and sweeps what `init --github` wrote", { timeout: 5 * MINUTE }, async () => {
    edit(".github/workflows/build-walk.yml", (text) =>
      text.replace("context: walk\n", `$&          image: ${lab.prefix}/walk\n`),
    );
    await using repository = await actRepository(folder);
    const ended = await runWorkflow({
      github,
      repository,
      workflow: ".github/workflows/sweep-walk.yml",
      actions: { "org/sim-pipeline@v1": released.path },
      run: { event: "workflow_dispatch" },
      inputs: { param: "steps=10,100", shards: "2" },
      env: lab.env,
    });
    expect(jobsOf(ended), logOf(ended)).toEqual([
      ...["build success", CALLER, "plan success", "run success", "run success", "collect success"],
    ]);
    expect(ended.jobs[0]?.log).toContain("node --test");
    expect(await lab.tagsOf("walk")).toContain("latest");
    await using found = await downloadResults(github, ended.run, "walk-results");
    expect(found.rows).toHaveLength(10);
    expect(found.columns).toContain("distance");
  });

  it("calls sweep.yml in eight lines", { timeout: 3 * MINUTE }, async () => {
    const documented = readFileSync(join(released.path, ".github/workflows/sweep.yml"), "utf8");
    const lines = documented.split("\nname:")[0]?.match(/(?<=^# {3}).*$/gm) ?? [];
    expect(lines).toHaveLength(8);
    const workflow = ".github/workflows/sweep-walk.yml";
    // One line more, since the image is not pushed in here.
    edit(workflow, () =>
      [...lines, "      engine: process\n"].join("\n").replace("sweep.yaml", "walk/sweep.yaml"),
    );
    await using repository = await actRepository(folder);
    const ended = await runWorkflow({
      github,
      repository,
      workflow,
      actions: { "org/sim-pipeline@v1": released.path },
      run: { event: "workflow_dispatch" },
    });
    expect(jobsOf(ended), logOf(ended)).toEqual([
      ...[CALLER, "plan success"],
      ...Array.from({ length: 15 }, () => "run success"),
      "collect success",
    ]);
    await using found = await downloadResults(github, ended.run, "walk-results");
    expect(found.rows).toHaveLength(15);
  });
});
