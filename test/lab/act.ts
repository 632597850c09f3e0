/**
 * Runs whole workflows under act on this machine, against a stand-in for GitHub. act is no GitHub: it
 * has no fail-fast, concurrency, permissions or timeouts, gives all jobs one runtime token, and ends
 * steps with no signal that they could catch.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { eventPayload } from "./github/environment.ts";
import type { GitHub } from "./github/server.ts";
import type { Run, RunOptions } from "./github/state.ts";
import { findAct } from "./lab.ts";

const execute = promisify(execFile);

/** A git repository with one commit, as a workflow's checkout finds it. */
export interface ActRepository extends AsyncDisposable {
  readonly path: string;
  readonly sha: string;
}

/**
 * What git would take of `source` (not what it ignores), and besides that the folders `also`, as
 * `dist`, which a release has and main has not.
 */
export async function actRepository(
  source: string,
  also: readonly string[] = [],
): Promise<ActRepository> {
  await using cleanup = new AsyncDisposableStack();
  const path = await mkdtemp(join(tmpdir(), "sim-pipeline-act-"));
  cleanup.defer(() => rm(path, { recursive: true, force: true }));
  const listed = await git(source, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
  for (const file of [...listed.split("\0").filter((name) => name !== ""), ...also]) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await cp(join(source, file), join(path, file), { recursive: true, verbatimSymlinks: true });
  }
  await git(path, "init", "--quiet", "--initial-branch=main");
  await git(path, "add", "--all", "--force");
  const author = ["-c", "user.name=lab", "-c", "user.email=lab@example.com"];
  await git(path, ...author, "commit", "--quiet", "--message", "a checkout");
  const sha = (await git(path, "rev-parse", "HEAD")).trim();
  const owned = cleanup.move();
  return { path, sha, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface WorkflowOptions {
  readonly github: GitHub;
  readonly repository: ActRepository;
  /** The workflow's file, relative to the repository; it is the only one that runs. */
  readonly workflow: string;
  /** The event is `run.event`, by default push. */
  readonly run?: RunOptions;
  /** Instead of a new run: one that `github.rerun` has given another attempt. All its jobs run. */
  readonly rerun?: Run;
  /** Labels of self-hosted runners, whose jobs run on this machine as all others do. */
  readonly labels?: (run: Run) => readonly string[];
  /** Of a workflow_dispatch. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Folders in the place of remote actions: `owner/repo@ref`. Those below act/ need no mention. */
  readonly actions?: Readonly<Record<string, string>>;
  /** What the steps see besides PATH, HOME and what GitHub sets, e.g. DOCKER_CONFIG. */
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

export interface WorkflowResult {
  /** 0 when all jobs succeeded. */
  readonly exitCode: number | null;
  readonly run: Run;
  /** One entry for each job of a matrix, in the order in which they began. */
  readonly jobs: readonly JobResult[];
  /** What act said apart from any job, e.g. that a workflow is not valid. */
  readonly messages: string;
}

export interface JobResult {
  /** The job's id in the workflow. */
  readonly id: string;
  /** With the workflow's name and the number within a matrix: `sweep/run-2`. */
  readonly name: string;
  readonly matrix: Readonly<Record<string, unknown>>;
  /** `null` for one that act never ended, as after a failure to set it up. */
  readonly result: string | null;
  /** What the steps wrote; workflow commands as act tells them. */
  readonly log: string;
  /** By the step's id, or its number from 0, and the output's name. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** A step's job summary each. */
  readonly summaries: readonly string[];
}

/** A line of `act --json`. */
const lineSchema = z.object({
  msg: z.string(),
  job: z.string().optional(),
  jobID: z.string().optional(),
  matrix: z.record(z.string(), z.unknown()).nullish(),
  jobResult: z.string().optional(),
  raw_output: z.boolean().optional(),
  command: z.string().optional(),
  name: z.string().optional(),
  arg: z.string().optional(),
  content: z.string().optional(),
  stepID: z.array(z.string()).optional(),
});

/** Runs the workflow as a run of the stand-in, which is finished with what came of it. */
export async function runWorkflow(options: WorkflowOptions): Promise<WorkflowResult> {
  const { github, repository } = options;
  const program = findAct();
  if (program === null) throw new Error("no act: run scripts/lab/up.sh");
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-act-run-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));

  const started = { headSha: repository.sha, workflow: options.workflow, ...options.run };
  const run = options.rerun ?? github.startRun(started);
  const set = await github.env(run);
  const eventPath = join(folder, "event.json");
  await writeFile(eventPath, JSON.stringify({ ...eventPayload(run), inputs: options.inputs }));
  const secrets = { GITHUB_TOKEN: run.token, ...options.secrets };
  const job = {
    ...Object.fromEntries(Object.entries(set).filter(([name]) => isForAllJobs(name))),
    ...options.env,
    SIM_ACT_REPOSITORY: repository.path,
  };
  const envFile = join(folder, "env");
  await writeFile(envFile, dotenv(job));
  const secretFile = join(folder, "secrets");
  await writeFile(secretFile, dotenv(secrets), { mode: 0o600 });
  const actions = { ...(await standIns(repository.path)), ...options.actions };

  const act = spawn(
    "setpriv",
    [
      ...["--pdeathsig", "KILL", program, run.event, "--json", "--no-cache-server"],
      ...["--directory", repository.path, "--workflows", options.workflow],
      ...["ubuntu-latest", "ubuntu-24.04", ...(options.labels?.(run) ?? [])].flatMap((label) => [
        ...["--platform", `${label}=-self-hosted`],
      ]),
      ...["--eventpath", eventPath, "--env-file", envFile, "--secret-file", secretFile],
      ...["--actor", run.actor, "--action-cache-path", join(folder, "cache")],
      // What git ignores and `also` has brought is for the checkout too.
      "--use-gitignore=false",
      ...Object.entries(actions).flatMap(([ref, path]) => ["--local-repository", `${ref}=${path}`]),
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: nodeFirst(), HOME: folder, ACT_DISABLE_VERSION_CHECK: "1", ...ciRun() },
    },
  );
  const ended = once(act, "close");
  const stderr: string[] = [];
  act.stderr.on("data", (chunk) => stderr.push(String(chunk)));
  const collected = collect();
  for await (const line of createInterface(act.stdout)) collected.add(line);
  await ended;
  github.finish(run, act.exitCode === 0 ? "success" : "failure");
  return {
    exitCode: act.exitCode,
    run,
    jobs: collected.jobs,
    messages: [...collected.messages, ...stderr].join(""),
  };
}

