/**
 * A stand-in for GitHub: the artifact service with azurite behind its signed URLs, and the REST API,
 * for unmodified clients. They reach it by the variables that GitHub sets for a job: `env`.
 */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { findAzurite } from "../lab.ts";
import type { Answer } from "./answer.ts";
import { type ArtifactMethod, answerArtifacts, artifactMethods, twirpError } from "./artifacts.ts";
import { type Blobs, blobOf, startBlobs } from "./blobs.ts";
import { type EnvironmentOptions, jobEnvironment } from "./environment.ts";
import { type Fault, newFaults } from "./faults.ts";
import {
  answerRest,
  isRestMethod,
  type Rate,
  type RestMethod,
  restCall,
  restError,
} from "./rest.ts";
import { newRunnerPool, type QueuedJob, type Runner } from "./runners.ts";
import * as state from "./state.ts";

type BlobMethod = "PutBlock" | "PutBlockList" | "PutBlob" | "GetBlob";
export type Method = ArtifactMethod | RestMethod | BlobMethod;

/** A call as it came; `status` is null as long as it is under way, and after a reset. */
export interface Call {
  readonly method: Method | "unknown";
  readonly path: string;
  status: number | null;
}

export interface GitHub extends AsyncDisposable {
  readonly apiUrl: string;
  readonly resultsUrl: string;
  /** octo-org/sims */
  readonly repository: state.Repository;
  /** In the order in which they came. */
  readonly calls: readonly Call[];
  addRepository(options: state.RepositoryOptions): state.Repository;
  /** A new run, its first attempt. */
  startRun(options?: state.RunOptions): state.Run;
  /** The run's next attempt, of all jobs or only of those that failed. */
  rerun(run: state.Run, jobs: "all" | "failed"): void;
  finish(run: state.Run, conclusion: "success" | "failure" | "cancelled"): void;
  /** What GitHub sets for a job of the run's newest attempt: all of it, and no more than that. */
  env(run: state.Run, options?: EnvironmentOptions): Promise<Record<string, string>>;
  /** A token of other permissions than the run's own, `run.token`. */
  token(repository: state.Repository, permissions: state.Permissions): string;
  /** All runners that were ever registered. */
  runners(): readonly Runner[];
  /** A job for a runner with this label: a shell command. */
  queueJob(name: string, label: string, script: string): QueuedJob;
  fail(method: Method, fault: Fault): void;
  /** So many REST calls are left; the next one after them gets 403 until `resetAt`. */
  limitRate(remaining: number, resetAt?: Date): void;
  /** All artifacts, also deleted ones and those whose finalize never came; of one run or of all. */
  artifacts(run?: state.Run): readonly state.Artifact[];
  expire(artifact: state.Artifact): void;
  /** The zip as the client uploaded it. */
  zip(artifact: state.Artifact): Promise<Buffer>;
}

export interface GitHubOptions {
  /** GitHub's limit is 500, the default. */
  readonly artifactsPerJob?: number;
  /** Where runners find this machine's loopback; default: it is their own. */
  readonly runnersReach?: string;
}

