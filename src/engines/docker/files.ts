/** Files to and from containers of a daemon that does not share ours, and whether it does. */

import type { Stats } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Container } from "dockerode";
import { extract, type Pack, pack } from "tar-stream";
import { type DroppedEntry, extractTar } from "../archive.ts";
import type { Mount } from "../engine.ts";
import { addTree } from "../pack.ts";
import { statusOf } from "./errors.ts";
import { readable } from "./streams.ts";
import { counted, type OnTransfer } from "./transfer.ts";
import type { Owner } from "./users.ts";

/** Where a task writes its outputs, and where its secrets lie. */
export const OUTPUT = "/mnt/data";
export const SECRETS = "/run/secrets";

/** Outputs are limited by the disk alone, as they are where the daemon shares it. */
const UNLIMITED = { entries: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/** What a container is given before it starts. */
export interface Upload {
  /** Who the task runs as: it owns its output folder and its secrets. */
  readonly owner: Owner;
  /** The folders to make in the output folder, which is made too; null: it is there. */
  readonly output: readonly string[] | null;
  readonly mounts: readonly Pick<Mount, "source" | "target">[];
  readonly secrets: Readonly<Record<string, string>>;
}

/** Puts files into a container that was created, or that runs. */
export async function upload(
  container: Container,
  files: Upload,
  progress: OnTransfer,
): Promise<void> {
  const archive = pack();
  try {
    await Promise.all([
      container.putArchive(Readable.from(counted(archive, "up", progress)), { path: "/" }),
      fill(archive, files),
    ]);
  } catch (error) {
    // Whichever failed: the other must not wait for it.
    archive.destroy();
    throw error;
  }
}

async function fill(archive: Pack, files: Upload): Promise<void> {
  const { owner } = files;
  if (files.output !== null) {
    for (const name of ["", ...files.output.map((folder) => `/${folder}`)]) {
      archive.entry({ name: inRoot(OUTPUT) + name, type: "directory", mode: 0o755, ...owner });
    }
  }
  const secrets = Object.entries(files.secrets);
  if (secrets.length > 0) {
    archive.entry({ name: inRoot(SECRETS), type: "directory", mode: 0o500, ...owner });
  }
  for (const [name, value] of secrets) {
    archive.entry({ name: `${inRoot(SECRETS)}/${name}`, mode: 0o400, ...owner }, value);
  }
  for (const { source, target } of files.mounts) {
    await addTree(archive, source, inRoot(target), INPUT_RULES);
  }
  archive.finalize();
}

/** Names in an archive are relative to the folder that it is unpacked in. */
function inRoot(target: string): string {
  return target.replace(/^\/+/, "");
}

/** Everyone may read an input, nobody write it. */
const INPUT_RULES = {
  mode: (stat: Stats) => (stat.isDirectory() ? 0o555 : (stat.mode & 0o111) | 0o444),
  leaveOut: () => false,
  lookInside: false,
};

/** Fetches a task's outputs into a folder of ours that holds no files. */
export async function download(
  container: Container,
  folder: string,
  progress: OnTransfer,
): Promise<readonly DroppedEntry[]> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await container.getArchive({ path: OUTPUT });
  } catch (error) {
    // The task removed its output folder: it has none.
    if (statusOf(error) === 404 && /could not find the file/i.test(String(error))) return [];
    throw error;
  }
  const root = path.posix.basename(OUTPUT);
  const bytes = Readable.from(counted(readable(archive), "down", progress));
  const { dropped } = await extractTar(bytes, folder, UNLIMITED, root);
  return dropped;
}

/** A file of a container as text; null where there is none. */
export async function readFileOf(container: Container, file: string): Promise<string | null> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await container.getArchive({ path: file });
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
  const parser = extract();
  let content: string | null = null;
  const reading = (async () => {
    for await (const entry of parser) {
      if (entry.header.type === "file") content = (await buffer(entry)).toString();
      else entry.resume();
    }
  })();
  await Promise.all([pipeline(archive, parser), reading]);
  return content;
}

/** A folder with a file of random content that only who shares our files can have. */
export interface Marker extends AsyncDisposable {
  readonly folder: string;
  readonly name: string;
  readonly content: string;
}

/** Makes a marker in `parent`, on the disk that tasks' folders are on. */
export async function makeMarker(parent: string): Promise<Marker> {
  const folder = await mkdtemp(path.join(parent, "shared-"));
  const name = "marker";
  const content = path.basename(folder);
  await writeFile(path.join(folder, name), content);
  return {
    folder,
    name,
    content,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
