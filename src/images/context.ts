import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import dockerignore from "@balena/dockerignore";
import { extract, type Pack, pack } from "tar-stream";
import { addTree } from "../engines/pack.ts";

/**
 * Packs a build's context as Docker would be sent it: less what `.dockerignore` names, and what
 * `leaveOut` says of paths relative to it.
 */
export async function addContext(
  archive: Pack,
  context: string,
  leaveOut: (name: string) => boolean = () => false,
): Promise<void> {
  const rules = await ignoreRules(context);
  const ignore = dockerignore.default({ ignorecase: false }).add(rules);
  await addTree(archive, await realpath(context), "", {
    mode: (found) => found.mode & 0o777,
    leaveOut: (name) =>
      leaveOut(name) || (!["Dockerfile", ".dockerignore"].includes(name) && ignore.ignores(name)),
    // What a later `!` takes in again.
    lookInside: /^\s*!/m.test(rules),
  });
  archive.finalize();
}

/**
 * The sha256, as hex, of what a build can see of its context: paths, permissions, contents, where
 * links lead. Not dates: a checkout gives every file its own.
 */
export async function hashContext(context: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const archive = pack();
  const parser = extract();
  const hashing = (async () => {
    for await (const entry of parser) {
      const { name, type, mode, size, linkname } = entry.header;
      hash.update(`${JSON.stringify([name, type, mode, size, linkname ?? null])}\n`);
      for await (const chunk of entry) if (chunk instanceof Uint8Array) hash.update(chunk);
    }
  })();
  const packing = addContext(archive, context).catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  await Promise.all([pipeline(archive, parser, { signal }), packing, hashing]);
  return hash.digest("hex");
}

/** Whether this is a file that we can see. */
export async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    // Not there, or not for us to see: either way there is nothing to build from.
    return false;
  }
}

/** BuildKit takes a file named after the Dockerfile first, and then that alone. */
async function ignoreRules(context: string): Promise<string> {
  for (const name of ["Dockerfile.dockerignore", ".dockerignore"]) {
    try {
      return await readFile(path.join(context, name), "utf8");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  return "";
}
