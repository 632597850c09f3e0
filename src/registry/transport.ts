import { isIPv4 } from "node:net";
import { z } from "zod";
import { type Fault, faultOf, type RegistryError, registryError } from "./faults.ts";

/** HTTP to one registry, with its failures as RegistryErrors. */
export interface Transport {
  readonly host: string;
  /** Scheme and host. */
  readonly origin: string;
  /** Resolves with any answer, of whatever status. */
  send(url: string, init?: RequestInit): Promise<Response>;
  /** What an answer holds. */
  bytes(answer: Response): Promise<Uint8Array<ArrayBuffer>>;
  json(answer: Response): Promise<unknown>;
  /** The error that an answer stands for; `what` goes before what the registry said. */
  refusal(answer: Response, what?: string): Promise<RegistryError>;
  foreign(said: string): RegistryError;
}

/** Milliseconds after which a request counts as broken. */
const PATIENCE = 30_000;

/** `action` begins the messages of errors: `Cannot reach ghcr.io/org/app`. */
export function transport(
  { host, origin }: Pick<Transport, "host" | "origin">,
  action: string,
  signal: AbortSignal,
): Transport {
  const broken = (cause: unknown): RegistryError => {
    signal.throwIfAborted();
    return connectionError(host, action, cause);
  };
  const foreign = (said: string) => registryError("foreign", { host, action, said });
  const bytes = async (answer: Response) => {
    try {
      return new Uint8Array(await answer.arrayBuffer());
    } catch (cause) {
      throw broken(cause);
    }
  };
  return {
    host,
    origin,
    foreign,
    bytes,
    send: async (url, init = {}) => {
      try {
        const patience = AbortSignal.timeout(PATIENCE);
        return await fetch(url, { ...init, signal: AbortSignal.any([signal, patience]) });
      } catch (cause) {
        throw broken(cause);
      }
    },
    json: async (answer) => {
      const text = new TextDecoder().decode(await bytes(answer));
      try {
        return JSON.parse(text);
      } catch {
        // Without the cause, which would quote what may be a token.
        throw foreign("it answered with no JSON");
      }
    },
    refusal: async (answer, what = "") => {
      const text = await answer.text().catch(() => "");
      return registryError(faultOf(answer.status), {
        host,
        action,
        said: `${what}HTTP ${answer.status}${wordsOf(text)}`,
        retryAfter: retryAfter(answer),
      });
    },
  };
}

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().default("") })).min(1),
});

/** What a registry's error says of itself, cut to a line. */
function wordsOf(text: string): string {
  let parsed: ReturnType<typeof errorsSchema.safeParse>;
  try {
    parsed = errorsSchema.safeParse(JSON.parse(text));
  } catch {
    // A page of a proxy in between says nothing that would help.
    return "";
  }
  const [first] = parsed.data?.errors ?? [];
  if (first === undefined) return "";
  return `, ${first.code}: ${first.message}`.replaceAll(/\s+/g, " ").slice(0, 300);
}

/** Milliseconds of a Retry-After in seconds or as a date. */
function retryAfter(answer: Response): number | null {
  const header = answer.headers.get("retry-after");
  if (header === null) return null;
  const milliseconds = /^\d+$/.test(header)
    ? Number(header) * 1000
    : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : null;
}

/** Where a registry answers; loopback ones are spoken to without TLS, as Docker does. */
export function originOf(host: string): string {
  if (host === "docker.io") return "https://registry-1.docker.io";
  return `${isLoopback(host) ? "http" : "https"}://${host}`;
}

function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || (isIPv4(name) && name.startsWith("127."));
}

/** Why a request got no answer, told apart by the codes of Node and its fetch. */
function connectionError(host: string, action: string, cause: unknown): RegistryError {
  const codes = codesOf(cause);
  const has = (pattern: RegExp) => codes.some((code) => pattern.test(code));
  const [fault, said]: [Fault, string] = has(/^ENOTFOUND$/)
    ? ["unknown-host", "no such host"]
    : has(/CERT|^ERR_TLS|^ERR_SSL|SELF_SIGNED|^EPROTO$/)
      ? ["untrusted", "no secure connection"]
      : ["unreachable", "no answer"];
  const [code] = codes;
  const shown = code === undefined ? said : `${said} (${code})`;
  return registryError(fault, { host, action, said: shown, cause });
}

function codesOf(error: unknown): string[] {
  const found: string[] = [];
  for (let at = error; at instanceof Error && found.length < 10; at = at.cause) {
    if ("code" in at && typeof at.code === "string") found.push(at.code);
    else if (at.name === "TimeoutError") found.push("ETIMEDOUT");
  }
  return found;
}
