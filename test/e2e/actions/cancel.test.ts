/** A job that is cancelled or killed in the middle keeps what had finished; its re-run does the rest. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import { findAzurite, needing } from "../../lab/lab.ts";
import { downloadResults } from "../workflows/results.ts";
import { bundles, type Job, runStep, startStep } from "./step.ts";
import { workspace } from "./workspace.ts";

// The first three points end at once, the fourth waits until it may.
const SIMULATION = `
echo "$1" > "$SIM_OUTPUT/point"
echo "attempt of $1" >> "$MARKS/attempts"
if [ "$1" = 4 ] && [ ! -e "$MARKS/go" ]; then
  touch "$MARKS/four"
  exec sleep 1000
fi
`;
// The same, but it does not hear SIGTERM.
const DEAF = `trap '' TERM\n${SIMULATION.replace("exec sleep 1000", "while :; do sleep 1; done")}`;

describe.skipIf(findAzurite() === null)(needing("azurite", "a job that is cancelled"), () => {
  let github: GitHub;
  let built: Awaited<ReturnType<typeof bundles>>;
  beforeAll(async () => {
    github = await startGitHub();
    built = await bundles();
  }, 60_000);
  afterAll(async () => {
    built?.[Symbol.dispose]();
    await github?.[Symbol.asyncDispose]();
  });

  it.each<[string, string, readonly NodeJS.Signals[], number | null]>([
    ["SIGINT, as the runner sends first", SIMULATION, ["SIGINT"], 130],
    ["SIGINT, of a simulation that does not hear SIGTERM", DEAF, ["SIGINT"], 130],
    ["SIGINT and SIGTERM at once", DEAF, ["SIGINT", "SIGTERM"], 130],
    ["SIGKILL, as of a runner out of memory", SIMULATION, ["SIGKILL"], null],
  ])(
    "by %s: finished points are uploaded, the re-run does the rest",
    {
      timeout: 60_000,
    },
    async (_title, script, signals, code) => {
      const place = workspace(script);
      const job: Job = {
        github,
        run: github.startRun(),
        workspace: place.folder,
        bundles: built.folder,
      };
      const planned = await runStep(job, "plan", {
        sweep: "sweeps/sweep.yaml",
        shards: "1",
        engine: "process",
      });
      expect(planned.code, planned.log).toBe(0);
      const inputs = { plan: planned.outputs.plan ?? "", shard: "0", engine: "process" };

      const cancelled = await startStep(job, "run", inputs);
      await Promise.race([
        place.marked("four"),
        cancelled.ended.then(({ log }) => expect.fail(log)),
      ]);
      for (const signal of signals) cancelled.child.kill(signal);
      const main = await cancelled.ended;
      expect(main.code, main.log).toBe(code);
      const post = await main.post();
      expect(post.code, post.log).toBe(0);
      expect(post.log).toContain("trial-0-1");

      place.mark("go");
      github.rerun(job.run, "failed");
      const again = await runStep(job, "run", inputs);
      expect(again.code, again.log).toBe(0);
      expect(again.outputs).toMatchObject({ points: "6", succeeded: "6", failed: "0" });
      expect((await again.post()).code).toBe(0);

      const collected = await runStep(job, "collect", { plan: planned.outputs.plan ?? "" });
      expect(collected.code, collected.log).toBe(0);
      await using results = await downloadResults(github, job.run, "trial-results");
      expect(results.rows.map(({ name, status, attempts }) => [name, status, attempts])).toEqual([
        ...["p1", "p2", "p3"].map((name) => [name, "succeeded", "1"]),
        ["p4", "succeeded", "2"],
        ...["p5", "p6"].map((name) => [name, "succeeded", "1"]),
      ]);
      const names = github.artifacts(job.run).map(({ name }) => name);
      expect(names).toEqual(["trial-plan", "trial-0-1", "trial-0-2", "trial-results"]);
    },
  );
});
