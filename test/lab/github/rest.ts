/** GitHub's REST API as far as a workflow's token gets at runs, jobs and artifacts. */

import type { operations } from "@octokit/openapi-types";
import { type Answer, json } from "./answer.ts";
import type { Blobs } from "./blobs.ts";
import {
  artifactPayload,
  fullName,
  jobPayload,
  repositoryPayload,
  runnerPayload,
  runPayload,
} from "./payloads.ts";
import { newRunner, type RunnerPool } from "./runners.ts";
import { expired, newest, type Repository, type State, visibleArtifacts } from "./state.ts";

const repo = "/repos/(?<owner>[^/]+)/(?<name>[^/]+)";

/** By GitHub's own names of the operations. */
const routes = {
  "repos/get": ["GET", repo, "metadata"],
  "actions/get-workflow-run": ["GET", String.raw`${repo}/actions/runs/(?<id>\d+)`, "actions"],
  "actions/list-jobs-for-workflow-run": [
    ...(["GET", String.raw`${repo}/actions/runs/(?<id>\d+)/jobs`, "actions"] as const),
  ],
  "actions/list-workflow-run-artifacts": [
    ...(["GET", String.raw`${repo}/actions/runs/(?<id>\d+)/artifacts`, "actions"] as const),
  ],
  "actions/get-artifact": ["GET", String.raw`${repo}/actions/artifacts/(?<id>\d+)`, "actions"],
  "actions/download-artifact": [
    ...(["GET", String.raw`${repo}/actions/artifacts/(?<id>\d+)/zip`, "actions"] as const),
  ],
  "actions/delete-artifact": [
    ...(["DELETE", String.raw`${repo}/actions/artifacts/(?<id>\d+)`, "actions"] as const),
  ],
  "actions/list-workflow-runs": [
    ...(["GET", `${repo}/actions/workflows/(?<file>[^/]+)/runs`, "actions"] as const),
  ],
  "actions/list-self-hosted-runners-for-repo": [
    ...(["GET", `${repo}/actions/runners`, "administration"] as const),
  ],
  "actions/generate-runner-jitconfig-for-repo": [
    ...(["POST", `${repo}/actions/runners/generate-jitconfig`, "administration"] as const),
  ],
  "actions/delete-self-hosted-runner-from-repo": [
    ...(["DELETE", String.raw`${repo}/actions/runners/(?<id>\d+)`, "administration"] as const),
  ],
} as const satisfies Partial<Record<keyof operations, readonly [string, string, string]>>;
export type RestMethod = keyof typeof routes;

type Body<Method extends keyof operations, Status extends number> = operations[Method] extends {
  responses: Record<Status, { content: { "application/json": infer Content } }>;
}
  ? Content
  : never;

export interface RestService {
  readonly state: State;
  readonly blobs: Blobs;
  readonly rate: Rate;
  readonly apiUrl: string;
  readonly runners: RunnerPool;
}

/** What is left of the hour's requests. */
export interface Rate {
  readonly limit: number;
  remaining: number;
  resetAt: Date;
}

