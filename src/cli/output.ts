import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { ReportedError } from "../sweep/errors.ts";

let stdoutClosed = false;

/**
 * Lets both streams be closed by their reader (`| head`): what is left to print is dropped, and
 * the exit code stays that of the command. To be called once, before anything is printed.
 */
export function watchStreams(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") stdoutClosed = true;
    else throw new ReportedError(3, `Cannot write the output: ${error.message}`, { cause: error });
  });
  // Nobody is left who could be told; the run itself goes on.
  process.stderr.on("error", () => {});
}

type Chunks = Iterable<string> | AsyncIterable<string | Uint8Array>;

/** True once the reader of standard output has gone. */
export function isClosed(): boolean {
  return stdoutClosed;
}

/**
 * Writes data to standard output at the speed of its reader; stops early where the reader has
 * gone, so that an endless source is asked for no more.
 */
export async function print(chunks: string | Chunks): Promise<void> {
  for await (const chunk of typeof chunks === "string" ? [chunks] : chunks) {
    if (stdoutClosed) return;
    if (process.stdout.write(chunk)) continue;
    await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]).catch(
      () => {}, // The handler of `watchStreams` has seen the error.
    );
  }
}

/** Prints a value as indented JSON to standard output. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a line to standard error. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Text that a simulation wrote, safe for a terminal: no escape sequences or control characters,
 * which could hide text, move the cursor or answer in the user's name.
 */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (c) =>
    c === "\t" ? "  " : "",
  );
}

/** Resolves when everything that was written to both streams has been handed on. */
export async function flush(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((resolve) => stream.write("", () => resolve())),
    ),
  );
}
