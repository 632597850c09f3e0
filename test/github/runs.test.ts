import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { WorkflowContext } from "../../src/github/context.ts";
import { trustedRun } from "../../src/github/runs.ts";
import { type GitHub, startGitHub } from "../lab/github/server.ts";
import type { Run } from "../lab/github/state.ts";
import { findAzurite, needing } from "../lab/lab.ts";
import { becomeJob, hurry, noJob } from "./job.ts";

describe.skipIf(findAzurite() === null)(needing("azurite", "an earlier run"), () => {
  let github: GitHub;
  let run: Run;
  let context: WorkflowContext;
  beforeAll(async () => {
    github = await startGitHub();
  });
  afterAll(async () => {
    await github[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    hurry();
    run = github.startRun();
    context = becomeJob(await github.env(run));
  });
  afterEach(() => {
    noJob();
    vi.unstubAllGlobals();
  });

  it.each([
    ["a push", {}],
    ["an own pull request", { event: "pull_request" }],
    ["a dispatch", { event: "workflow_dispatch", headBranch: "study" }],
  ])("of %s is trusted", async (_what, options) => {
    const earlier = github.startRun(options);
    github.rerun(earlier, "failed");
    expect(await trustedRun(context, run.token, earlier.id)).toEqual({
      id: earlier.id,
      attempt: 2,
      event: earlier.event,
      branch: earlier.headBranch,
      sha: earlier.headSha,
      url: expect.stringMatching(new RegExp(`/octo-org/sims/actions/runs/${earlier.id}$`)),
    });
  });

  it("of a fork is refused", async () => {
    const fork = github.addRepository({ owner: "mallory", name: "sims", fork: true });
    const earlier = github.startRun({ event: "pull_request", headRepository: fork });
    await expect(trustedRun(context, run.token, earlier.id)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /^The results of run \d+ are not used: its code came from mallory\/sims\.\nName a run/,
      ),
    });
  });

  it.each(["pull_request_target", "workflow_run", "issue_comment"])(
    "of the event %s is refused",
    async (event) => {
      const { repository } = github;
      const earlier = github.startRun({ event, headRepository: repository });
      await expect(trustedRun(context, run.token, earlier.id)).rejects.toThrow(
        `its event, ${event}, may have run a stranger's code`,
      );
    },
  );

  it("of another repository is not there", async () => {
    const other = github.addRepository({ owner: "octo-org", name: "other" });
    const foreign = github.startRun({ repository: other });
    await expect(trustedRun(context, run.token, foreign.id)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^Cannot read run \d+ of octo-org\/sims: there is none.*404/),
    });
  });

  it.each([
    ["without a token", () => null, 2, /needs a token/],
    ["with a wrong token", () => "ghs_wrong", 3, /\(401\)/],
    [
      "without the permission",
      () => github.token(github.repository, { contents: "read" }),
      3,
      /\(403\).*actions: read/s,
    ],
  ])("cannot be read %s", async (_how, token, exitCode, message) => {
    await expect(trustedRun(context, token(), run.id)).rejects.toMatchObject({
      exitCode,
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ["server errors", { status: 502 } as const],
    ["a reset connection", "reset" as const],
    [
      "a secondary rate limit",
      {
        status: 403,
        message: "You have exceeded a secondary rate limit",
        headers: { "retry-after": "1" },
      } as const,
    ],
  ])("is read in spite of %s", async (_what, failure) => {
    github.fail("actions/get-workflow-run", { calls: [1, 2], failure });
    expect((await trustedRun(context, run.token, run.id)).id).toBe(run.id);
  });

  it.each([
    [
      "a retry-after of more than a minute",
      429,
      { "retry-after": "120" },
      /\(429\); it ends at 20/,
    ],
    ["a secondary limit of an hour", 403, { "retry-after": "3600" }, /\(403\); it ends at 20/],
  ])("is not waited for over %s", async (_what, status, headers, message) => {
    const before = github.calls.length;
    github.fail("actions/get-workflow-run", {
      failure: { status, headers, message: "You have exceeded a secondary rate limit" },
    });
    await expect(trustedRun(context, run.token, run.id)).rejects.toThrow(message);
    expect(github.calls.length - before).toBe(1);
  });

  it("is waited for a minute in all, and no longer", async () => {
    const before = github.calls.length;
    const failure = {
      status: 403,
      headers: { "retry-after": "25" },
      message: "You have exceeded a secondary rate limit",
    };
    hurry(60_000);
    github.fail("actions/get-workflow-run", { calls: [1, 2, 3, 4], failure });
    await expect(trustedRun(context, run.token, run.id)).rejects.toThrow(/rate limit/);
    expect(github.calls.length - before).toBe(3);
    github.fail("actions/get-workflow-run", { calls: [], failure });
  });

  it("is not reached where nobody answers", async () => {
    const away = { ...context, apiUrl: "http://127.0.0.1:1" };
    await expect(trustedRun(away, run.token, run.id)).rejects.toThrow(
      /Check that the runner reaches http:\/\/127.0.0.1:1/,
    );
  });
});
