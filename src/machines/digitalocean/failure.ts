import { z } from "zod";
import { ProviderError, type ProviderErrorKind } from "../provider.ts";

/**
 * What went wrong with a call, as plain data: the client's own errors hold the request, and with it
 * the token, so they are read here and dropped.
 */
export interface Failure {
  /** Null where there was no answer. */
  readonly status: number | null;
  /** In DigitalOcean's words, or what became of the connection. */
  readonly said: string;
  /** Milliseconds that it asks us to wait, or null. */
  readonly retryAfter: number | null;
}

/** What was asked. */
export interface Asked {
  /** Begins messages: `Cannot list droplets`. */
  readonly action: string;
  /** Whether it is about one thing that may be gone, so that 404 says no more than that. */
  readonly oneThing: boolean;
}

const ANSWERED = z.object({
  response: z.object({
    status: z.number(),
    data: z.unknown(),
    headers: z.looseObject({}),
  }),
});
const TOLD = z.object({ message: z.string() });
const BROKEN = z.object({ code: z.string() });

/** The failure that the client's error stands for. */
export function failureOf(error: unknown): Failure {
  const answered = ANSWERED.safeParse(error);
  if (!answered.success) {
    const code = BROKEN.safeParse(error).data?.code;
    const said = code === undefined ? "no answer" : `no answer (${code})`;
    return { status: null, said, retryAfter: null };
  }
  const { status, data, headers } = answered.data.response;
  const message = TOLD.safeParse(data).data?.message;
  const said = message === undefined ? `HTTP ${status}` : `HTTP ${status}, ${line(message)}`;
  return { status, said, retryAfter: status === 429 ? waitAsked(headers) : null };
}

const line = (text: string) => text.replaceAll(/\s+/g, " ").slice(0, 300);

/** A full minute tells how long to wait, a full hour only when the first of its calls is forgotten. */
function waitAsked(headers: Readonly<Record<string, unknown>>): number | null {
  const { date, "retry-after": seconds, "ratelimit-reset": reset } = headers;
  if (isCount(seconds)) return Number(seconds) * 1000;
  const now = typeof date === "string" ? Date.parse(date) : Number.NaN;
  if (!isCount(reset) || Number.isNaN(now)) return null;
  return Math.max(1000, Number(reset) * 1000 - now);
}

const isCount = (value: unknown) => typeof value === "string" && /^\d+$/.test(value);

/** The error that a failure comes to, with what to do about it. */
export function providerError(failure: Failure, { action, oneThing }: Asked): ProviderError {
  const kind = kindOf(failure, oneThing);
  return new ProviderError(kind, `${action}: ${failure.said}\n${remedy(kind, failure)}`);
}

/**
 * The API has one status, 422, for most refusals, and no codes: its words decide. A limit has also
 * been seen with 403.
 */
function kindOf({ status, said }: Failure, oneThing: boolean): ProviderErrorKind {
  if (status === null || status === 408 || status === 429 || status >= 500) return "unavailable";
  if (status === 401) return "auth";
  // Collections are always there: a token that does not exist is said to get this, too.
  if (status === 404) return oneThing ? "missing" : "auth";
  if (/pending event|is locked/i.test(said)) return "unavailable";
  if (/droplet limit|limit .*droplets/i.test(said)) return "limit";
  if (status === 403) return "forbidden";
  if (/not available|unavailable|restricted|sold out|out of (?:stock|capacity)/i.test(said)) {
    return "out-of-stock";
  }
  return "invalid";
}

/** Of a token with custom scopes, for all that is done here. */
const SCOPES =
  "account:read, actions:read, droplet:create, droplet:read, droplet:update, droplet:delete, " +
  "image:read, regions:read, sizes:read, ssh_key:read, tag:create, tag:read, vpc:read";

const TOKENS = "https://cloud.digitalocean.com/account/api/tokens";

function remedy(kind: ProviderErrorKind, { status, retryAfter }: Failure): string {
  switch (kind) {
    case "auth":
      return `The token is wrong or has expired: make a new one at ${TOKENS} and set DIGITALOCEAN_TOKEN.`;
    case "forbidden":
      return `The token may not do this. Give it full access at ${TOKENS}, or these scopes: ${SCOPES}.`;
    case "limit":
      return "Remove droplets that are not needed, ask for fewer, or have the account's droplet limit raised in the control panel (Settings, Team).";
    case "out-of-stock":
      return "Choose another size or region: `sim-pipeline machines sizes` lists what can be had.";
    case "missing":
      return "It is gone, or belongs to another account than the token's.";
    case "invalid":
      return "Check the request: `sim-pipeline machines sizes` lists sizes and regions.";
    case "unavailable":
      if (status === 429) {
        const seconds = retryAfter === null ? "a minute" : `${Math.ceil(retryAfter / 1000)} s`;
        return `DigitalOcean limits how often an account asks it: come back in ${seconds}.`;
      }
      return "Check the network and https://status.digitalocean.com, then try again.";
  }
}
