import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { WorkflowContext } from "../../src/github/context.ts";
import { awaitOnline, type Runners, repositoryRunners } from "../../src/github/runners.ts";
import { lastSuccess } from "../../src/github/scheduled.ts";
import { type GitHub, startGitHub } from "../lab/github/server.ts";
import type { Repository } from "../lab/github/state.ts";
import { findAzurite, needing } from "../lab/lab.ts";
import { virtualClock } from "../machines/virtual-clock.ts";
import { becomeJob, captureLog, hurry, noJob } from "./job.ts";

const never = new AbortController().signal;

describe.skipIf(findAzurite() === null)(needing("azurite", "a repository's runners"), () => {
  let github: GitHub;
  let context: WorkflowContext;
  let admin: string;
  let runners: Runners;
  let own: Repository;
  let log: ReturnType<typeof captureLog>;
  beforeAll(async () => {
    github = await startGitHub();
  });
  afterAll(async () => {
    await github[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    hurry();
    log = captureLog();
    own = github.addRepository({ owner: "octo-org", name: randomUUID() });
    context = becomeJob(await github.env(github.startRun({ repository: own })));
    admin = github.token(own, { administration: "write", metadata: "read" });
    runners = await repositoryRunners(context, admin);
  });
  afterEach(() => {
    noJob();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
  const list = () => runners.list((label) => label === "pool", never);

  it("are registered for one job, their configuration a secret at once", async () => {
    const one = await runners.create("pool-1", ["pool"], never);
    expect(one.name).toBe("pool-1");
    expect(log.text()).toBe(`::add-mask::${one.config}\n`);
    expect(await list()).toEqual([
      { id: one.id, name: "pool-1", online: false, busy: false, labels: ["pool"] },
    ]);
    expect(await runners.list((label) => label === "other", never)).toEqual([]);
  });

  it("are listed to the last page", async () => {
    const url = `${context.apiUrl}/repos/${context.repository}/actions/runners/generate-jitconfig`;
    // Without the client, which makes a second of every write.
    for (let i = 1; i <= 101; i++) {
      const body = JSON.stringify({ name: `pool-${i}`, runner_group_id: 1, labels: ["pool"] });
      await fetch(url, { method: "POST", body, headers: { authorization: `Bearer ${admin}` } });
    }
    expect(await list()).toHaveLength(101);
  });

  it("are registered anew where the answer was lost, and only once", async () => {
    github.fail("actions/generate-runner-jitconfig-for-repo", {
      failure: { status: 502 },
      when: "after",
    });
    const { id } = await runners.create("pool-1", ["pool"], never);
    expect((await list()).map((one) => one.id)).toEqual([id]);
  });

  it("end, also where they are gone", async () => {
    const { id } = await runners.create("pool-1", ["pool"], never);
    expect(await runners.remove(id, never)).toBe(true);
    expect(await runners.remove(id, never)).toBe(true);
    expect(await list()).toEqual([]);
  });

  it("stay while a job runs", async () => {
    const { id } = await runners.create("pool-1", ["pool"], never);
    github.fail("actions/delete-self-hosted-runner-from-repo", { failure: { status: 422 } });
    expect(await runners.remove(id, never)).toBe(false);
  });

  it.each<[string, () => string | null, number, RegExp]>([
    ["no token", () => null, 2, /"runner-token" is missing.*Administration: read and write/s],
    ["a wrong token", () => "ghp_wrong", 3, /wrong or has expired \(401\).*renew the secret/s],
    [
      "a token that may only read",
      () => github.token(own, { administration: "read" }),
      3,
      /may not \(403\).*Administration: read and write/s,
    ],
    [
      "another repository's token",
      () => github.token(github.repository, { administration: "write" }),
      3,
      /may not \(403\)/,
    ],
  ])("are refused to %s, which is told what to do", async (_, token, exitCode, message) => {
    const created = async () => {
      const refused = await repositoryRunners(context, token());
      return await refused.create("pool-1", ["pool"], never);
    };
    await expect(created()).rejects.toMatchObject({
      exitCode,
      message: expect.stringMatching(message),
    });
  });
  it("tells a network that fails from a token that may not", async () => {
    github.fail("actions/list-self-hosted-runners-for-repo", {
      calls: [1, 2, 3, 4],
      failure: { status: 503 },
    });
    await expect(list()).rejects.toThrow(/GitHub answered 503.*githubstatus/s);
  });

  it("stop being asked for when the work is over", async () => {
    await expect(runners.create("pool-1", ["pool"], AbortSignal.abort("SIGINT"))).rejects.toBe(
      "SIGINT",
    );
  });

  describe("that are waited for", () => {
    const shown = (...online: readonly string[][]): Runners => {
      let call = 0;
      return {
        ...runners,
        list: async () => {
          const now = online[Math.min(call++, online.length - 1)] ?? [];
          return ["a", "b"].map((name, id) => ({
            ...{ id, name, online: now.includes(name), busy: false, labels: ["pool"] },
          }));
        },
      };
    };
    const wait = (from: Runners, gone: readonly string[] = []) =>
      awaitOnline(from, ["a", "b"], "pool", {
        ...{ clock: virtualClock(), signal: never, patience: 60_000 },
        isGone: (name) => gone.includes(name),
      });

    it("are there when all are online", async () => {
      expect(await wait(shown([], ["a"], ["a", "b"]))).toEqual([]);
    });
    it("are named when patience ends", async () => {
      expect(await wait(shown(["a"]))).toEqual(["b"]);
    });
    it("are not waited for once their process has ended", async () => {
      expect(await wait(shown([], ["a"]), ["b"])).toEqual(["b"]);
      expect(await wait(shown([]), ["a", "b"])).toEqual(["a", "b"]);
    });
  });

  it("tells of a workflow when it last succeeded", async () => {
    const token = github.token(own, { actions: "read" });
    const asked = () => lastSuccess(context, token, "nightly.yml", 3_600_000);
    expect(await asked()).toEqual({ is: "missing" });
    const run = github.startRun({ repository: own, workflow: ".github/workflows/nightly.yml" });
    expect(await asked()).toEqual({ is: "old", last: null });
    github.finish(run, "success");
    expect(await asked()).toEqual({ is: "recent" });
    expect(await lastSuccess(context, token, "nightly.yml", -60_000)).toEqual({
      is: "old",
      last: expect.any(Date),
    });
    expect(await lastSuccess(context, "ghp_wrong", "nightly.yml", 1)).toEqual({ is: "unknown" });
    expect(await lastSuccess(context, null, "nightly.yml", 1)).toEqual({ is: "unknown" });
  });
});
