import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { getOctokit } from "@actions/github";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type GitHub, startGitHub } from "./github/server.ts";
import { findAzurite, needing } from "./lab.ts";

const execute = promisify(execFile);
const program = fileURLToPath(new URL("github/client.ts", import.meta.url));

// One for all that do not look at its calls or change what it does: runs do not see each other.
let there: GitHub | null = null;
beforeAll(async () => {
  there = findAzurite() === null ? null : await startGitHub();
});
afterAll(() => there?.[Symbol.asyncDispose]());

function shared(): GitHub {
  if (there === null) throw new Error("no stand-in was started");
  return there;
}

/** Calls the unmodified client in a process of its own, in a job of the stand-in. */
async function client(
  env: Record<string, string>,
  method: string,
  ...given: unknown[]
): Promise<unknown> {
  const { stdout } = await execute(process.execPath, [program, method, JSON.stringify(given)], {
    env: { PATH: process.env.PATH, ...env },
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

const uploadedSchema = z.object({ id: z.number(), size: z.number(), digest: z.string() });

async function upload(
  env: Record<string, string>,
  name: string,
  text = "1,2\n",
  options: object = {},
) {
  const root = env.RUNNER_TEMP ?? "";
  const file = join(root, `${name}.csv`);
  await writeFile(file, text);
  return uploadedSchema.parse(await client(env, "uploadArtifact", name, [file], root, options));
}

async function names(env: Record<string, string>, options: object = {}): Promise<string[]> {
  const listed = z.object({ artifacts: z.array(z.object({ name: z.string() })) });
  return listed.parse(await client(env, "listArtifacts", options)).artifacts.map((one) => one.name);
}

function findBy(github: GitHub, run: { id: number }, token: string) {
  const { owner: repositoryOwner, name: repositoryName } = github.repository;
  return { findBy: { workflowRunId: run.id, repositoryOwner, repositoryName, token } };
}

describe.skipIf(!findAzurite())(needing("azurite", "artifacts of the stand-in for GitHub"), () => {
  it("are uploaded, listed and downloaded as they were", async () => {
    const github = shared();
    const env = await github.env(github.startRun());
    const { id, size, digest } = await upload(env, "results", "x,y\n1,2\n");

    expect(await client(env, "listArtifacts", {})).toEqual({
      artifacts: [
        { id, name: "results", size, digest: `sha256:${digest}`, createdAt: expect.any(String) },
      ],
    });
    await using folder = await temporaryFolder();
    const options = { path: folder.path, expectedHash: `sha256:${digest}` };
    expect(await client(env, "downloadArtifact", id, options)).toMatchObject({
      digestMismatch: false,
    });
    expect(await readFile(join(folder.path, "results.csv"), "utf8")).toBe("x,y\n1,2\n");
  });

  it("are found by another run through the REST API with its token", async () => {
    const github = shared();
    const first = github.startRun();
    const { id } = await upload(await github.env(first), "results");
    const second = github.startRun();
    const env = await github.env(second);
    const by = findBy(github, first, second.token);

    expect(await names(env)).toEqual([]);
    expect(await names(env, by)).toEqual(["results"]);
    await using folder = await temporaryFolder();
    await client(env, "downloadArtifact", id, { path: folder.path, ...by });
    expect(await readFile(join(folder.path, "results.csv"), "utf8")).toBe("1,2\n");
  });

  it("have names that are used once: 409", async () => {
    const github = shared();
    const env = await github.env(github.startRun());
    await upload(env, "results");
    await expect(upload(env, "results")).rejects.toThrow(
      /\(409\) Conflict: an artifact with this name already exists on the workflow run/,
    );
  });

  it("have names that stay taken after a finalize that failed", async () => {
    const github = shared();
    const run = github.startRun();
    const env = await github.env(run);
    const message = 'Error from intermediary with HTTP status code 403 "Forbidden"';
    github.fail("FinalizeArtifact", { failure: { status: 403, message } });
    await expect(upload(env, "results")).rejects.toThrow(message);
    await expect(upload(env, "results")).rejects.toThrow(/already exists/);
    expect(await names(env)).toEqual([]);
    expect(github.artifacts(run)).toMatchObject([{ name: "results", state: "created" }]);
  });

  it("are seen by a re-run of failed jobs, which may use their names again", async () => {
    const github = shared();
    const run = github.startRun();
    await upload(await github.env(run), "results", "old\n");
    github.rerun(run, "failed");
    const env = await github.env(run);
    const { id } = await upload(env, "results", "new\n");
    expect(env.GITHUB_RUN_ATTEMPT).toBe("2");
    expect(await names(env)).toEqual(["results", "results"]);
    expect(await client(env, "listArtifacts", { latest: true })).toMatchObject({
      artifacts: [{ id }],
    });
    await using folder = await temporaryFolder();
    const [old] = github.artifacts(run);
    await client(env, "downloadArtifact", old?.id, { path: folder.path });
    expect(await readFile(join(folder.path, "results.csv"), "utf8")).toBe("old\n");
  });

  it("are not seen by a re-run of all jobs", async () => {
    const github = shared();
    const run = github.startRun();
    await upload(await github.env(run), "results");
    github.rerun(run, "all");
    const env = await github.env(run);
    expect(await names(env)).toEqual([]);
    expect(await names(env, findBy(github, run, run.token))).toEqual([]);
  });

  it("are not more than a job may create", async () => {
    await using github = await startGitHub({ artifactsPerJob: 1 });
    const run = github.startRun();
    const env = await github.env(run, { job: "first" });
    await upload(env, "a");
    await expect(upload(env, "b")).rejects.toThrow(/\(403\) Forbidden: the limit of 1 artifacts/);
    await upload(await github.env(run, { job: "second" }), "b");
  });

  it("can be deleted, which frees the name", async () => {
    const github = shared();
    const env = await github.env(github.startRun());
    const { id } = await upload(env, "results");
    expect(await client(env, "deleteArtifact", "results")).toEqual({ id });
    await upload(env, "results");
  });

  it("cannot be changed once they are finalized", async () => {
    await using github = await startGitHub();
    const env = await github.env(github.startRun());
    await upload(env, "results");
    const put = github.calls.find(({ method }) => method === "PutBlock");
    const changed = await fetch(`${github.apiUrl}${put?.path}`, { method: "PUT", body: "other" });
    expect(changed.status).toBe(409);
  });

  it("are kept for as many days as asked, at most 90", async () => {
    const github = shared();
    const run = github.startRun();
    const env = await github.env(run);
    await upload(env, "short", "", { retentionDays: 3 });
    await upload({ ...env, GITHUB_RETENTION_DAYS: "" }, "long", "", { retentionDays: 400 });
    const days = github
      .artifacts(run)
      .map(({ createdAt, expiresAt }) => (expiresAt.getTime() - createdAt.getTime()) / 86_400_000);
    expect(days.map(Math.round)).toEqual([3, 90]);
  });

  it("expire", async () => {
    const github = shared();
    const run = github.startRun();
    const env = await github.env(run);
    const { id } = await upload(env, "results");
    for (const artifact of github.artifacts(run)) github.expire(artifact);
    expect(await names(env)).toEqual([]);
    await expect(client(env, "downloadArtifact", id, {})).rejects.toThrow(/No artifacts found/);
    const gone = octokit(github, run.token).rest.actions.downloadArtifact({
      ...{ owner: "octo-org", repo: "sims", artifact_id: id, archive_format: "zip" },
    });
    await expect(gone).rejects.toMatchObject({ status: 410 });
  });

  it.each([
    ["that was changed", (token: string) => token.replace(/^[^.]*/, "e30")],
    ["that is none", () => "e30.e30.e30"],
  ])("are refused to a token %s", async (_, change) => {
    const github = shared();
    const env = await github.env(github.startRun());
    const url = `${env.ACTIONS_RESULTS_URL}twirp/github.actions.results.api.v1.ArtifactService/ListArtifacts`;
    const authorization = `Bearer ${change(env.ACTIONS_RUNTIME_TOKEN ?? "")}`;
    const response = await fetch(url, { method: "POST", body: "{}", headers: { authorization } });
    expect([response.status, await response.json()]).toEqual([
      401,
      { code: "unauthenticated", msg: "invalid token" },
    ]);
  });

  it("are refused to an expired token", async () => {
    const github = shared();
    const env = await github.env(github.startRun(), { tokenExpiresAt: new Date(0) });
    await expect(names(env)).rejects.toThrow(/\(401\) Unauthorized: invalid token/);
  });

  it("are not there on another server than GitHub's own", async () => {
    const github = shared();
    const env = await github.env(github.startRun(), { serverUrl: "https://git.example.com" });
    await expect(names(env)).rejects.toThrow(/not currently supported on GHES/);
  });
});

describe.skipIf(!findAzurite())(needing("azurite", "faults of the stand-in for GitHub"), () => {
  it("fail the call that they name, and the client tries again", async () => {
    await using github = await startGitHub();
    const run = github.startRun();
    github.fail("CreateArtifact", { failure: { status: 503 } });
    github.fail("PutBlock", { failure: "reset" });
    await upload(await github.env(run), "results");
    const seen = github.calls.map(({ method, status }) => `${method} ${status}`);
    expect(seen).toEqual([
      "CreateArtifact 503",
      "CreateArtifact 200",
      "PutBlock null",
      "PutBlock 201",
      "PutBlockList 201",
      "FinalizeArtifact 200",
    ]);
  });

  it("come after the work, where a test says so", async () => {
    await using github = await startGitHub();
    const run = github.startRun();
    github.fail("FinalizeArtifact", { failure: { status: 500 }, when: "after" });
    await expect(upload(await github.env(run), "results")).rejects.toThrow(/already finalized/);
    expect(github.artifacts(run)).toMatchObject([{ state: "finalized" }]);
  });

  it("reset a call of the artifact service, which the client gives up on", async () => {
    await using github = await startGitHub();
    github.fail("ListArtifacts", { calls: [2], failure: "reset" });
    const env = await github.env(github.startRun());
    expect(await names(env)).toEqual([]);
    await expect(names(env)).rejects.toThrow(/ECONNRESET/);
  });
});

describe.skipIf(!findAzurite())(needing("azurite", "REST of the stand-in for GitHub"), () => {
  const { owner, repo } = { owner: "octo-org", repo: "sims" };

  it("tells of a run, a fork's pull request too", async () => {
    const github = shared();
    const fork = github.addRepository({ owner: "mallory", name: "sims", fork: true });
    const run = github.startRun({ event: "pull_request", headRepository: fork });
    const { actions, repos } = octokit(github, run.token).rest;
    const found = (await actions.getWorkflowRun({ owner, repo, run_id: run.id })).data;
    expect(found).toMatchObject({
      ...{ id: run.id, event: "pull_request", status: "in_progress", conclusion: null },
      ...{ head_branch: "change", head_repository: { full_name: "mallory/sims", fork: true } },
      ...{ run_attempt: 1, repository: { full_name: "octo-org/sims" } },
    });
    expect((await repos.get({ owner, repo })).data.default_branch).toBe("main");
    const env = await github.env(run);
    const event: unknown = JSON.parse(await readFile(env.GITHUB_EVENT_PATH ?? "", "utf8"));
    expect(event).toMatchObject({
      pull_request: { head: { repo: { full_name: "mallory/sims" } } },
    });

    github.finish(run, "failure");
    github.rerun(run, "failed");
    github.finish(run, "success");
    const again = (await actions.getWorkflowRun({ owner, repo, run_id: run.id })).data;
    expect(again).toMatchObject({ run_attempt: 2, status: "completed", conclusion: "success" });
  });

  it("lists a run's jobs, of the newest attempt or of all", async () => {
    const github = shared();
    const run = github.startRun();
    await github.env(run, { job: "plan" });
    github.finish(run, "failure");
    github.rerun(run, "all");
    await github.env(run, { job: "plan" });
    const { actions } = octokit(github, run.token).rest;
    const asked = { owner, repo, run_id: run.id };
    expect((await actions.listJobsForWorkflowRun(asked)).data.jobs).toMatchObject([
      { name: "plan", run_attempt: 2, status: "in_progress" },
    ]);
    const all = (await actions.listJobsForWorkflowRun({ ...asked, filter: "all" })).data;
    expect(all.jobs.map((job) => job.run_attempt)).toEqual([1, 2]);
  });

  it("gives artifacts page by page, and by name", async () => {
    const github = shared();
    const run = github.startRun();
    const env = await github.env(run);
    for (const name of ["a", "b", "c"]) await upload(env, name);
    const client = octokit(github, run.token);
    const asked = { owner, repo, run_id: run.id };
    const list = client.rest.actions.listWorkflowRunArtifacts;
    const all = await client.paginate(list, { ...asked, per_page: 2 });
    expect(all.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect((await list({ ...asked, name: "b" })).data).toMatchObject({
      total_count: 1,
      artifacts: [{ name: "b", expired: false, workflow_run: { id: run.id } }],
    });
  });

  it.each([
    ["a wrong token", 401, "Bad credentials", () => "ghs_wrong"],
    [
      "a token without `actions: read`",
      403,
      "Resource not accessible by integration",
      (github: GitHub) => github.token(github.repository, { contents: "read" }),
    ],
    [
      "a token of another repository, as the run is private",
      404,
      "Not Found",
      (github: GitHub) => github.token(github.addRepository({ owner, name: "other" }), {}),
    ],
  ])("refuses %s with %i", async (_, status, message, token) => {
    const github = shared();
    const hidden = github.addRepository({ owner, name: "hidden", private: true });
    const repository = status === 404 ? hidden : github.repository;
    const run = github.startRun({ repository });
    const { actions } = octokit(github, token(github)).rest;
    const asked = actions.getWorkflowRun({ owner, repo: repository.name, run_id: run.id });
    await expect(asked).rejects.toMatchObject({
      status,
      message: expect.stringContaining(message),
    });
  });

  it("limits the rate of requests", async () => {
    await using github = await startGitHub();
    const run = github.startRun();
    const { repos } = octokit(github, run.token).rest;
    github.limitRate(1, new Date(2_000_000_000_000));
    expect((await repos.get({ owner, repo })).headers["x-ratelimit-remaining"]).toBe("0");
    await expect(repos.get({ owner, repo })).rejects.toMatchObject({
      status: 403,
      response: { headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2000000000" } },
    });
    github.limitRate(10);
    const headers = { "retry-after": "60" };
    github.fail("repos/get", {
      failure: { status: 429, message: "secondary rate limit", headers },
    });
    await expect(repos.get({ owner, repo })).rejects.toMatchObject({
      status: 429,
      response: { headers: { "retry-after": "60" } },
    });
  });
});

function octokit(github: GitHub, token: string) {
  return getOctokit(token, { baseUrl: github.apiUrl });
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sim-pipeline-github-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
