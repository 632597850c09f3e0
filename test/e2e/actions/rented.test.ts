/** The whole sweep in one step, on a machine that is rented for it. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { realDroplets } from "../../lab/digitalocean/droplets.ts";
import { type DigitalOcean, startDigitalOcean } from "../../lab/digitalocean/server.ts";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import { findAzurite, findDroplets, findRegistry, needing } from "../../lab/lab.ts";
import { downloadResults } from "../workflows/results.ts";
import { bundles, type Job, startStep } from "./step.ts";
import { workspace } from "./workspace.ts";

const lab = findDroplets();
const registry = await findRegistry();
const there = lab !== null && registry !== null && findAzurite() !== null;
const MINUTE = 60_000;

describe.skipIf(!there)(
  needing("droplets, a registry and azurite", "a sweep with machines"),
  () => {
    let github: GitHub;
    let built: Awaited<ReturnType<typeof bundles>>;
    let state: string;
    beforeAll(async () => {
      github = await startGitHub();
      built = await bundles();
    }, MINUTE);
    afterAll(async () => {
      built?.[Symbol.dispose]();
      await github?.[Symbol.asyncDispose]();
    });
    beforeEach(() => {
      state = mkdtempSync(join(tmpdir(), "sim-pipeline-state-"));
      onTestFinished(() => rmSync(state, { recursive: true }));
    });

    /** Starts the step over a sweep of so many points, the second of which takes `seconds`. */
    async function start(api: DigitalOcean, points: number, seconds: number) {
      const { folder } = workspace("", {
        image: registry?.image,
        process: undefined,
        parameters: { i: { range: `1-${points}` } },
        entrypoint: ["sh", "-c"],
        command: [
          `if [ {{ i }} = 2 ]; then sleep ${seconds}; fi; echo {{ i }} > /mnt/data/out.txt`,
        ],
        outputs: ["out.txt"],
      });
      const job: Job = { github, run: github.startRun(), workspace: folder, bundles: built.folder };
      const inputs = {
        sweep: "sweeps/sweep.yaml",
        ...{ machines: "digitalocean", size: "c-2", deadline: "1h", "max-cost": "1" },
        "registry-username": registry?.user ?? "",
        "registry-password": registry?.password ?? "",
      };
      const env = { ...api.env, SIM_PIPELINE_STATE: state, DOCKER_HOST: "unix:///nowhere.sock" };
      return { run: job.run, step: await startStep(job, "", inputs, env) };
    }
    const realApi = () => {
      if (lab === null) throw new Error("no droplets");
      return startDigitalOcean({ boot: realDroplets(lab).boot });
    };

    it("runs on it, and gives it back", { timeout: 2 * MINUTE }, async () => {
      await using api = await realApi();
      const { run, step } = await start(api, 2, 0);
      const ended = await step.ended;
      expect(ended.code, ended.log).toBe(0);
      expect(ended.outputs).toMatchObject({ points: "2", succeeded: "2" });
      expect(api.history()).toHaveLength(1);
      expect(api.droplets()).toEqual([]);
      expect((await ended.post()).code).toBe(0);
      await using results = await downloadResults(github, run, "trial-results");
      expect(results.rows.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
    });

    it.each<[NodeJS.Signals]>([["SIGINT"], ["SIGKILL"]])(
      "gives it back after %s, and uploads what had finished",
      { timeout: 2 * MINUTE },
      async (signal) => {
        await using api = await realApi();
        const { run, step } = await start(api, 2, 1_000);
        await step.saw("1/2");
        step.child.kill(signal);
        const ended = await step.ended;
        expect(ended.code, ended.log).toBe(signal === "SIGINT" ? 130 : null);
        expect(api.history()).toHaveLength(1);
        const post = await ended.post();
        expect(post.code, post.log).toBe(0);
        expect(api.droplets()).toEqual([]);
        await using results = await downloadResults(github, run, "trial-results");
        expect(results.rows.map(({ name }) => name)).toContain("p1");
      },
    );

    it("says what is missing before anything is rented", async () => {
      await using api = await startDigitalOcean();
      const { folder } = workspace("");
      const fork = github.addRepository({ owner: "stranger", name: "sims", fork: true });
      const pull = { event: "pull_request", headRepository: fork };
      for (const [options, inputs, message] of [
        [{}, { size: "c-2" }, "are about a rented machine"],
        [{}, { machines: "digitalocaen" }, "write digitalocean"],
        [{}, { machines: "digitalocean", size: "c-2", deadline: "soon" }, "a duration"],
        [pull, { machines: "digitalocean", size: "c-2" }, "stranger's pull request"],
      ] as const) {
        const run = github.startRun(options);
        const job: Job = { github, run, workspace: folder, bundles: built.folder };
        const given = { sweep: "sweeps/sweep.yaml", ...inputs };
        const { code, log } = await (await startStep(job, "", given, api.env)).ended;
        expect([code, log]).toEqual([1, expect.stringContaining(message)]);
      }
      expect(api.requests).toEqual([]);
    });
  },
);
