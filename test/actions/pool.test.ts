import { describe, expect, it } from "vitest";
import { poolOf } from "../../src/actions/pool.ts";
import type { WorkflowContext } from "../../src/github/context.ts";

const context = (own: Partial<WorkflowContext>): WorkflowContext => ({
  ...{ owner: "octo-org", repo: "sims", repository: "octo-org/sims", runId: 12345678901 },
  ...{ runAttempt: 1, sha: "0".repeat(40), ref: "refs/heads/main", refName: "main" },
  ...{ refType: "branch", eventName: "push", actor: "octocat", job: "up", workspace: "/w" },
  ...{ temp: "/t", serverUrl: "https://github.com", apiUrl: "https://api.github.com" },
  ...{ defaultBranch: "main", isFork: false, summaryFile: null },
  ...own,
});

describe("the names of a workflow run's machines", () => {
  it("tell attempts apart by their label, and keep them together by their run", () => {
    const [first, second] = [1, 2].map((runAttempt) => poolOf(context({ runAttempt }), null));
    expect([first?.label, second?.label]).toEqual(["sim-12345678901-1", "sim-12345678901-2"]);
    expect(second?.run).toBe(first?.run);
    expect(second?.isLabel(first?.label ?? "")).toBe(true);
  });

  it.each<[string, Partial<WorkflowContext>, string | null]>([
    ["another run", { runId: 12345678902 }, null],
    ["another repository", { repository: "octo-org/other" }, null],
    ["another server", { serverUrl: "https://github.example.com" }, null],
    ["another pool", {}, "gpu"],
  ])("are others for %s", (_, own, name) => {
    expect(poolOf(context(own), name).run).not.toBe(poolOf(context({}), null).run);
  });

  it("do not take another pool's label for theirs", () => {
    const [one, two] = [poolOf(context({}), null), poolOf(context({}), "gpu")];
    expect([one.isLabel(two.label), two.isLabel(one.label)]).toEqual([false, false]);
  });

  it("fit into tags, names of leases and labels, however long", () => {
    const { run, label } = poolOf(
      context({ runId: 999_999_999_999_999, runAttempt: 100 }),
      "a-12-letters",
    );
    for (const text of [run, label]) expect(text).toMatch(/^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/);
  });

  it.each(["-", "a-", "-a", "Pool", "a b", "a_b", "", "thirteen-long", "ä"])(
    "refuse a pool called %j",
    (name) => {
      expect(() => poolOf(context({}), name)).toThrow(/"name" is/);
    },
  );
});
