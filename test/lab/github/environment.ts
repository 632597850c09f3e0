/** The environment that the runner gives to a job's steps. */

import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fullName } from "./payloads.ts";
import { jobOf, newest, type Run, type State } from "./state.ts";
import { runtimeToken } from "./token.ts";

export interface EnvironmentOptions {
  /** The job's id in the workflow; default: `sweep`. Jobs of one name share the limit of 500. */
  job?: string;
  /** What is checked out; default: an empty folder. */
  workspace?: string;
  /** Default: https://github.com; another host is a GHES. */
  serverUrl?: string;
  /** Default: six hours from now. */
  tokenExpiresAt?: Date;
}

/** Files and folders are made below `folder`, anew at each call, as for a job's own runner. */
export async function jobEnvironment(
  state: State,
  urls: { apiUrl: string; resultsUrl: string },
  folder: string,
  run: Run,
  options: EnvironmentOptions,
): Promise<Record<string, string>> {
  const home = await mkdtemp(join(folder, "runner-"));
  const commands = join(home, "_temp", "_runner_file_commands");
  await mkdir(commands, { recursive: true });
  const workspace = options.workspace ?? join(home, "workspace");
  await mkdir(workspace, { recursive: true });
  const files: Record<string, string> = {};
  for (const name of ["OUTPUT", "STATE", "STEP_SUMMARY", "ENV", "PATH"]) {
    files[`GITHUB_${name}`] = join(commands, name.toLowerCase());
    await writeFile(join(commands, name.toLowerCase()), "");
  }
  const eventPath = join(home, "event.json");
  await writeFile(eventPath, JSON.stringify(eventPayload(run)));

  const name = options.job ?? "sweep";
  const job = jobOf(state, run, name);
  const serverUrl = options.serverUrl ?? "https://github.com";
  const expiresAt = options.tokenExpiresAt ?? new Date(Date.now() + 6 * 3_600_000);
  const pull = run.event.startsWith("pull_request");
  const refName = pull ? "7/merge" : run.headBranch;
  const ref = pull ? `refs/pull/${refName}` : `refs/heads/${refName}`;
  return {
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTION: "__run",
    GITHUB_ACTOR: run.actor,
    GITHUB_ACTOR_ID: "1",
    GITHUB_API_URL: urls.apiUrl,
    GITHUB_BASE_REF: pull ? run.repository.defaultBranch : "",
    GITHUB_EVENT_NAME: run.event,
    GITHUB_EVENT_PATH: eventPath,
    GITHUB_GRAPHQL_URL: `${urls.apiUrl}/graphql`,
    GITHUB_HEAD_REF: pull ? run.headBranch : "",
    GITHUB_JOB: name,
    GITHUB_REF: ref,
    GITHUB_REF_NAME: refName,
    GITHUB_REF_PROTECTED: "false",
    GITHUB_REF_TYPE: "branch",
    GITHUB_REPOSITORY: fullName(run.repository),
    GITHUB_REPOSITORY_ID: String(run.repository.id),
    GITHUB_REPOSITORY_OWNER: run.repository.owner,
    GITHUB_REPOSITORY_OWNER_ID: "1",
    GITHUB_RETENTION_DAYS: "90",
    GITHUB_RUN_ATTEMPT: String(newest(run).number),
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.number),
    GITHUB_SERVER_URL: serverUrl,
    GITHUB_SHA: run.headSha,
    GITHUB_TRIGGERING_ACTOR: run.actor,
    GITHUB_WORKFLOW: "sweep",
    GITHUB_WORKFLOW_REF: `${fullName(run.repository)}/${run.workflow}@${ref}`,
    GITHUB_WORKFLOW_SHA: run.headSha,
    GITHUB_WORKSPACE: workspace,
    ...files,
    ACTIONS_RESULTS_URL: `${urls.resultsUrl}/`,
    ACTIONS_RUNTIME_TOKEN: runtimeToken(newest(run).backendId, job.backendId, expiresAt),
    RUNNER_ARCH: process.arch.toUpperCase(),
    RUNNER_ENVIRONMENT: "github-hosted",
    RUNNER_NAME: "GitHub Actions 1",
    RUNNER_OS: "Linux",
    RUNNER_TEMP: join(home, "_temp"),
    RUNNER_TOOL_CACHE: join(home, "_tool"),
  };
}

/** As much of a webhook's payload as says whose event it is. */
export function eventPayload(run: Run): Record<string, unknown> {
  const repository = repositoryPart(run.repository);
  const sender = { login: run.actor, id: 1, type: "User" };
  if (!run.event.startsWith("pull_request")) {
    return { repository, sender, ref: `refs/heads/${run.headBranch}`, after: run.headSha };
  }
  const base = { ref: run.repository.defaultBranch, sha: "0".repeat(40), repo: repository };
  const head = { ref: run.headBranch, sha: run.headSha, repo: repositoryPart(run.headRepository) };
  const pull_request = { number: 7, base, head, user: sender };
  return { action: "synchronize", number: 7, pull_request, repository, sender };
}

function repositoryPart(repository: Run["repository"]) {
  return {
    id: repository.id,
    name: repository.name,
    full_name: fullName(repository),
    owner: { login: repository.owner },
    default_branch: repository.defaultBranch,
    private: repository.private,
    fork: repository.fork,
  };
}
