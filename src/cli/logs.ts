import { createReadStream } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { readDatabase } from "../results/database.ts";
import type { RunFolder } from "../results/folder.ts";
import { isRunFolder } from "../results/folder.ts";
import { isLocked } from "../results/lock.ts";
import { type AttemptLog, attemptLogs, size, tailStart } from "../results/logs.ts";
import { findPoint } from "../results/status.ts";
import { ReportedError } from "../sweep/errors.ts";
import { changesIn } from "./changes.ts";
import { exits, newCommand, wholeNumber } from "./command.ts";
import { harmless, isClosed, print, say } from "./output.ts";
import { runFolderOf } from "./run-folder.ts";

/** `sim-pipeline logs` */
export function logsCommand() {
  return newCommand("logs", "What a point printed, also while it runs.", [
    ["sim-pipeline logs n1000-s07", "of the latest run under ./runs"],
    ["sim-pipeline logs runs/pi 6", "the point of index 6"],
    ["sim-pipeline logs runs/pi n1000-s07 --follow", "until the point has ended"],
    ["sim-pipeline logs runs/pi n1000-s07 --attempt 1", "of its first attempt"],
  ])
    .usage("[options] [run] <point>")
    .argument("<run or point>", "run folder (default: the latest under ./runs)")
    .argument("[point]", "the point's name or index")
    .option("-a, --attempt <number>", "which attempt (default: the last)", wholeNumber(1))
    .option("-f, --follow", "go on until the point has ended")
    .option("-n, --tail <lines>", "only the last lines", wholeNumber(0))
    .action(
      exits(async (first, second, { attempt, follow, tail }) => {
        if (second === undefined && isRunFolder(first)) {
          throw new ReportedError(
            2,
            `Which point of ${first}?\nName it: sim-pipeline logs ${first} POINT. ` +
              `\`sim-pipeline status ${first} --failed\` lists those that failed.`,
          );
        }
        if (follow && attempt !== undefined) {
          throw new ReportedError(2, "--follow shows the last attempt.\nLeave out --attempt.");
        }
        const folder = runFolderOf(second === undefined ? undefined : first);
        using database = readDatabase(folder);
        const wanted = second ?? first;
        await (follow
          ? followPoint(database, folder, wanted, tail ?? null)
          : showPoint(database, folder, wanted, { attempt: attempt ?? null, tail: tail ?? null }));
        return 0;
      }),
    );
}

interface Wanted {
  /** Null: the last. */
  readonly attempt: number | null;
  /** Null: all lines. */
  readonly tail: number | null;
}

async function showPoint(
  database: DatabaseSync,
  folder: RunFolder,
  wanted: string,
  { attempt, tail }: Wanted,
): Promise<void> {
  const { index, name, status } = findPoint(database, wanted);
  const attempts = attemptLogs(database, folder, index);
  const chosen = attempt === null ? attempts.at(-1) : attempts.find((a) => a.attempt === attempt);
  if (chosen === undefined && attempts.length > 0) {
    const numbers = attempts.map((a) => a.attempt).join(", ");
    throw new ReportedError(2, `${name} has no attempt ${attempt}.\nIts attempts are: ${numbers}.`);
  }
  if (chosen === undefined) say(`${name} is ${status}: it has not run here.`);
  else if (size(chosen.path) === null) say(`${name} printed nothing.`);
  else await printPart(chosen, firstByte(chosen, tail));
}

/** Prints the log of a point as it grows, over all its attempts, until the point has ended. */
async function followPoint(
  database: DatabaseSync,
  folder: RunFolder,
  wanted: string,
  tail: number | null,
): Promise<void> {
  using changes = changesIn([folder.root, folder.logs]);
  let current: AttemptLog | null = null;
  let position = 0;
  while (!isClosed()) {
    // Read before the log, so that nothing printed before the end is missed.
    const alive = isLocked(folder);
    const { index, name, status, todo } = findPoint(database, wanted);
    const attempts = attemptLogs(database, folder, index);
    const shown: number = current?.attempt ?? 0;
    const from: AttemptLog[] =
      current === null ? attempts.slice(-1) : attempts.filter((a) => a.attempt >= shown);
    for (const attempt of from) {
      if (attempt.attempt !== shown) {
        if (current !== null || attempt.attempt > 1) say(`${name}, attempt ${attempt.attempt}:`);
        position = current === null ? firstByte(attempt, tail) : attempt.start;
        current = attempt;
      }
      changes.add(dirname(attempt.path));
      position = await printPart(attempt, position);
    }
    if (!alive || (status !== "running" && !todo)) {
      const state = status === "running" || todo ? `${status}, and nobody runs it now` : status;
      say(`${name}: ${state}`);
      return;
    }
    await changes.next();
  }
}

function firstByte(attempt: AttemptLog, tail: number | null): number {
  if (tail === null || size(attempt.path) === null) return attempt.start;
  return tailStart(attempt.path, tail, attempt.start, attempt.end ?? undefined);
}

/** Prints an attempt's log from a byte to its present end. Returns where that is. */
async function printPart({ path, end }: AttemptLog, from: number): Promise<number> {
  const to = Math.min(end ?? Number.POSITIVE_INFINITY, size(path) ?? 0);
  if (to <= from) return from;
  const stream = createReadStream(path, { start: from, end: to - 1 });
  // Whoever redirects gets the bytes as they are, a terminal only what it can be trusted with.
  await print(process.stdout.isTTY ? harmlessLines(stream) : stream);
  return to;
}

async function* harmlessLines(stream: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    // Progress bars go back to the start of their line; here each state has a line.
    yield text
      .split(/\r?\n|\r/)
      .map(harmless)
      .join("\n");
  }
}
