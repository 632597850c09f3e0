import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openTar, TarError } from "../engines/tar-file.ts";
import type { Collected } from "../index.ts";
import { counted, shortPath } from "../report/units.ts";
import { isRunFolder } from "../results/folder.ts";
import { ReportedError } from "../sweep/errors.ts";
import { exits, jsonOption, newCommand } from "./command.ts";
import { harmless, harmlessText, printJson, say } from "./output.ts";
import { finishLine } from "./progress.ts";
import { isWhole, summaryText } from "./summary.ts";

/** `sim-pipeline collect` */
export function collectCommand() {
  return newCommand("collect", "Put what the shards of a plan left together into one run folder.", [
    ["gh run download 1234 --dir parts", "all artifacts of a workflow's run"],
    ["sim-pipeline collect parts --out runs/all", "the plan and the shards among them"],
    ["sim-pipeline collect plan.tar *.tar --out runs/all", "tars by name"],
  ])
    .argument("<paths...>", "tars of a plan and its shards, or folders that hold them")
    .requiredOption("-o, --out <folder>", "run folder to make; absent or empty")
    .option("--parquet", "write results.parquet too")
    .addOption(jsonOption())
    .action(
      exits(async (paths, { out, parquet, json }) => {
        const collected = await collect(paths, out, parquet ?? false);
        say(collectedText(collected));
        if (json) await printJson(collected);
        return isWhole(collected) ? 0 : 1;
      }),
    );
}

async function collect(
  paths: readonly string[],
  out: string,
  parquet: boolean,
): Promise<Collected> {
  const { collectShards, openPlan } = await import("../index.ts");
  const { plans, shards, runs } = findParts(paths);
  const [first, ...others] = plans;
  if (first === undefined) {
    throw new ReportedError(
      2,
      `No plan among ${paths.join(", ")}.\n` +
        "Name the plan's tar too: the artifact <sweep>-plan of the workflow's run.",
    );
  }
  const scratch = mkdtempSync(join(tmpdir(), "sim-pipeline-"));
  try {
    const open = async (tar: string, at: number) => {
      const folder = join(scratch, String(at));
      mkdirSync(folder);
      return await openPlan(tar, folder, checkout(), "collect");
    };
    const plan = await open(first, 0);
    for (const [at, tar] of others.entries()) {
      if ((await open(tar, at + 1)).digest === plan.digest) continue;
      throw new ReportedError(
        2,
        `${first} and ${tar} are two plans.\nName the parts of one plan at a time.`,
      );
    }
    const earlier = plan.file.done === "" ? [] : runs;
    if (plan.file.done === "") {
      for (const run of runs) say(`${shortPath(resolve(run))} left out: it holds results already`);
    }
    const onEvent: NonNullable<Parameters<typeof collectShards>[0]["onEvent"]> = (event) => {
      if (event.type === "warning") say(`warning: ${harmless(event.message)}`);
      if (event.type === "finish" && event.step.status !== "running") {
        say(harmlessText(finishLine(event.step)));
      }
    };
    return await collectShards({ plan, shards, earlier, out, parquet, onEvent });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Parts {
  readonly plans: readonly string[];
  readonly shards: readonly string[];
  /** Folders with results: of an earlier run. */
  readonly runs: readonly string[];
}

/** A download has one folder an artifact; below, there are only simulations' own files. */
const DEPTH = 2;

/**
 * The plans, shards and run folders that the paths name or hold.
 *
 * @throws ReportedError (2) for a path that is not there, or a named file that is neither.
 */
function findParts(paths: readonly string[]): Parts {
  const parts = { plans: [] as string[], shards: [] as string[], runs: [] as string[] };
  const add = (tar: string, isNamed: boolean) => {
    const kind = kindOf(tar);
    if (kind !== null) parts[kind].push(tar);
    else if (isNamed) {
      throw new ReportedError(
        2,
        `${tar} is neither the tar of a plan nor that of a shard.\n` +
          "Name plan.tar and shard.tar, as the plan and run actions upload them.",
      );
    } else say(`${shortPath(resolve(tar))} left out: neither a plan nor a shard`);
  };
  const look = (folder: string, depth: number) => {
    if (isRunFolder(folder)) {
      parts.runs.push(folder);
      return;
    }
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort(byName)) {
      const path = join(folder, entry.name);
      if (entry.isFile() && entry.name.endsWith(".tar")) add(path, false);
      else if (entry.isDirectory() && depth < DEPTH) look(path, depth + 1);
    }
  };
  for (const path of paths) {
    if (!existsSync(path)) {
      throw new ReportedError(2, `${path} is not there.\nName tars, or folders that hold them.`);
    }
    if (statSync(path).isDirectory()) look(path, 0);
    else add(path, true);
  }
  return parts;
}

/** Numbers by their value, so that of two uploads the later one comes later. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}

/** What a tar is, by its first entry. */
function kindOf(path: string): "plans" | "shards" | null {
  try {
    using tar = openTar(path);
    const first = tar.entries().next().value?.path;
    return first === "plan.json" ? "plans" : first === "shard.json" ? "shards" : null;
  } catch (error) {
    if (error instanceof TarError) return null;
    throw error;
  }
}

/** The clone in which the command runs, for plans whose sweep is not carried along. */
function checkout(): { readonly root: string; readonly commit: string | null } {
  try {
    const args = ["rev-parse", "--show-toplevel", "HEAD"];
    const text = execFileSync("git", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [root = ".", commit = null] = text.trim().split("\n");
    return { root, commit };
  } catch {
    return { root: process.cwd(), commit: null }; // No git, or no clone: the files decide.
  }
}

/** Names of missing points that are shown of each shard. */
const SHOWN = 5;

const REMEDY = "run the failed jobs of the workflow again, then collect again";

/** What `collect` says at its end: as `run` does, and which points are missing. */
export function collectedText(collected: Collected): string {
  const lines = [summaryText(collected, REMEDY)];
  if (collected.missing.length > 0) lines.push("");
  for (const { shard, points, why } of collected.missing) {
    const names = points.slice(0, SHOWN).map(harmless).join(", ");
    const more = points.length > SHOWN ? ", ..." : "";
    lines.push(
      `shard ${shard}: ${counted(points.length, "point")} missing (${why}): ${names}${more}`,
    );
  }
  for (const { tar, why } of collected.ignored) {
    lines.push(`ignored  ${shortPath(resolve(tar))}: ${harmless(why)}`);
  }
  return lines.join("\n");
}
