/** ci.yml from one push to the results, and what a stranger's pull request gets of it. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runWorkflow } from "../../lab/act.ts";
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
import { onlyJobs, repositorySource, type Source } from "./repository.ts";
import { downloadResults } from "./results.ts";
import { artifactsOf, jobsOf, logOf, outputsOf } from "./told.ts";

const registry = await findRegistry();
const docker = await findDocker();
const buildx = findBuildx();
const there = registry && docker && buildx && findAct() && findAzurite();
const parts = "act, azurite, Docker, buildx and a registry";
const workflow = ".github/workflows/ci.yml";
const MINUTE = 60_000;

describe.skipIf(!there)(needing(parts, "ci.yml"), () => {
  if (registry === null || docker === null || buildx === null) return;
  let github: GitHub;
  let source: Source;
  /** In the place of `ghcr.io/octo-org/sims`. */
  let lab: Images;

  beforeAll(async () => {
    github = await startGitHub();
    source = await repositorySource();
  });
  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    await github?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    lab = useImages({ registry, docker, buildx });
  });
  afterEach(() => lab[Symbol.dispose]());

  const onOurRegistry = (text: string) =>
    text.replaceAll(/ghcr\.io\/\$\{\{ github\.repository \}\}/g, lab.prefix);

  /** The jobs from the build on. */
  const changed = (text: string) =>
    onOurRegistry(onlyJobs(text, "build", "plan", "run", "collect"));

  it("tests, builds, pushes, pulls by digest in twenty jobs and collects, from one push", {
    timeout: 8 * MINUTE,
  }, async () => {
    await using repository = await source.checkout({ [workflow]: changed });
    const ended = await runWorkflow({ github, repository, workflow, env: lab.env });
    expect(jobsOf(ended), logOf(ended)).toEqual([
      ...["build success", "plan success"],
      ...Array.from({ length: 20 }, () => "run success"),
      "collect success",
    ]);
    const built = outputsOf(ended, "build", "build");
    expect(built.image).toBe(`${lab.prefix}/monte-carlo-pi@${built.digest}`);
    expect(built.cached).toBe("false");
    expect(ended.jobs[0]?.log).toMatch(/node --test/);
    expect(await lab.tagsOf("monte-carlo-pi")).toContain("ci");
    // No job had the image but by its digest.
    expect(lab.pulled()).toContain(built.image);

    expect(artifactsOf(github, ended)).toEqual([
      ...Array.from({ length: 20 }, (_, shard) => `monte-carlo-pi-${shard}-1`),
      ...["monte-carlo-pi-plan", "monte-carlo-pi-results"],
    ]);
    await using found = await downloadResults(github, ended.run, "monte-carlo-pi-results");
    expect(found.rows).toHaveLength(60);
    expect(found.rows.filter(({ status }) => status !== "succeeded")).toEqual([]);
    expect(ended.jobs.at(-1)?.summaries.join("")).toContain("60");

    // The same content again: the build job ends with what is there.
    await using same = await source.checkout({
      [workflow]: (text) => onlyJobs(changed(text), "build"),
    });
    const again = await runWorkflow({ github, repository: same, workflow, env: lab.env });
    expect(jobsOf(again), logOf(again)).toEqual(["build success"]);
    expect(outputsOf(again, "build", "build")).toMatchObject({
      ...{ cached: "true", digest: built.digest },
    });
  });

  it("pushes nothing for a fork's pull request, and runs its sweep without an image", {
    timeout: 5 * MINUTE,
  }, async () => {
    // As if the workflow's own condition had been forgotten: the actions hold by themselves.
    await using repository = await source.checkout({
      [workflow]: (text) => {
        const forgotten = changed(text).replace(/push: \$\{\{.*\}\}/, "push: true");
        expect(forgotten).toContain("push: true\n");
        return forgotten.replace("shards: 20", "shards: 2");
      },
    });
    const fork = github.addRepository({ owner: "stranger", name: "sims", fork: true });
    const ended = await runWorkflow({
      ...{ github, repository, workflow },
      env: lab.env,
      run: { event: "pull_request", headRepository: fork, permissions: { contents: "read" } },
    });
    expect(jobsOf(ended), logOf(ended)).toEqual([
      ...["build success", "plan success", "run success", "run success", "collect success"],
    ]);
    expect(await lab.tagsOf("monte-carlo-pi")).toBeNull();
    expect(outputsOf(ended, "build", "build").digest ?? "").toBe("");
    expect(logOf(ended)).not.toContain(registry.password);
    await using found = await downloadResults(github, ended.run, "monte-carlo-pi-results");
    expect(found.rows).toHaveLength(60);
  });

  it("publishes one simulation, under the usual tags", { timeout: 3 * MINUTE }, async () => {
    await using repository = await source.checkout({
      ".github/workflows/build-sim.yml": onOurRegistry,
    });
    const file = ".github/workflows/build-monte-carlo-pi.yml";
    const ended = await runWorkflow({ github, repository, workflow: file, env: lab.env });
    expect(jobsOf(ended), logOf(ended)).toEqual(["build success"]);
    expect(await lab.tagsOf("monte-carlo-pi")).toEqual(
      expect.arrayContaining([
        "latest",
        "main",
        expect.stringContaining(repository.sha.slice(0, 7)),
      ]),
    );
  });
});
