import type { Stats } from "node:fs";
import { createWriteStream } from "node:fs";
import { access, constants, lstat, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { warning } from "@actions/core";
import { pack } from "tar-stream";
import { addTree, type PackRules } from "../engines/pack.ts";
import type { ArtifactStore, UploadedArtifact } from "./artifacts.ts";

/** What of a folder an artifact takes, and what not. Paths are relative to it, with `/`. */
export interface FolderContent {
  /** Regular files; a folder without anything in it with a `/` at its end. */
  readonly files: readonly string[];
  /** The same, but with names that GitHub refuses. */
  readonly unportable: readonly string[];
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
}

export interface UploadFolderOptions {
  readonly retentionDays: number | null;
}

/** Where the files with names that GitHub refuses are, in the artifact. */
export const UNPORTABLE = "unportable.tar";

/** What is in a run folder for whoever runs, and is nobody's result. */
const NOT_RESULTS = new Set([
  "run.lock",
  "run.db-wal",
  "run.db-shm",
  "staging",
  "cache",
  UNPORTABLE,
]);

/**
 * Uploads a run folder, nobody running in it and its run.db checkpointed, as an artifact. Only
 * regular files go, hidden ones too; files with names that GitHub refuses go in `unportable.tar`.
 * Both and what is left out are said in warnings.
 *
 * @throws ReportedError as `ArtifactStore.upload`.
 */
export async function uploadFolder(
  store: ArtifactStore,
  name: string,
  folder: string,
  { retentionDays }: UploadFolderOptions,
): Promise<UploadedArtifact> {
  const { files, unportable, leftOut } = await folderContent(folder);
  const root = resolve(folder);
  const archive = join(root, UNPORTABLE);
  // Not joined: the slash at the end of an empty folder makes the client upload one.
  const paths = files.map((file) => `${root}/${file}`);
  try {
    if (unportable.length > 0) {
      await packFiles(root, unportable, archive);
      paths.push(archive);
      warning(
        `${list(unportable)} in the artifact's ${UNPORTABLE}: GitHub refuses names with any of ` +
          'the characters " : < > | * ? \\ or line breaks.',
        { title: "Files with names that an artifact cannot have" },
      );
    }
    if (leftOut.length > 0) {
      warning(`${list(leftOut.map(({ path, why }) => `${path} (${why})`))} not in the artifact.`, {
        title: "Left out of the artifact",
      });
    }
    return await store.upload(name, paths, root, { retentionDays });
  } finally {
    await rm(archive, { force: true });
  }
}

/** What GitHub refuses in a path, and the backslash, which the client makes a slash of. */
const REFUSED = /["<>|*?:\\\r\n]/;

/** Looks through a run folder, without following any link. */
export async function folderContent(folder: string): Promise<FolderContent> {
  const files: string[] = [];
  const unportable: string[] = [];
  const leftOut: { path: string; why: string }[] = [];
  const take = (path: string) => (REFUSED.test(path) ? unportable : files).push(path);

  const walk = async (within: string): Promise<void> => {
    const names = (await readdir(join(folder, within))).sort();
    if (names.length === 0 && within !== "") take(within);
    for (const name of names) {
      if (within === "" && NOT_RESULTS.has(name)) continue;
      const path = within + name;
      const why = await obstacle(join(folder, path));
      if (why === "folder") await walk(`${path}/`);
      else if (why === null) take(path);
      else leftOut.push({ path, why });
    }
  };
  await walk("");
  return { files, unportable, leftOut };
}

/** Why a path cannot be uploaded as a file; null where it can. */
async function obstacle(path: string): Promise<string | null> {
  let stat: Stats;
  try {
    stat = await lstat(path);
    // The client ends the whole process over a file that it cannot open.
    if (stat.isDirectory()) await access(path, constants.R_OK | constants.X_OK);
    else if (stat.isFile()) await access(path, constants.R_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // A name that is no UTF-8 reads as one that is not there.
    return code === "ENOENT" ? "no file of this name" : "not readable";
  }
  if (stat.isDirectory()) return "folder";
  if (stat.isFile()) return null;
  return stat.isSymbolicLink() ? "a link" : "no regular file";
}

const AS_THEY_ARE: PackRules = {
  mode: ({ mode }) => mode & 0o777,
  leaveOut: () => false,
  lookInside: false,
};

async function packFiles(folder: string, files: readonly string[], to: string): Promise<void> {
  const archive = pack();
  const fill = async () => {
    try {
      for (const file of files) {
        await addTree(archive, join(folder, file), file.replace(/\/$/, ""), AS_THEY_ARE);
      }
      archive.finalize();
    } catch (error) {
      archive.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  };
  await Promise.all([pipeline(archive, createWriteStream(to)), fill()]);
}

const NAMED = 10;

/** `"a", "b" and 3 more are`, each as JSON, since a name may hold anything. */
function list(names: readonly string[]): string {
  const named = names.slice(0, NAMED).map((name) => JSON.stringify(name));
  const more = names.length - named.length;
  const all = named.join(", ") + (more > 0 ? ` and ${more} more` : "");
  return `${all} ${names.length === 1 ? "is" : "are"}`;
}