export interface RestCall {
  readonly method: RestMethod;
  readonly repository: string;
  readonly id: number;
  /** A workflow's. */
  readonly file: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

/** The operation that a request names; null for what the stand-in does not have. */
export function restCall(
  verb: string,
  url: URL,
  authorization: string | undefined,
): RestCall | null {
  for (const [name, [method, pattern]] of Object.entries(routes)) {
    const groups = new RegExp(`^${pattern}$`).exec(url.pathname)?.groups;
    if (verb !== method || groups === undefined || !isRestMethod(name)) continue;
    const repository = `${groups.owner}/${groups.name}`;
    const id = Number(groups.id ?? 0);
    const of = { repository, id, file: groups.file ?? "", path: url.pathname };
    return { method: name, ...of, query: url.searchParams, authorization };
  }
  return null;
}

export function isRestMethod(name: string): name is RestMethod {
  return name in routes;
}

export function restError(status: number, message: string): Answer {
  const documentation_url = "https://docs.github.com/rest";
  return json(status, { message, documentation_url, status: String(status) });
}

/** @param body of a POST, parsed. */
export function answerRest(service: RestService, call: RestCall, body: unknown): Answer {
  const { rate } = service;
  const limited = rate.remaining === 0;
  if (!limited) rate.remaining -= 1;
  const answer = limited
    ? restError(403, "API rate limit exceeded for installation ID 1.")
    : authorized(service, call, body);
  const headers = {
    "x-ratelimit-limit": String(rate.limit),
    "x-ratelimit-remaining": String(rate.remaining),
    "x-ratelimit-used": String(rate.limit - rate.remaining),
    "x-ratelimit-reset": String(Math.ceil(rate.resetAt.getTime() / 1_000)),
    "x-ratelimit-resource": "core",
  };
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** What only reads, by its verb. */
const isReading = (method: RestMethod) => routes[method][0] === "GET";

function authorized(service: RestService, call: RestCall, body: unknown): Answer {
  const text = call.authorization?.replace(/^(bearer|token) /i, "");
  const token = text === undefined ? undefined : service.state.tokens.get(text);
  if (text !== undefined && token === undefined) return restError(401, "Bad credentials");
  const repository = service.state.repositories.find((one) => fullName(one) === call.repository);
  // What one may not see is not there.
  if (repository === undefined || (repository.private && token?.repository !== repository)) {
    return restError(404, "Not Found");
  }
  const permission = routes[call.method][2];
  const granted = token?.repository === repository ? token.permissions[permission] : undefined;
  const writes = !isReading(call.method);
  // A public repository's runs can be read with any token, its archives with `actions: read`.
  const open =
    !repository.private &&
    !writes &&
    permission !== "administration" &&
    call.method !== "actions/download-artifact";
  const mayRead = permission === "metadata" || granted !== undefined;
  if (token?.repository === repository ? !mayRead || (writes && granted !== "write") : !open) {
    return restError(403, "Resource not accessible by integration");
  }
  return perform(service, call, repository, body);
}

function perform(
  service: RestService,
  call: RestCall,
  repository: Repository,
  given: unknown,
): Answer {
  const { state, apiUrl } = service;
  if (call.method === "repos/get") return json(200, repositoryPayload(apiUrl, repository));
  if (call.method.includes("runner")) return runnerAnswer(service, call, repository, given);
  if (call.method === "actions/list-workflow-runs") {
    const ofFile = state.runs.filter(
      (one) => one.repository === repository && one.workflow.endsWith(`/${call.file}`),
    );
    // A file that never ran is none, as far as the stand-in knows.
    if (ofFile.length === 0) return restError(404, "Not Found");
    const wanted = call.query.get("status");
    const runs = ofFile.filter((one) => wanted === null || wanted === one.conclusion).toReversed();
    return paged(service, call, runs, (total_count, page) => {
      const body: Body<"actions/list-workflow-runs", 200> = {
        total_count,
        workflow_runs: page.map((one) => runPayload(apiUrl, one)),
      };
      return body;
    });
  }
  if (call.method.endsWith("artifact")) return artifactAnswer(service, call, repository);

  const run = state.runs.find((one) => one.id === call.id && one.repository === repository);
  if (run === undefined) return restError(404, "Not Found");
  if (call.method === "actions/get-workflow-run") return json(200, runPayload(apiUrl, run));
  if (call.method === "actions/list-jobs-for-workflow-run") {
    const all = call.query.get("filter") === "all";
    const jobs = (all ? run.attempts : [newest(run)]).flatMap((attempt) => attempt.jobs);
    return paged(service, call, jobs, (total_count, page) => {
      const body: Body<"actions/list-jobs-for-workflow-run", 200> = {
        total_count,
        jobs: page.map((job) => jobPayload(apiUrl, run, job)),
      };
      return body;
    });
  }
  const name = call.query.get("name");
  const artifacts = visibleArtifacts(state, run).filter((one) => (name ?? one.name) === one.name);
  return paged(service, call, artifacts, (total_count, page) => {
    const body: Body<"actions/list-workflow-run-artifacts", 200> = {
      total_count,
      artifacts: page.map((artifact) => artifactPayload(apiUrl, artifact)),
    };
    return body;
  });
}

function artifactAnswer(service: RestService, call: RestCall, repository: Repository): Answer {
  const artifact = service.state.artifacts.find(
    (one) => one.id === call.id && one.run.repository === repository && one.state === "finalized",
  );
  if (artifact === undefined) return restError(404, "Not Found");
  if (call.method === "actions/get-artifact") {
    return json(200, artifactPayload(service.apiUrl, artifact));
  }
  if (call.method === "actions/delete-artifact") {
    artifact.state = "deleted";
    return { status: 204 };
  }
  if (expired(artifact)) return restError(410, "Artifact has expired");
  const path = service.blobs.sign(artifact.blob, "r", `${artifact.name}.zip`);
  return { status: 302, headers: { location: `${service.apiUrl}${path}` } };
}

function runnerAnswer(
  service: RestService,
  call: RestCall,
  repository: Repository,
  given: unknown,
): Answer {
  const { runners, state } = service;
  const there = runners.all.filter((one) => one.repository === repository && !one.removed);
  if (call.method === "actions/generate-runner-jitconfig-for-repo") {
    const wanted = newRunner.safeParse(given);
    if (!wanted.success) return restError(422, "Validation Failed");
    const { name } = wanted.data;
    if (there.some((one) => one.name === name)) {
      return restError(409, `Already exists - A runner with the name ${name} already exists.`);
    }
    const runner = runners.register(state.nextId++, repository, wanted.data);
    const body: JitConfig = { runner: runnerPayload(runner), encoded_jit_config: runner.config };
    return json(201, body);
  }
  if (call.method === "actions/delete-self-hosted-runner-from-repo") {
    const runner = there.find(({ id }) => id === call.id);
    if (runner === undefined) return restError(404, "Not Found");
    if (runner.job !== null) {
      const message = `Bad request - Runner "${runner.name}" is still running a job"`;
      return restError(422, message);
    }
    runner.removed = true;
    runner.session?.end();
    return { status: 204 };
  }
  const name = call.query.get("name");
  const shown = there.filter((one) => name === null || one.name === name);
  return paged(service, call, shown, (total_count, page) => {
    const body: Body<"actions/list-self-hosted-runners-for-repo", 200> = {
      total_count,
      runners: page.map(runnerPayload),
    };
    return body;
  });
}

type JitConfig = Body<"actions/generate-runner-jitconfig-for-repo", 201>;

/** One page, and the `link` header by which octokit finds the next. */
function paged<Item>(
  { apiUrl }: RestService,
  { query, path }: RestCall,
  items: readonly Item[],
  body: (total: number, page: readonly Item[]) => unknown,
): Answer {
  const size = Math.min(Number(query.get("per_page") ?? 30), 100);
  const page = Number(query.get("page") ?? 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (number: number, rel: string) => {
    const search = new URLSearchParams(query);
    search.set("page", String(number));
    return `<${apiUrl}${path}?${search}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, "prev"), link(1, "first")] : []),
    ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
  ];
  const shown = items.slice((page - 1) * size, page * size);
  return json(200, body(items.length, shown), links.length > 0 ? { link: links.join(", ") } : {});
}
