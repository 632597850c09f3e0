import { createReadStream, existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import dockerignore from "@balena/dockerignore";
import { type Pack, pack } from "tar-stream";

/**
 * A build context as a tar: the folder less what its `.dockerignore` names. The Dockerfile goes
 * along in any case, as the docker CLI has it, since the daemon reads it from there. What cannot
 * be read ends the stream with that error.
 */
export function packContext(folder: string): Readable {
  const tar = pack();
  writeEntries(tar, folder).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(tar);
}

const ALWAYS = new Set(["Dockerfile", ".dockerignore"]);

async function writeEntries(tar: Pack, folder: string): Promise<void> {
  const file = join(folder, ".dockerignore");
  const rules = dockerignore
    .default({ ignorecase: false })
    .add(existsSync(file) ? readFileSync(file, "utf8") : "");
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join("/");
    if (!ALWAYS.has(name) && rules.ignores(name)) continue;
    const { size, mode, mtime } = lstatSync(path);
    if (entry.isDirectory()) {
      tar.entry({ name, type: "directory", mode, mtime });
    } else if (entry.isFile()) {
      await pipeline(createReadStream(path), tar.entry({ name, size, mode, mtime }));
    }
  }
}
