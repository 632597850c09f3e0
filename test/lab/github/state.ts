/** What the stand-in knows: repositories, runs with their attempts and jobs, artifacts. Plain data. */

import { randomBytes, randomUUID } from "node:crypto";

export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly defaultBranch: string;
  readonly private: boolean;
  /** A fork of another one. */
  readonly fork: boolean;
}

export interface RepositoryOptions {
  owner: string;
  name: string;
  defaultBranch?: string;
  private?: boolean;
  fork?: boolean;
}

export type Permissions = Readonly<Record<string, "read" | "write">>;

export interface RunOptions {
  /** Where the workflow runs; default: the server's first repository. */
  repository?: Repository;
  /** Whose commit it is; another one than `repository` makes it a fork's pull request. */
  headRepository?: Repository;
  /** Default: the repository's default branch, for a pull request `change`. */
  headBranch?: string;
  /** 40 hex digits; default: random ones. */
  headSha?: string;
  /** Default: push. */
  event?: string;
  actor?: string;
  /** The file of the workflow; default: .github/workflows/sweep.yml */
  workflow?: string;
  /** Of the jobs' GITHUB_TOKEN; default: actions and contents, read. */
  permissions?: Permissions;
}

export interface Run {
  readonly id: number;
  readonly number: number;
  readonly repository: Repository;
  readonly headRepository: Repository;
  readonly headBranch: string;
  readonly headSha: string;
  readonly event: string;
  readonly actor: string;
  readonly workflow: string;
  readonly createdAt: Date;
  /** The jobs' GITHUB_TOKEN. */
  readonly token: string;
  /** The newest last; never empty. */
  readonly attempts: Attempt[];
  /** Of the newest attempt. */
  status: "in_progress" | "completed";
  conclusion: "success" | "failure" | "cancelled" | null;
}

export interface Attempt {
  readonly number: number;
  /** The first attempt whose artifacts this one sees: itself after a re-run of all jobs. */
  readonly seesFrom: number;
  /** The artifact service's name of this attempt. */
  readonly backendId: string;
  readonly jobs: Job[];
}

export interface Job {
  readonly id: number;
  readonly name: string;
  readonly attempt: number;
  readonly backendId: string;
  readonly startedAt: Date;
  conclusion: "success" | "failure" | "cancelled" | null;
}

export interface Artifact {
  readonly id: number;
  readonly name: string;
  readonly run: Run;
  readonly attempt: Attempt;
  readonly job: Job;
  readonly blob: string;
  readonly createdAt: Date;
  expiresAt: Date;
  /** `created`: its finalize never came or failed, but its name is taken. */
  state: "created" | "finalized" | "deleted";
  size: number;
  /** sha256:… */
  digest: string | null;
}

export interface Token {
  /** The one repository that it is for; it sees public ones besides. */
  readonly repository: Repository;
  readonly permissions: Permissions;
}

export interface State {
  readonly repositories: Repository[];
  readonly runs: Run[];
  readonly artifacts: Artifact[];
  readonly tokens: Map<string, Token>;
  nextId: number;
}

export function newState(): State {
  return { repositories: [], runs: [], artifacts: [], tokens: new Map(), nextId: 1_000_001 };
}

export function addRepository(state: State, options: RepositoryOptions): Repository {
  const defaults = { defaultBranch: "main", private: false, fork: false };
  const repository = { ...defaults, ...options, id: state.nextId++ };
  state.repositories.push(repository);
  return repository;
}

export function addToken(state: State, token: Token): string {
  const text = `ghs_${randomBytes(18).toString("hex")}`;
  state.tokens.set(text, token);
  return text;
}

export function addRun(state: State, options: RunOptions): Run {
  const repository = options.repository ?? state.repositories[0];
  if (repository === undefined) throw new Error("the stand-in has no repository");
  const event = options.event ?? "push";
  const branch = event.startsWith("pull_request") ? "change" : repository.defaultBranch;
  const permissions = options.permissions ?? { actions: "read", contents: "read" };
  const run: Run = {
    id: state.nextId++,
    number: state.runs.length + 1,
    repository,
    headRepository: options.headRepository ?? repository,
    headBranch: options.headBranch ?? branch,
    headSha: options.headSha ?? randomBytes(20).toString("hex"),
    event,
    actor: options.actor ?? "octocat",
    workflow: options.workflow ?? ".github/workflows/sweep.yml",
    createdAt: new Date(),
    token: addToken(state, { repository, permissions }),
    attempts: [{ number: 1, seesFrom: 1, backendId: randomUUID(), jobs: [] }],
    status: "in_progress",
    conclusion: null,
  };
  state.runs.push(run);
  return run;
}

export function newest(run: Run): Attempt {
  const attempt = run.attempts.at(-1);
  if (attempt === undefined) throw new Error(`run ${run.id} has no attempt`);
  return attempt;
}

/**
 * The next attempt. One of failed jobs sees what earlier attempts uploaded, one of all jobs does
 * not (tried on GitHub by go-gitea/gitea#38857, and seen in actions/upload-artifact#585).
 */
export function addAttempt(run: Run, jobs: "all" | "failed"): Attempt {
  const last = newest(run);
  const number = last.number + 1;
  const seesFrom = jobs === "all" ? number : last.seesFrom;
  const attempt = { number, seesFrom, backendId: randomUUID(), jobs: [] };
  run.attempts.push(attempt);
  run.status = "in_progress";
  run.conclusion = null;
  return attempt;
}

/** The job of this name in the newest attempt, started when it is not there. */
export function jobOf(state: State, run: Run, name: string): Job {
  const attempt = newest(run);
  const there = attempt.jobs.find((job) => job.name === name);
  if (there !== undefined) return there;
  const job: Job = {
    id: state.nextId++,
    name,
    attempt: attempt.number,
    backendId: randomUUID(),
    startedAt: new Date(),
    conclusion: null,
  };
  attempt.jobs.push(job);
  return job;
}

/** The finalized artifacts that an attempt of a run sees, oldest first, expired ones too. */
export function visibleArtifacts(state: State, run: Run, attempt = newest(run)): Artifact[] {
  return state.artifacts.filter(
    (artifact) =>
      artifact.run === run &&
      artifact.state === "finalized" &&
      artifact.attempt.number >= attempt.seesFrom &&
      artifact.attempt.number <= attempt.number,
  );
}

export function expired(artifact: Artifact): boolean {
  return artifact.expiresAt.getTime() <= Date.now();
}
