import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { openTar, TarError, type TarFile } from "../../engines/tar-file.ts";
import { SHARD_FILE, type ShardFile } from "../../plan/shards.ts";
import { makeFolder } from "../../results/folder.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { checkJournal, ShardProblem } from "../collect/shard-rows.ts";

/** shard.json is a line. */
const MAX_DESCRIPTION = 64 * 1024;

/** The folders that a shard's tar may fill. */
const FOLDERS = ["points", "failed", "logs"];

/**
 * Reads what a shard's tar says of itself: its first entry.
 *
 * @throws TarError for what is no shard's tar.
 */
export function describeShard(tar: TarFile): ShardFile {
  for (const entry of tar.entries()) {
    if (entry.path !== "shard.json") break;
    let json: unknown;
    try {
      json = JSON.parse(tar.read(entry, MAX_DESCRIPTION).toString());
    } catch (cause) {
      if (cause instanceof TarError) throw cause;
      throw new TarError("has a shard.json that is no JSON", { cause });
    }
    const parsed = SHARD_FILE.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new TarError("has a shard.json of another form");
  }
  throw new TarError("does not begin with shard.json");
}

/**
 * What a shard's tar says of itself, without unpacking it.
 *
 * @throws ReportedError (2) for what is no shard's tar.
 */
export async function readShardFile(tar: string): Promise<ShardFile> {
  return reported(tar, () => {
    using archive = openTar(tar);
    return describeShard(archive);
  });
}

/**
 * Unpacks a shard's tar into `folder`, empty or absent, so that a run of the shard goes on from
 * there. Whatever the tar holds, nothing is written outside of the folder.
 *
 * @throws ReportedError (2) for what is no shard's tar, or a folder that is not empty.
 */
export async function unpackShard(tar: string, folder: string): Promise<ShardFile> {
  const root = resolve(folder);
  makeFolder(root);
  if (readdirSync(root).length > 0) {
    throw new ReportedError(2, `${root} is not empty.\nUnpack a shard into a folder of its own.`);
  }
  return reported(tar, () => {
    using archive = openTar(tar);
    const description = describeShard(archive);
    for (const entry of archive.entries()) {
      const [top] = entry.path.split("/");
      const isKnown =
        entry.path === "run.db" ? !entry.folder : FOLDERS.includes(top ?? "") && top !== entry.path;
      if (entry.path === "shard.json") continue;
      if (!isKnown) throw new TarError(`holds ${JSON.stringify(entry.path)}`);
      const target = join(root, entry.path);
      makeFolder(entry.folder ? target : dirname(target));
      if (!entry.folder && !archive.extract(entry, target)) {
        throw new TarError(`holds ${JSON.stringify(entry.path)} twice`);
      }
    }
    checkJournal(join(root, "run.db"));
    return description;
  });
}

function reported<T>(tar: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (!(cause instanceof TarError || cause instanceof ShardProblem)) throw cause;
    throw new ReportedError(
      2,
      `${tar} is no shard's tar: it ${cause.message}.\nGive a shard.tar of this plan's jobs.`,
      { cause },
    );
  }
}