/** Throws where the lab has no azurite. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const program = findAzurite();
  if (program === null) throw new Error("no azurite: run scripts/lab/up.sh");
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-github-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const blobs = cleanup.use(await startBlobs(program));
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanup.defer(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const apiUrl = `http://127.0.0.1:${address.port}`;

  const world = state.newState();
  const repository = state.addRepository(world, { owner: "octo-org", name: "sims" });
  const faults = newFaults<Method>();
  const calls: Call[] = [];
  const rate: Rate = { limit: 1_000, remaining: 1_000, resetAt: new Date(Date.now() + 3_600_000) };
  const limit = options.artifactsPerJob ?? 500;
  const runners = newRunnerPool(`http://${options.runnersReach ?? "127.0.0.1"}:${address.port}`);
  const services = { state: world, blobs, rate, limit, origin: apiUrl, apiUrl, runners };

  server.on("request", (request, response) => {
    const url = new URL(request.url ?? "/", apiUrl);
    const own = /^\/_runner\/(\w+)$/.exec(url.pathname)?.[1];
    if (own !== undefined) {
      runners.answer(own, request, response).catch(() => response.destroy());
      return;
    }
    const method = methodOf(request, url);
    const call: Call = { method, path: url.pathname, status: null };
    calls.push(call);
    const fault = method === "unknown" ? null : faults.take(method);
    respond(request, response, call, fault, () => answer(services, request, url, method)).catch(
      (error: unknown) => {
        // The client went away, or a bug of the stand-in's own, which must be seen.
        if (!request.destroyed) console.error("the stand-in for GitHub:", error);
        response.destroy();
      },
    );
  });
  const owned = cleanup.move();

  return {
    apiUrl,
    resultsUrl: apiUrl,
    repository,
    calls,
    addRepository: (added) => state.addRepository(world, added),
    startRun: (started = {}) => state.addRun(world, started),
    rerun: (run, jobs) => {
      state.addAttempt(run, jobs);
    },
    finish: (run, conclusion) => {
      run.status = "completed";
      run.conclusion = conclusion;
      for (const job of state.newest(run).jobs) job.conclusion ??= conclusion;
    },
    env: (run, wanted = {}) =>
      jobEnvironment(world, { apiUrl, resultsUrl: apiUrl }, folder, run, wanted),
    token: (of, permissions) => state.addToken(world, { repository: of, permissions }),
    runners: () => runners.all,
    queueJob: (name, label, script) => runners.queue({ name, label, script }),
    fail: (method, fault) => faults.add(method, fault),
    limitRate: (remaining, resetAt) => {
      rate.remaining = remaining;
      if (resetAt !== undefined) rate.resetAt = resetAt;
    },
    artifacts: (run) => world.artifacts.filter((one) => run === undefined || one.run === run),
    expire: (artifact) => {
      artifact.expiresAt = new Date(0);
    },
    zip: async (artifact) => {
      const blob = await blobs.read(artifact.blob);
      if (blob === null) throw new Error(`nothing was uploaded for ${artifact.name}`);
      return blob.bytes;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function methodOf(request: IncomingMessage, url: URL): Method | "unknown" {
  const twirp = "/twirp/github.actions.results.api.v1.ArtifactService/";
  if (url.pathname.startsWith(twirp)) {
    const name = url.pathname.slice(twirp.length);
    return artifactMethods.find((method) => method === name) ?? "unknown";
  }
  if (blobOf(url.pathname) !== null) {
    if (request.method !== "PUT") return "GetBlob";
    const part = url.searchParams.get("comp");
    return part === "block" ? "PutBlock" : part === "blocklist" ? "PutBlockList" : "PutBlob";
  }
  return restCall(request.method ?? "", url, undefined)?.method ?? "unknown";
}

async function answer(
  services: Parameters<typeof answerRest>[0] & Parameters<typeof answerArtifacts>[0],
  request: IncomingMessage,
  url: URL,
  method: Method | "unknown",
): Promise<Answer> {
  const { authorization } = request.headers;
  const artifactMethod = artifactMethods.find((one) => one === method);
  if (artifactMethod !== undefined) {
    const body: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString());
    return answerArtifacts(services, artifactMethod, authorization, body);
  }
  if (blobOf(url.pathname) !== null) return answerBlob(services, request, url);
  const call = restCall(request.method ?? "", url, authorization);
  if (call === null) return restError(404, "Not Found");
  const body =
    request.method === "POST" ? Buffer.concat(await request.toArray()).toString() : "null";
  return answerRest(services, call, JSON.parse(body));
}

/** A finalized artifact cannot be changed any more, although the upload's signature still holds. */
async function answerBlob(
  { state: world, blobs }: { state: state.State; blobs: Blobs },
  request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const blob = blobOf(url.pathname);
  const artifact = world.artifacts.find((one) => one.blob === blob);
  if (request.method === "PUT" && artifact?.state !== "created") {
    return blobError(409, "BlobImmutableDueToPolicy");
  }
  return blobs.forward(request);
}

function blobError(status: number, code: string): Answer {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code></Error>`;
  return { status, headers: { "content-type": "application/xml", "x-ms-error-code": code }, body };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  call: Call,
  fault: Fault | null,
  perform: () => Promise<Answer>,
): Promise<void> {
  let sent = fault === null || fault.when === "after" ? await perform() : null;
  if (fault?.failure === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  if (fault !== null) sent = failure(call.method, fault.failure);
  if (sent === null) return;
  // What is left of a body that nobody wants must not stop the answer.
  request.resume();
  call.status = sent.status;
  response.writeHead(sent.status, sent.headers);
  if (sent.body === undefined || typeof sent.body === "string") response.end(sent.body);
  else await pipeline(sent.body, response);
}

function failure(method: Call["method"], how: Exclude<Fault["failure"], "reset">): Answer {
  const message = how.message ?? "an injected fault";
  const made = isRestMethod(method)
    ? restError(how.status, message)
    : artifactMethods.some((one) => one === method)
      ? twirpError(how.status, message)
      : blobError(how.status, how.status === 503 ? "ServerBusy" : "InternalError");
  return { ...made, headers: { ...made.headers, ...how.headers } };
}
