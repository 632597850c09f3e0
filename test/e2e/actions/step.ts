/** Steps of our actions as the runner starts them: the bundle, its inputs, its files. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { actionEntries, actionFiles } from "../../../scripts/action-files.ts";
import { bundleActions } from "../../../scripts/bundle-actions.ts";
import { readCommandFile } from "../../lab/github/command-file.ts";
import type { GitHub } from "../../lab/github/server.ts";
import type { Run } from "../../lab/github/state.ts";

/** The folder of an action; empty for the one at the root. */
export type ActionFolder = "" | "build" | "plan" | "run" | "collect" | "machines";

/** The bundles of this working tree, in a folder of their own. */
export async function bundles(): Promise<Disposable & { readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-bundles-"));
  await bundleActions(folder, actionEntries());
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Job {
  readonly github: GitHub;
  readonly run: Run;
  /** What is checked out. */
  readonly workspace: string;
  /** Where the bundles are. */
  readonly bundles: string;
}

export interface EndedStep {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Runs the post step that the action has. */
  post(): Promise<EndedStep>;
}

export interface Step {
  readonly child: ChildProcess;
  /** Resolves when the log has this text; rejects where the step ends before. */
  saw(text: string): Promise<void>;
  readonly ended: Promise<EndedStep>;
}

/** Starts a step in a job of its own, with the defaults of its action.yml. */
export async function startStep(
  job: Job,
  folder: ActionFolder,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Step> {
  const action = actionFiles().find((one) => one.folder === folder);
  if (action === undefined) throw new Error(`no action in ${folder}`);
  const given: Record<string, string> = {};
  for (const [name, input] of Object.entries(action.inputs)) {
    const preset = input.default ?? "";
    const value = inputs[name] ?? (preset.includes("github.token") ? job.run.token : preset);
    given[`INPUT_${name.toUpperCase()}`] = value;
  }
  const wrong = Object.keys(inputs).filter((name) => !(name in action.inputs));
  if (wrong.length > 0) throw new Error(`${folder} has no inputs ${wrong}`);
  const { github, run, workspace } = job;
  const runner = await github.env(run, { workspace, job: folder === "" ? "sweep" : folder });
  const all = { PATH: process.env.PATH ?? "", HOME: tmpdir(), ...runner, ...given, ...env };
  return start(job, action.runs.main, action.runs.post ?? null, all);
}

/** Starts a step and waits for its end. */
export async function runStep(...given: Parameters<typeof startStep>): Promise<EndedStep> {
  return await (await startStep(...given)).ended;
}

function start(job: Job, script: string, post: string | null, env: Record<string, string>): Step {
  const bundle = join(job.bundles, script.slice(script.lastIndexOf("/") + 1));
  const child = spawn(process.execPath, [bundle], {
    cwd: job.workspace,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      for (const look of waiting) look();
    });
  }
  const ended = (async (): Promise<EndedStep> => {
    await once(child, "close");
    for (const look of waiting) look();
    const file = (name: string) => env[`GITHUB_${name}`] ?? "";
    return {
      code: child.exitCode,
      log,
      outputs: await readCommandFile(file("OUTPUT")),
      summary: readFileSync(file("STEP_SUMMARY"), "utf8"),
      async post() {
        if (post === null) throw new Error(`${script} has no post step`);
        const state = Object.entries(await readCommandFile(file("STATE")));
        const saved = state.map(([name, value]) => [`STATE_${name}`, value]);
        return await start(job, post, null, { ...env, ...Object.fromEntries(saved) }).ended;
      },
    };
  })();
  return {
    child,
    ended,
    saw: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (log.includes(text)) resolve();
          else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`the step ended without "${text}":\n${log}`));
          } else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
}
