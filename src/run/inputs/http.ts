import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { ReportedError } from "../../sweep/errors.ts";
import { reasonOf, TransientError, type Wait, withRetries } from "./retry.ts";

/** What every download has at hand. */
export interface Network {
  readonly signal: AbortSignal;
  readonly wait: Wait;
}

const MAX_REDIRECTS = 10;

/** What says that a file at an https:// address is still the same. */
const VALIDATORS = z.object({ etag: z.string().nullable(), modified: z.string().nullable() });

/**
 * Downloads an https:// address to the path `target`, unless `known`, what an earlier download
 * returned, still holds: then nothing is written.
 *
 * @returns what to give as `known` next time, or null where the server has no means for it;
 *   "unchanged" where it holds.
 * @throws ReportedError (3) with address and status.
 */
export async function downloadHttps(
  address: string,
  known: string | null,
  target: string,
  network: Network,
): Promise<string | null | "unchanged"> {
  const headers = new Headers();
  if (known !== null) {
    const { etag, modified } = VALIDATORS.parse(JSON.parse(known));
    if (etag !== null) headers.set("if-none-match", etag);
    else if (modified !== null) headers.set("if-modified-since", modified);
  }
  return await request(address, headers, network, async (response) => {
    if (response.status === 304) return "unchanged";
    await saveBody(response, target, network.signal);
    const etag = response.headers.get("etag");
    const modified = response.headers.get("last-modified");
    return etag === null && modified === null ? null : JSON.stringify({ etag, modified });
  });
}

/**
 * Makes a GET request and hands the answer, 2xx or 304, to `use`, again from the start when the
 * connection breaks or the server fails for the moment. Redirects are followed. Messages call the
 * address `shown`.
 *
 * @throws ReportedError (3) with address and status.
 */
export async function request<T>(
  address: string,
  headers: Headers,
  network: Network,
  use: (response: Response) => Promise<T>,
  shown = withoutQuery(address),
): Promise<T> {
  try {
    return await withRetries(async () => {
      const response = await follow(new URL(address), headers, network.signal, shown);
      if (response.ok || (response.status === 304 && isConditional(headers))) {
        return await use(response);
      }
      // The rest of the answer would keep the connection busy.
      await response.body?.cancel();
      throw failure(shown, response);
    }, network);
  } catch (error) {
    if (error instanceof ReportedError) throw error;
    network.signal.throwIfAborted();
    throw new ReportedError(
      3,
      `Cannot download the input ${shown}: ${reasonOf(error)}\n` +
        "Check the address and the network, then run again: nothing has started.",
      { cause: error },
    );
  }
}

/** Writes an answer's whole body to a new file. */
export async function saveBody(
  response: Response,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const body = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body);
  await pipeline(body, createWriteStream(target), { signal });
}

/** By hand, since fetch would follow a redirect to http:// as well. */
async function follow(
  start: URL,
  headers: Headers,
  signal: AbortSignal,
  shown: string,
): Promise<Response> {
  let url = start;
  let sent = headers;
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, { headers: plain(sent), redirect: "manual", signal });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status === 304 || response.status > 399) return response;
    if (location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, url);
    if (next.protocol !== "https:" && url.protocol === "https:") {
      throw refused(
        shown,
        `it redirects to ${next.protocol}//${next.host}, which is not encrypted`,
      );
    }
    if (redirects === MAX_REDIRECTS) throw refused(shown, `it redirects over and over`);
    if (next.host !== url.host) {
      // A token is for the host that the user named.
      sent = new Headers(sent);
      sent.delete("authorization");
    }
    url = next;
  }
}

/** Asks for the bytes as they are, so that what is kept is what the address names. */
function plain(headers: Headers): Headers {
  const all = new Headers(headers);
  all.set("accept-encoding", "identity");
  return all;
}

function isConditional(headers: Headers): boolean {
  return headers.has("if-none-match") || headers.has("if-modified-since");
}

function failure(shown: string, response: Response): Error {
  const { status, statusText } = response;
  const said = `HTTP ${status} ${statusText}`.trimEnd();
  if (status === 408 || status === 429 || status >= 500) {
    return new TransientError(said, retryAfter(response.headers.get("retry-after")));
  }
  const remedy =
    status === 401 || status === 403
      ? "It needs a permission that this request does not have: check address and credentials."
      : status === 404 || status === 410
        ? "There is nothing at this address: check `inputs`."
        : "Check the address in `inputs`.";
  return new ReportedError(3, `Cannot download the input ${shown}: ${said}\n${remedy}`);
}

/** Seconds or a date (RFC 9110, 10.2.3), as milliseconds from now. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  const wait = /^[0-9]+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}

function refused(shown: string, reason: string): ReportedError {
  return new ReportedError(
    3,
    `Cannot download the input ${shown}: ${reason}.\nWrite the address that it leads to.`,
  );
}

/** A signed address holds its secret in the query. */
function withoutQuery(address: string): string {
  const [start] = address.split(/[?#]/, 1);
  return start === address || start === undefined ? address : `${start}?...`;
}
