import { isAbsolute, relative, sep } from "node:path";
import type { RunRequest } from "../results/request.ts";
import type { Sweep } from "../sweep/sweep.ts";
import { redactText } from "./redact.ts";

/**
 * What a run was asked for with, as the journal may keep it: without the sweep's secrets, and
 * without what authorises in an address. Null for a sweep that no file says.
 *
 * @param out absolute path of the run folder.
 * @param secrets values that must not be kept.
 */
export function requestOf(
  { request }: Pick<Sweep, "request">,
  out: string,
  secrets: readonly string[],
): RunRequest | null {
  if (request === null) return null;
  const kept = (text: string) => redactText(withoutCredentials(text), secrets);
  const path = relative(process.cwd(), out);
  const isInside = path !== "" && !isAbsolute(path) && path.split(sep)[0] !== "..";
  return {
    ...request,
    params: request.params.map(kept),
    set: request.set.map(kept),
    out: isInside ? path.replaceAll(sep, "/") : out,
  };
}

/** Addresses carry credentials before their host (RFC 3986, 3.2.1) and, signed, in their query. */
function withoutCredentials(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi, "$1***@")
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s?#]*\?)[^\s#"',\]}]+/gi, "$1***");
}
