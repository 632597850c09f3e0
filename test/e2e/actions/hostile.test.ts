/** A simulation that wants more than to compute: the runner obeys nothing of it, nothing leaks. */

import { existsSync, lstatSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifactStore } from "../../../src/github/artifacts.ts";
import { becomeJob, noJob } from "../../github/job.ts";
import { type GitHub, startGitHub } from "../../lab/github/server.ts";
import { findAzurite, findDocker, needing } from "../../lab/lab.ts";
import { bundles, type EndedStep, runStep } from "./step.ts";
import { workspace } from "./workspace.ts";

const docker = await findDocker();
const MINUTE = 60_000;

/** Says commands to the runner in every way, links to its files, names files as GitHub refuses. */
const HOSTILE = `
echo "::error::owned by the simulation"
echo "##[error]owned by the simulation"
echo "::add-mask::p1"
printf '::set-env name=PATH::/evil\\r::notice::owned by the simulation\\n'
echo "<img src=x onerror=alert(1)> @everyone [x](javascript:alert(1))"
ln -s /etc/passwd "$SIM_OUTPUT/passwd"
ln -s / "$SIM_OUTPUT/root"
echo 1 > "$SIM_OUTPUT/a:b?.txt"
echo 1 > "$SIM_OUTPUT/.hidden"
echo 1 > "$SIM_OUTPUT/plain.txt"
`;
const FAILS = `${HOSTILE}
exit 1
`;

const FENCED = /^(`{3,}).*\n[\s\S]*?\n\1$/gm;

/** Lines that the runner would obey: outside of stopped commands, and not what our action says. */
function obeyed(log: string): string[] {
  let token: string | null = null;
  const found: string[] = [];
  for (const line of log.split(/\r\n|[\r\n]/)) {
    if (token !== null) {
      if (line.trim() === `::${token}::`) token = null;
      continue;
    }
    const stop = /^::stop-commands::(.+)$/.exec(line);
    if (stop !== null) token = stop[1] ?? null;
    else if (/^\s*::[a-z-]+.*::/.test(line) || /##\[[a-z-]+/.test(line)) found.push(line);
  }
  expect(token, "the commands are obeyed again at the end").toBeNull();
  return found;
}

describe.skipIf(findAzurite() === null || docker === null)(
  needing("azurite and Docker", "a hostile simulation"),
  () => {
    let github: GitHub;
    let built: Awaited<ReturnType<typeof bundles>>;
    beforeAll(async () => {
      github = await startGitHub();
      built = await bundles();
    }, MINUTE);
    afterAll(async () => {
      built?.[Symbol.dispose]();
      await github?.[Symbol.asyncDispose]();
    });

    /** Runs one point in one step; the whole results as a user downloads them. */
    async function sweep(script: string, engine: string) {
      const place = workspace("", {
        parameters: { i: [1] },
        image: "busybox:stable",
        entrypoint: ["sh", "-c"],
        process: ["sh", "-c"],
        command: [script],
      });
      const run = github.startRun();
      const step = await runStep(
        { github, run, workspace: place.folder, bundles: built.folder },
        "",
        { sweep: "sweeps/sweep.yaml", engine },
      );
      const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-hostile-"));
      try {
        const store = artifactStore(becomeJob(await github.env(run)), run.token);
        const [artifact] = await store.list();
        if (artifact !== undefined) await store.download(artifact, folder);
      } finally {
        noJob();
      }
      return { step, folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
    }

    it.each(["docker", "process"])(
      "that succeeds in the engine %s",
      {
        timeout: MINUTE,
      },
      async (engine) => {
        await using done = await sweep(HOSTILE, engine);
        expect(done.step.code, done.step.log).toBe(0);
        expect(obeyed(done.step.log).filter((line) => /owned|evil/.test(line))).toEqual([]);
        const outputs = join(done.folder, "points/p1");
        expect(readdirSync(outputs).toSorted()).toEqual([".hidden", "plain.txt"]);
        expect(lstatSync(join(outputs, "plain.txt")).isFile()).toBe(true);
        expect(existsSync(join(done.folder, "unportable.tar"))).toBe(true);
        expect(done.step.log).toContain("a:b?.txt");
        expect(done.step.log).toContain("passwd");
      },
    );

    it("that fails: its words are in annotations and the summary, as text", {
      timeout: MINUTE,
    }, async () => {
      await using done = await sweep(FAILS, "docker");
      expect(done.step.code).toBe(1);
      const lines = obeyed(done.step.log).filter((line) => /owned|evil/.test(line));
      expect(lines).toEqual([]);
      expect(done.step.summary).toContain("owned by the simulation");
      expect(done.step.summary.replaceAll(FENCED, "")).not.toMatch(/<img|@everyone|javascript:/);
      expect(inFences(done.step)).toContain("<img src=x");
    });
  },
);

/** The summary's text inside of fenced code. */
function inFences({ summary }: EndedStep): string {
  return [...summary.matchAll(FENCED)].map(([text]) => text).join("\n");
}
