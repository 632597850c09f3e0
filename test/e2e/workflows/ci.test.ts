/** ci.yml from one push to the results, and what a stranger's pull request gets of it. */

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
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
  let scratch: string;
  /** In the place of `ghcr.io/octo-org/sims`. */
  let images: string;

  beforeAll(async () => {
    github = await startGitHub();
    source = await repositorySource();
  });
  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    await github?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    images = `${registry.address}/ci-${randomUUID().slice(0, 8)}`;
    scratch = mkdtempSync(join(tmpdir(), "sim-pipeline-ci-"));
    const auth = Buffer.from(`${registry.user}:${registry.password}`).toString("base64");
    writeFileSync(
      join(scratch, "config.json"),
      JSON.stringify({ auths: { [registry.address]: { auth } } }),
    );
    mkdirSync(join(scratch, "cli-plugins"));
    symlinkSync(buildx, join(scratch, "cli-plugins/docker-buildx"));
  });
  afterEach(() => {
    for (const format of ["{{.Repository}}@{{.Digest}}", "{{.Repository}}:{{.Tag}}"]) {
      const listed = dockerSays("images", "--digests", "--format", format);
      const ours = listed.split("\n").filter((name) => name.startsWith(images));
      for (const name of ours) if (!name.includes("<none>")) dockerSays("image", "rm", name);
    }
    rmSync(scratch, { recursive: true });
  });

  function dockerSays(...args: string[]): string {
    return execFileSync("docker", args, {
      encoding: "utf8",
      env: { PATH: process.env.PATH, DOCKER_HOST: docker?.host },
    });
  }

  /** The jobs from the build on, with the lab's registry in the place of GitHub's. */
  const changed = (text: string) =>
    onlyJobs(text, "build", "plan", "run", "collect").replaceAll(
      /ghcr\.io\/\$\{\{ github\.repository \}\}/g,
      images,
    );

  async function tagsOf(image: string): Promise<string[] | null> {
    const [host = "", ...path] = image.split("/");
    const auth = Buffer.from(`${registry?.user}:${registry?.password}`).toString("base64");
    const response = await fetch(`http://${host}/v2/${path.join("/")}/tags/list`, {
      headers: { authorization: `Basic ${auth}` },
    });
    if (response.status === 404) return null;
    return z.object({ tags: z.array(z.string()).nullable() }).parse(await response.json()).tags;
  }

  it("tests, builds, pushes, pulls by digest in twenty jobs and collects, from one push", {
    timeout: 8 * MINUTE,
  }, async () => {
    await using repository = await source.checkout({ [workflow]: changed });
    const env = { DOCKER_CONFIG: scratch, DOCKER_HOST: docker.host };
    const ended = await runWorkflow({ github, repository, workflow, env });
    expect(jobsOf(ended), logOf(ended)).toEqual([
      ...["build success", "plan success"],
      ...Array.from({ length: 20 }, () => "run success"),
      "collect success",
    ]);
    const built = outputsOf(ended, "build", "build");
    expect(built.image).toBe(`${images}/monte-carlo-pi@${built.digest}`);
    expect(built.cached).toBe("false");
    expect(ended.jobs[0]?.log).toMatch(/node --test/);
    expect(await tagsOf(`${images}/monte-carlo-pi`)).toContain("ci");
    // No job had the image but by its digest.
    expect(dockerSays("images", "--digests", "--format", "{{.Repository}}@{{.Digest}}")).toContain(
      built.image,
    );

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
    const again = await runWorkflow({ github, repository: same, workflow, env });
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
      env: { DOCKER_CONFIG: scratch, DOCKER_HOST: docker.host },
      run: { event: "pull_request", headRepository: fork, permissions: { contents: "read" } },
    });
    expect(jobsOf(ended), logOf(ended)).toEqual([
      ...["build success", "plan success", "run success", "run success", "collect success"],
    ]);
    expect(await tagsOf(`${images}/monte-carlo-pi`)).toBeNull();
    expect(outputsOf(ended, "build", "build").digest ?? "").toBe("");
    expect(logOf(ended)).not.toContain(registry.password);
    await using found = await downloadResults(github, ended.run, "monte-carlo-pi-results");
    expect(found.rows).toHaveLength(60);
  });
});