function collect() {
  type Mutable = { -readonly [Key in keyof JobResult]: JobResult[Key] };
  const jobs: (Mutable & { outputs: Record<string, Record<string, string>> })[] = [];
  const messages: string[] = [];
  const add = (text: string) => {
    const parsed = lineSchema.safeParse(text.startsWith("{") ? JSON.parse(text) : null);
    if (!parsed.success || parsed.data.job === undefined) {
      messages.push(`${parsed.success ? parsed.data.msg : text}\n`);
      return;
    }
    const line = parsed.data;
    // A job of a matrix of one has an empty number.
    const name = parsed.data.job.trim();
    let job = jobs.find((one) => one.name === name);
    if (job === undefined) {
      const id = line.jobID ?? name;
      const matrix = line.matrix ?? {};
      job = { id, name, matrix, result: null, log: "", outputs: {}, summaries: [] };
      jobs.push(job);
    }
    job.result = line.jobResult ?? job.result;
    const step = line.stepID?.at(-1) ?? "";
    if (line.command === "set-output" && line.name !== undefined) {
      job.outputs[step] = { ...job.outputs[step], [line.name]: line.arg ?? "" };
    } else if (line.command === "summary" && line.content !== undefined) {
      job.summaries = [...job.summaries, line.content];
    } else if (line.raw_output === true || line.command !== undefined || line.msg.includes("❌")) {
      job.log += line.msg.endsWith("\n") ? line.msg : `${line.msg}\n`;
    }
  };
  return { jobs, messages, add };
}

/** act makes a job's own files and folders itself, and knows which job it is. */
function isForAllJobs(name: string): boolean {
  const own = /_(OUTPUT|STATE|STEP_SUMMARY|ENV|PATH|WORKSPACE|JOB|TEMP|TOOL_CACHE|ACTION|SHA)$/;
  return !own.test(name);
}

/** The folders below act/ for the actions that a repository's workflows and actions use. */
async function standIns(repository: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const files = await git(repository, "ls-files", "-z", "*.yml", "*.yaml");
  for (const file of files.split("\0").filter((name) => name !== "")) {
    const text = await readFile(join(repository, file), "utf8");
    for (const [, name, ref] of text.matchAll(/uses: *actions\/([\w-]+)@([\w.-]+)/g)) {
      if (name !== "checkout" && name !== "setup-node") continue;
      found[`actions/${name}@${ref}`] = fileURLToPath(new URL(`act/${name}`, import.meta.url));
    }
  }
  return found;
}

/** By this .ci/run finds what a killed test left running. */
function ciRun(): Record<string, string> {
  const { SIM_PIPELINE_CI_RUN } = process.env;
  return SIM_PIPELINE_CI_RUN === undefined ? {} : { SIM_PIPELINE_CI_RUN };
}

/** With this process's own node before any other. */
function nodeFirst(): string {
  return `${dirname(process.execPath)}:${process.env.PATH}`;
}

/** act reads .env files, in which JSON's escapes are understood, and variables are replaced. */
function dotenv(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${JSON.stringify(value).replaceAll("$", "\\$")}\n`)
    .join("");
}

async function git(folder: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const { stdout } = await execute("git", ["-C", folder, ...args], { env, maxBuffer: 2 ** 26 });
  return stdout;
}
