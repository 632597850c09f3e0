/** ACTIONS_RUNTIME_TOKEN: a JWT whose scopes name the attempt and the job to the artifact service. */

import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";

const secret = randomBytes(32);
const scope = /(?:^| )Actions\.Results:([^: ]+):([^: ]+)(?: |$)/;
const claimsSchema = z.object({ scp: z.string(), exp: z.number() });

/** `expiresAt`: the client does not look at it, the service does. */
export function runtimeToken(run: string, job: string, expiresAt: Date): string {
  const scp = `Actions.GenericRead:00000000-0000-0000-0000-000000000000 Actions.Results:${run}:${job}`;
  const claims = { scp, exp: Math.floor(expiresAt.getTime() / 1_000) };
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${sign(signed)}`;
}

/** The backend ids of a token; null for one that is not ours, changed or expired. */
export function readRuntimeToken(token: string | undefined): { run: string; job: string } | null {
  const [header, payload, signature] = token?.split(".") ?? [];
  if (payload === undefined || signature !== sign(`${header}.${payload}`)) return null;
  const claims = claimsSchema.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  const [, run, job] = scope.exec(claims.scp) ?? [];
  if (run === undefined || job === undefined || claims.exp * 1_000 <= Date.now()) return null;
  return { run, job };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function sign(text: string): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}
