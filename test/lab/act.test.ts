import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { actRepository, runWorkflow } from "./act.ts";
import { startGitHub } from "./github/server.ts";
import { findAct, findAzurite, needing } from "./lab.ts";

const execute = promisify(execFile);
const checkout = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";
const client = fileURLToPath(new URL("github/client.ts", import.meta.url));

const sweep = `
name: sweep
on: {push: {}, workflow_dispatch: {inputs: {shards: {type: string}}}}
jobs:
  plan:
    runs-on: ubuntu-24.04
    outputs: {matrix: "\${{ steps.plan.outputs.matrix }}"}
    steps:
      - uses: ${checkout}
      - id: plan
        uses: ./plan
        with: {shards: "\${{ inputs.shards || '2' }}"}
  run:
    needs: plan
    runs-on: ubuntu-24.04
    strategy: {matrix: "\${{ fromJSON(needs.plan.outputs.matrix) }}"}
    steps:
      - run: |
          echo "shard \${{ matrix.shard }} with \${#LICENSE} characters" | tee shard.txt
          node ${client} uploadArtifact "[\\"shard-\${{ matrix.shard }}\\",[\\"$PWD/shard.txt\\"],\\"$PWD\\",{}]"
        env: {LICENSE: "\${{ secrets.LICENSE }}"}
`;

const files = {
  ".github/workflows/sweep.yml": sweep,
  "plan/action.yml": `
name: plan
description: A plan.
inputs: {shards: {description: How many., required: true}, token: {default: "\${{ github.token }}"}}
outputs: {matrix: {description: The matrix.}}
runs: {using: node24, main: ../dist/plan.js, post: ../dist/post.js}
`,
  "dist/plan.js": `
const { appendFileSync } = require("node:fs");
const include = Array.from({ length: Number(process.env.INPUT_SHARDS) }, (_, shard) => ({ shard }));
appendFileSync(process.env.GITHUB_OUTPUT, "matrix=" + JSON.stringify({ include }) + "\\n");
appendFileSync(process.env.GITHUB_STEP_SUMMARY, "# " + process.env.INPUT_TOKEN.length + " characters\\n");
console.log("commit " + process.env.GITHUB_SHA, process.env.GITHUB_REF, process.env.GITHUB_REPOSITORY);
`,
  "dist/post.js": `console.log("post step of run " + process.env.GITHUB_RUN_ID);`,
  ".gitignore": "dist\n",
};

describe.skipIf(!findAct() || !findAzurite())(needing("act and azurite", "a workflow"), () => {
  it("runs from a checkout, with a matrix that a job's output feeds", async () => {
    await using github = await startGitHub();
    await using source = await folderOf(files);
    await using repository = await actRepository(source.path, ["dist"]);
    const workflow = ".github/workflows/sweep.yml";
    const secrets = { LICENSE: 'for "3" $USR' };
    const result = await runWorkflow({ github, repository, workflow, secrets });

    const [plan, ...shards] = result.jobs;
    expect(plan?.log).toContain(
      `commit ${repository.sha} refs/heads/main octo-org/sims\npost step of run ${result.run.id}`,
    );
    expect(plan).toMatchObject({
      id: "plan",
      result: "success",
      outputs: { plan: { matrix: '{"include":[{"shard":0},{"shard":1}]}' } },
      summaries: [`# ${result.run.token.length} characters\n`],
    });
    expect(shards.map(({ id, matrix, result }) => ({ id, matrix, result })).toSorted(byShard))
      // biome-ignore format: one row a shard
      .toEqual([
      { id: "run", matrix: { shard: 0 }, result: "success" },
      { id: "run", matrix: { shard: 1 }, result: "success" },
    ]);
    for (const { log } of shards) expect(log).toMatch(/shard \d with 12 characters/);
    expect(result).toMatchObject({ exitCode: 0, run: { conclusion: "success" } });
    const artifacts = github.artifacts(result.run);
    expect(artifacts.map(({ name }) => name).toSorted()).toEqual(["shard-0", "shard-1"]);
    expect(artifacts.map(({ state }) => state)).toEqual(["finalized", "finalized"]);
  });

  it("runs again as another attempt of a run", async () => {
    await using github = await startGitHub();
    const text = `
on: push
jobs: {one: {runs-on: ubuntu-24.04, steps: [{run: 'echo "attempt $GITHUB_RUN_ATTEMPT of $GITHUB_RUN_ID"'}]}}
`;
    await using source = await folderOf({ "one.yml": text });
    await using repository = await actRepository(source.path);
    const { run } = await runWorkflow({ github, repository, workflow: "one.yml" });
    github.rerun(run, "failed");
    const again = await runWorkflow({ github, repository, workflow: "one.yml", rerun: run });
    expect(again.jobs[0]?.log).toBe(`attempt 2 of ${run.id}\n`);
    expect(again.run).toBe(run);
  });

  it("takes the inputs of a workflow_dispatch", async () => {
    await using github = await startGitHub();
    await using source = await folderOf(files);
    await using repository = await actRepository(source.path, ["dist"]);
    const result = await runWorkflow({
      ...{ github, repository, workflow: ".github/workflows/sweep.yml" },
      ...{ run: { event: "workflow_dispatch" }, inputs: { shards: "1" } },
    });
    expect(result.jobs.map(({ name }) => name)).toEqual(["sweep/plan", "sweep/run"]);
  });

  it("fails with the log of what failed, and tells of a workflow that is not valid", async () => {
    await using github = await startGitHub();
    const failing = `
on: push
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444
      - run: |
          echo "::error::no such sweep"
          exit 3
`;
    await using source = await folderOf({
      "failing.yml": failing,
      "invalid.yml": "jobs: {one: 1}",
    });
    await using repository = await actRepository(source.path);
    const failed = await runWorkflow({ github, repository, workflow: "failing.yml" });
    expect(failed).toMatchObject({ exitCode: 1, run: { conclusion: "failure" } });
    expect(failed.jobs[0]).toMatchObject({ id: "one", result: "failure" });
    expect(failed.jobs[0]?.log).toMatch(/v24\..*no such sweep/s);
    const invalid = await runWorkflow({ github, repository, workflow: "invalid.yml" });
    expect(invalid.exitCode).not.toBe(0);
    expect(invalid.messages).toContain("invalid.yml");
  });

  it("checks out another commit, where a step asks for one", async () => {
    await using github = await startGitHub();
    await using source = await folderOf({ version: "first\n" });
    await using repository = await actRepository(source.path);
    const again = `
on: push
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: ${checkout}
        with: {ref: ${repository.sha}, path: earlier}
      - run: cat earlier/version
`;
    await writeFile(join(repository.path, "again.yml"), again);
    await writeFile(join(repository.path, "version"), "second\n");
    await execute("git", ["-C", repository.path, "add", "--all"]);
    const result = await runWorkflow({ github, repository, workflow: "again.yml" });
    expect(result.jobs[0]?.log).toContain("first");
    expect(result.exitCode).toBe(0);
  });
});

function byShard(a: { matrix: object }, b: { matrix: object }): number {
  return JSON.stringify(a.matrix).localeCompare(JSON.stringify(b.matrix));
}

async function folderOf(
  texts: Record<string, string>,
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sim-pipeline-act-test-"));
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  await execute("git", ["-C", path, "init", "--quiet"]);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
