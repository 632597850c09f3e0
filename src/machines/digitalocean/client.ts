import { createApiClient } from "dots-wrapper";
import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { type Asked, type Failure, failureOf, providerError } from "./failure.ts";
import { pace, type Timer } from "./pace.ts";

export type Dots = ReturnType<typeof createApiClient>;

/** A call of the API, and what may be done when it fails. */
export interface Call<T> extends Asked {
  send(dots: Dots): Promise<{ readonly data: unknown; readonly headers: object }>;
  readonly schema: z.ZodType<T>;
  /** Whether it may be sent again when nobody knows what became of it. */
  readonly repeatable: boolean;
}

export interface Answer<T> {
  readonly data: T;
  /** When it was given, by DigitalOcean's clock, in milliseconds since 1970; null where not told. */
  readonly date: number | null;
}

/** @throws ProviderError, or the signal's reason as soon as that aborts. */
export type Api = <T>(call: Call<T>, signal: AbortSignal) => Promise<Answer<T>>;

const ATTEMPTS = 5;
const FIRST_PAUSE = 1000;
/** The limit per minute passes in less; what asks for more is not waited for. */
const LONGEST_PAUSE = 90_000;

/**
 * Calls with a time limit and inside the rate limits: 429 holds all calls back for as long as it
 * asks; broken connections and failures of the API's own (5xx) are tried again where a call may be
 * repeated. A call that is given up goes on in the background until `patience` is over, since the
 * client library cannot abort one.
 */
export function connect(options: {
  readonly token: string;
  /** With the version's path. */
  readonly endpoint: string;
  /** Milliseconds after which a call counts as broken. */
  readonly patience: number;
  readonly timer: Timer;
}): Api {
  const { token, endpoint, patience, timer } = options;
  const dots = createApiClient({ token, endpoint, requestTimeoutInMs: patience });
  const { ready, hold } = pace(timer);

  async function attempt<T>(call: Call<T>, signal: AbortSignal): Promise<Answer<T> | Failure> {
    const limit = AbortSignal.timeout(patience);
    try {
      const answer = await givenUp(call.send(dots), AbortSignal.any([signal, limit]));
      const parsed = call.schema.safeParse(answer.data);
      if (parsed.success) return { data: parsed.data, date: dateOf(answer.headers) };
      const at = parsed.error.issues[0]?.path.join(".");
      return broken(`an answer that is not as documented${at ? ` (${at})` : ""}`);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) return broken(`no answer within ${patience / 1000} s`);
      const failure = failureOf(error);
      return { ...failure, said: failure.said.replaceAll(token, "[token]") };
    }
  }

  return async (call, signal) => {
    for (let tried = 1; ; tried++) {
      await ready(signal);
      const result = await attempt(call, signal);
      if ("data" in result) return result;
      const error = providerError(result, call);
      const limited = result.status === 429;
      const again = limited || (call.repeatable && error.kind === "unavailable");
      const pause = result.retryAfter ?? FIRST_PAUSE * 2 ** (tried - 1);
      if (limited) hold(Math.min(pause, LONGEST_PAUSE));
      if (!again || tried === ATTEMPTS || pause > LONGEST_PAUSE) throw error;
      if (!limited) await timer.wait(pause, signal);
    }
  };
}

const broken = (said: string): Failure => ({ status: null, said, retryAfter: null });

const DATED = z.object({ date: z.string() });

function dateOf(headers: object): number | null {
  const date = Date.parse(DATED.safeParse(headers).data?.date ?? "");
  return Number.isNaN(date) ? null : date;
}

/** What `work` comes to, or the signal's reason as soon as it aborts. */
async function givenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Where the API is and who asks, from the environment, by doctl's names. */
export interface Account {
  readonly token: string;
  readonly endpoint: string;
  /** Ids or fingerprints of SSH keys of the account that new droplets get besides ours. */
  readonly sshKeys: readonly (string | number)[];
}

/** @throws ProviderError `auth` without a usable token, `invalid` for another wrong setting. */
export function accountOf(env: NodeJS.ProcessEnv): Account {
  const token = (env.DIGITALOCEAN_TOKEN || env.DIGITALOCEAN_ACCESS_TOKEN || "").trim();
  if (token === "") {
    throw new ProviderError(
      "auth",
      "There is no token for DigitalOcean.\nMake one at https://cloud.digitalocean.com/account/api/tokens and set DIGITALOCEAN_TOKEN (or DIGITALOCEAN_ACCESS_TOKEN).",
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ProviderError(
      "auth",
      "The token in DIGITALOCEAN_TOKEN has characters that no token has: set it again, without spaces or line breaks.",
    );
  }
  return {
    token,
    endpoint: `${apiUrl(env.DIGITALOCEAN_API_URL || "https://api.digitalocean.com")}/v2`,
    sshKeys: sshKeys(env.DIGITALOCEAN_SSH_KEYS ?? ""),
  };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

function apiUrl(text: string): string {
  const url = URL.parse(text);
  const secure =
    url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname));
  if (url !== null && secure) return text.replace(/\/+$/, "");
  throw new ProviderError(
    "invalid",
    "DIGITALOCEAN_API_URL must be an https:// address (http:// only of this machine), or the token would be sent unencrypted.",
  );
}

function sshKeys(text: string): (string | number)[] {
  const keys = text
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "");
  const wrong = keys.find((key) => !/^(?:\d+|[0-9a-f]{2}(?::[0-9a-f]{2}){15})$/i.test(key));
  if (wrong === undefined) return keys.map((key) => (key.includes(":") ? key : Number(key)));
  throw new ProviderError(
    "invalid",
    `DIGITALOCEAN_SSH_KEYS: ${JSON.stringify(wrong)} is neither a key's id nor its MD5 fingerprint.\nBoth are shown by \`doctl compute ssh-key list\`, and the fingerprints in the control panel (Settings, Security).`,
  );
}
