/**
 * The artifact service of GitHub Actions, version 4, as @actions/artifact 6 calls it: Twirp, JSON
 * with proto field names. What it answers in cases that GitHub has not documented is noted there.
 */

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Answer, json } from "./answer.ts";
import type { Blobs } from "./blobs.ts";
import {
  type Artifact,
  type Attempt,
  expired,
  type Job,
  type Run,
  type State,
  visibleArtifacts,
} from "./state.ts";
import { readRuntimeToken } from "./token.ts";

export const artifactMethods = [
  "CreateArtifact",
  "FinalizeArtifact",
  "ListArtifacts",
  "GetSignedArtifactURL",
  "DeleteArtifact",
] as const;
export type ArtifactMethod = (typeof artifactMethods)[number];

export interface ArtifactService {
  readonly state: State;
  readonly blobs: Blobs;
  /** How many a job may create. */
  readonly limit: number;
  /** Where the signed URLs lead: this server. */
  readonly origin: string;
}

/** https://twitchtv.github.io/twirp/docs/spec_v7.html#error-codes */
const codes = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  409: "already_exists",
  429: "resource_exhausted",
  500: "internal",
  503: "unavailable",
} as const;

export function twirpError(status: number, msg: string): Answer {
  const known = Object.entries(codes).find(([code]) => Number(code) === status);
  return json(status, { code: known?.[1] ?? "unknown", msg });
}

const ids = { workflow_run_backend_id: z.string(), workflow_job_run_backend_id: z.string() };
const requests = {
  CreateArtifact: z.strictObject({
    ...ids,
    name: z.string().min(1),
    version: z.int().min(4),
    expires_at: z.iso.datetime().optional(),
    mime_type: z.string().optional(),
  }),
  FinalizeArtifact: z.strictObject({
    ...ids,
    name: z.string(),
    size: z.string().regex(/^\d+$/).optional(),
    hash: z.string().optional(),
  }),
  ListArtifacts: z.strictObject({
    ...ids,
    name_filter: z.string().optional(),
    id_filter: z.string().optional(),
  }),
  named: z.strictObject({ ...ids, name: z.string() }),
};

/** Who asks: the attempt and job that the bearer token is for. */
interface Caller {
  readonly run: Run;
  readonly attempt: Attempt;
  readonly job: Job;
}

export async function answerArtifacts(
  service: ArtifactService,
  method: ArtifactMethod,
  authorization: string | undefined,
  body: unknown,
): Promise<Answer> {
  const caller = findCaller(service.state, authorization);
  if (caller === null) return twirpError(401, "invalid token");
  try {
    switch (method) {
      case "CreateArtifact":
        return create(service, caller, requests.CreateArtifact.parse(body));
      case "FinalizeArtifact":
        return await finalize(service, caller, requests.FinalizeArtifact.parse(body));
      case "ListArtifacts":
        return list(service, caller, requests.ListArtifacts.parse(body));
      case "GetSignedArtifactURL":
        return signedUrl(service, caller, requests.named.parse(body));
      case "DeleteArtifact":
        return remove(service, caller, requests.named.parse(body));
    }
  } catch (error) {
    if (error instanceof z.ZodError) return twirpError(400, z.prettifyError(error));
    throw error;
  }
}

function findCaller(state: State, authorization: string | undefined): Caller | null {
  const token = readRuntimeToken(authorization?.replace(/^Bearer /, ""));
  for (const run of token === null ? [] : state.runs) {
    const attempt = run.attempts.find(({ backendId }) => backendId === token?.run);
    const job = attempt?.jobs.find(({ backendId }) => backendId === token?.job);
    if (attempt !== undefined && job !== undefined) return { run, attempt, job };
  }
  return null;
}

interface Ids {
  workflow_run_backend_id: string;
  workflow_job_run_backend_id: string;
}

/** A job writes into its own attempt alone. */
function isOwn(caller: Caller, asked: Ids): boolean {
  return (
    asked.workflow_run_backend_id === caller.attempt.backendId &&
    asked.workflow_job_run_backend_id === caller.job.backendId
  );
}

