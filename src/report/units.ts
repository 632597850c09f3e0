import { relative } from "node:path";

export { bytes, counted, duration, grouped, rate } from "./quantities.ts";

/** A path as it is shortest: relative to the working directory, or absolute. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path) || ".";
  return short.length < path.length ? short : path;
}
