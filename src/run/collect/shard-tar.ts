import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TarEntry, TarFile } from "../../engines/tar-file.ts";
import type { RunFolder } from "../../results/folder.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { ShardProblem } from "./shard-rows.ts";

/** What lies in a shard's tar under the names of its points. */
export interface ShardContents {
  /** Bytes by path: `points/<name>/...`, `failed/<name>/...`, `logs/<name>/...`. */
  readonly sizes: ReadonlyMap<string, number>;
  /** How many files lie in each of `points/<name>`. */
  readonly outputs: ReadonlyMap<string, number>;
}

/**
 * Looks through a shard's tar without unpacking it, but for its run.db, which is put at `database`.
 * `names` are the points that it may have something of.
 *
 * Throws TarError or ShardProblem.
 */
export function surveyShard(
  tar: TarFile,
  names: ReadonlySet<string>,
  database: string,
): ShardContents {
  const sizes = new Map<string, number>();
  const outputs = new Map<string, number>();
  let hasDatabase = false;
  for (const entry of tar.entries()) {
    if (entry.path === "shard.json" && !entry.folder) continue;
    if (entry.path === "run.db" && !entry.folder) {
      rmSync(database, { force: true });
      hasDatabase = tar.extract(entry, database);
      continue;
    }
    const { top, name } = ownerOf(entry);
    if (!TOPS.includes(top) || !names.has(name)) {
      throw new ShardProblem(`holds ${JSON.stringify(entry.path)}, which is not its own`);
    }
    if (entry.folder) continue;
    if (entry.path === `${top}/${name}`) throw new ShardProblem(`holds a file as ${entry.path}`);
    sizes.set(entry.path, entry.size);
    if (top === "points") outputs.set(name, (outputs.get(name) ?? 0) + 1);
  }
  if (!hasDatabase) throw new ShardProblem("holds no run.db");
  return { sizes, outputs };
}

const TOPS = ["points", "failed", "logs"];

function ownerOf({ path }: TarEntry): { readonly top: string; readonly name: string } {
  const [top = "", name = ""] = path.split("/", 2);
  return { top, name };
}

/** Unpacks of a surveyed tar the outputs and failed outputs of these points, and all logs. */
export function unpackInto(
  tar: TarFile,
  folder: RunFolder,
  accepted: { readonly points: ReadonlySet<string>; readonly failed: ReadonlySet<string> },
): void {
  const made = new Set<string>([folder.points, folder.failed, folder.logs]);
  const make = (path: string): void => {
    if (made.has(path)) return;
    make(dirname(path));
    mkdirSync(path);
    made.add(path);
  };
  for (const entry of tar.entries()) {
    const { top, name } = ownerOf(entry);
    const isWanted =
      top === "points"
        ? accepted.points.has(name)
        : top === "failed"
          ? accepted.failed.has(name)
          : top === "logs";
    if (!isWanted) continue;
    const target = join(folder.root, entry.path);
    if (entry.folder) {
      make(target);
      continue;
    }
    make(dirname(target));
    if (tar.extract(entry, target)) continue;
    throw new ReportedError(
      3,
      `${target} is there already: this disk takes two names for one that differ in letter case.\n` +
        "Collect on a disk that tells them apart, as on Linux.",
    );
  }
}