function create(
  { state, blobs, limit, origin }: ArtifactService,
  caller: Caller,
  asked: z.infer<typeof requests.CreateArtifact>,
): Answer {
  if (!isOwn(caller, asked)) return twirpError(403, "not this job's run");
  const there = state.artifacts.filter(({ state }) => state !== "deleted");
  if (there.some(({ attempt, name }) => attempt === caller.attempt && name === asked.name)) {
    return twirpError(409, "an artifact with this name already exists on the workflow run");
  }
  // Deleted ones count too. GitHub's own words for this are not documented.
  if (state.artifacts.filter(({ job }) => job === caller.job).length >= limit) {
    return twirpError(403, `the limit of ${limit} artifacts for this job is reached`);
  }
  const days = 90;
  const latest = Date.now() + days * 86_400_000;
  const wanted = asked.expires_at === undefined ? latest : Date.parse(asked.expires_at);
  const artifact: Artifact = {
    id: state.nextId++,
    name: asked.name,
    ...caller,
    blob: `${randomUUID()}.zip`,
    createdAt: new Date(),
    expiresAt: new Date(Math.min(wanted, latest)),
    state: "created",
    size: 0,
    digest: null,
  };
  state.artifacts.push(artifact);
  return json(200, { ok: true, signed_upload_url: `${origin}${blobs.sign(artifact.blob, "cw")}` });
}

async function finalize(
  { state, blobs }: ArtifactService,
  caller: Caller,
  asked: z.infer<typeof requests.FinalizeArtifact>,
): Promise<Answer> {
  if (!isOwn(caller, asked)) return twirpError(403, "not this job's run");
  const artifact = state.artifacts.find(
    (one) => one.job === caller.job && one.name === asked.name && one.state !== "deleted",
  );
  if (artifact === undefined) return twirpError(404, "artifact not found");
  // That a second one is refused, and in which words, is a guess.
  if (artifact.state === "finalized") return twirpError(409, "artifact is already finalized");
  const blob = await blobs.read(artifact.blob);
  const size = Number(asked.size ?? 0);
  if (blob === null || blob.size !== size || (asked.hash ?? blob.digest) !== blob.digest) {
    return twirpError(400, "the uploaded blob does not match its size and hash");
  }
  artifact.state = "finalized";
  artifact.size = size;
  artifact.digest = asked.hash ?? null;
  return json(200, { ok: true, artifact_id: String(artifact.id) });
}

function list(
  { state }: ArtifactService,
  caller: Caller,
  asked: z.infer<typeof requests.ListArtifacts>,
): Answer {
  if (!isOwn(caller, asked)) return twirpError(403, "not this job's run");
  const artifacts = visibleArtifacts(state, caller.run, caller.attempt)
    .filter((artifact) => !expired(artifact))
    .filter(({ name }) => (asked.name_filter ?? name) === name)
    .filter(({ id }) => (asked.id_filter ?? String(id)) === String(id));
  return json(200, {
    artifacts: artifacts.map((artifact) => ({
      workflow_run_backend_id: artifact.attempt.backendId,
      workflow_job_run_backend_id: artifact.job.backendId,
      database_id: String(artifact.id),
      name: artifact.name,
      size: String(artifact.size),
      created_at: artifact.createdAt.toISOString(),
      ...(artifact.digest !== null && { digest: artifact.digest }),
    })),
  });
}

/** The visible artifact that a request names by its own backend ids, as the listing gave them. */
function named(state: State, caller: Caller, asked: z.infer<typeof requests.named>) {
  return visibleArtifacts(state, caller.run, caller.attempt).findLast(
    (artifact) =>
      artifact.name === asked.name &&
      artifact.attempt.backendId === asked.workflow_run_backend_id &&
      !expired(artifact),
  );
}

function signedUrl(
  { state, blobs, origin }: ArtifactService,
  caller: Caller,
  asked: z.infer<typeof requests.named>,
): Answer {
  const artifact = named(state, caller, asked);
  if (artifact === undefined) return twirpError(404, "artifact not found");
  const path = blobs.sign(artifact.blob, "r", `${artifact.name}.zip`);
  return json(200, { signed_url: `${origin}${path}` });
}

function remove(
  { state }: ArtifactService,
  caller: Caller,
  asked: z.infer<typeof requests.named>,
): Answer {
  const artifact = named(state, caller, asked);
  if (artifact === undefined) return twirpError(404, "artifact not found");
  artifact.state = "deleted";
  return json(200, { ok: true, artifact_id: String(artifact.id) });
}
