import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { workflowContext } from "../../src/github/context.ts";

describe("the context of a workflow", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "context-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const sha = "0123456789abcdef0123456789abcdef01234567";
  function environment(
    event: unknown = {},
    changes: Record<string, string | undefined> = {},
  ): NodeJS.ProcessEnv {
    const path = join(folder, "event.json");
    writeFileSync(path, typeof event === "string" ? event : JSON.stringify(event));
    return {
      GITHUB_ACTIONS: "true",
      GITHUB_REPOSITORY: "octo-org/sims.io",
      GITHUB_RUN_ID: "16012345678",
      GITHUB_RUN_ATTEMPT: "2",
      GITHUB_SHA: sha,
      GITHUB_REF: "refs/heads/main",
      GITHUB_REF_NAME: "main",
      GITHUB_REF_TYPE: "branch",
      GITHUB_EVENT_NAME: "push",
      GITHUB_EVENT_PATH: path,
      GITHUB_ACTOR: "octocat",
      GITHUB_JOB: "sweep",
      GITHUB_WORKSPACE: "/home/runner/work/sims/sims",
      RUNNER_TEMP: "/home/runner/work/_temp",
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_API_URL: "https://api.github.com",
      GITHUB_STEP_SUMMARY: "/home/runner/summary.md",
      ...changes,
    };
  }

  it("is what the runner's variables and the event say", () => {
    expect(workflowContext(environment({ repository: { default_branch: "trunk" } }))).toEqual({
      owner: "octo-org",
      repo: "sims.io",
      repository: "octo-org/sims.io",
      runId: 16012345678,
      runAttempt: 2,
      sha,
      ref: "refs/heads/main",
      refName: "main",
      refType: "branch",
      eventName: "push",
      actor: "octocat",
      job: "sweep",
      workspace: "/home/runner/work/sims/sims",
      temp: "/home/runner/work/_temp",
      serverUrl: "https://github.com",
      apiUrl: "https://api.github.com",
      defaultBranch: "trunk",
      isFork: false,
      summaryFile: "/home/runner/summary.md",
    });
  });

  it("does without what not every event and runner has", () => {
    const absent = { GITHUB_REF: "", GITHUB_REF_TYPE: "", GITHUB_STEP_SUMMARY: "" };
    expect(workflowContext(environment({}, { ...absent, GITHUB_EVENT_PATH: "" }))).toMatchObject({
      ref: "",
      refType: null,
      summaryFile: null,
      defaultBranch: null,
    });
  });

  it("does not exist outside of GitHub Actions, where the command line does it", () => {
    for (const GITHUB_ACTIONS of [undefined, "", "false"]) {
      expect(() => workflowContext(environment({}, { GITHUB_ACTIONS }))).toThrow(
        expect.objectContaining({
          exitCode: 2,
          message: expect.stringContaining("npx sim-pipeline"),
        }),
      );
    }
  });

  it.each([
    ["GITHUB_REPOSITORY", "sims", 'GITHUB_REPOSITORY is "sims"'],
    ["GITHUB_RUN_ID", undefined, "GITHUB_RUN_ID is not set"],
    ["GITHUB_RUN_ATTEMPT", "0", 'GITHUB_RUN_ATTEMPT is "0"'],
    ["GITHUB_SHA", "main", 'GITHUB_SHA is "main"'],
    ["GITHUB_API_URL", "file:///etc", 'GITHUB_API_URL is "file:///etc"'],
    ["GITHUB_WORKSPACE", "here", 'GITHUB_WORKSPACE is "here"'],
  ])("refuses a %s of %j", (name, value, expected) => {
    expect(() => workflowContext(environment({}, { [name]: value }))).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(expected) }),
    );
  });

  it.each([
    ["{", /event.json \(GITHUB_EVENT_PATH\), is no JSON/],
    ['{"pull_request": 7}', /something unexpected at "pull_request"/],
  ])("refuses an event like %s", (event, expected) => {
    expect(() => workflowContext(environment(event))).toThrow(expected);
  });

  it("refuses an event that is not there", () => {
    const GITHUB_EVENT_PATH = join(folder, "none.json");
    expect(() => workflowContext(environment({}, { GITHUB_EVENT_PATH }))).toThrow(/cannot be read/);
  });

  it("refuses a runner with Windows", () => {
    const windows = { RUNNER_OS: "Windows", GITHUB_WORKSPACE: "D:\\a\\sims\\sims" };
    expect(() => workflowContext(environment({}, windows))).toThrow(/Windows.*\n.*ubuntu-latest/);
  });

  it("refuses pull_request_target, whoever asks", () => {
    const own = { pull_request: { head: { repo: { full_name: "octo-org/sims.io" } } } };
    expect(() =>
      workflowContext(environment(own, { GITHUB_EVENT_NAME: "pull_request_target" })),
    ).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining("on: pull_request"),
      }),
    );
  });

  const head = (full_name: string) => ({ pull_request: { head: { repo: { full_name } } } });
  const finished = (full_name: string) => ({ workflow_run: { head_repository: { full_name } } });
  it.each([
    ["pull_request", "an own branch", head("octo-org/sims.io"), false],
    ["pull_request", "an own branch, in other case", head("Octo-Org/Sims.io"), false],
    ["pull_request", "a fork", head("mallory/sims.io"), true],
    ["pull_request", "a fork of the same owner", head("octo-org/sims"), true],
    ["pull_request", "a fork that was deleted", { pull_request: { head: { repo: null } } }, true],
    ["pull_request", "nothing", {}, true],
    ["pull_request_review", "a fork", head("mallory/sims.io"), true],
    ["pull_request_review_comment", "an own branch", head("octo-org/sims.io"), false],
    ["workflow_run", "an own branch", finished("octo-org/sims.io"), false],
    ["workflow_run", "a fork", finished("mallory/sims.io"), true],
    ["workflow_run", "nothing", {}, true],
    ["issue_comment", "an issue", { issue: {} }, false],
    ["issue_comment", "a pull request", { issue: { pull_request: { url: "…" } } }, true],
    ["push", "anything", {}, false],
    ["merge_group", "anything", {}, false],
    ["workflow_dispatch", "anything", { inputs: { sweep: "sweep.yaml" } }, false],
    ["schedule", "anything", { schedule: "0 0 * * *" }, false],
  ])("for %s of %s, isFork is as it should", (GITHUB_EVENT_NAME, _of, event, isFork) => {
    expect(workflowContext(environment(event, { GITHUB_EVENT_NAME })).isFork).toBe(isFork);
  });

  it.each([
    ["push", true],
    ["pull_request", true],
    ["workflow_dispatch", false],
  ])("treats Dependabot's %s as GitHub does", (GITHUB_EVENT_NAME, isFork) => {
    const changes = { GITHUB_EVENT_NAME, GITHUB_ACTOR: "dependabot[bot]" };
    expect(workflowContext(environment(head("octo-org/sims.io"), changes)).isFork).toBe(isFork);
  });
});
