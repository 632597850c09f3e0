import { stripVTControlCharacters } from "node:util";
import { ReportedError } from "../sweep/errors.ts";

let stdoutClosed = false;

/** Keeps a stream's error from ending the process. To be called once, before all else. */
export function watchStreams(): void {
  // The callback of `print` gets it too, and decides.
  process.stdout.on("error", () => {});
  // Nobody is left who could be told; the run itself goes on.
  process.stderr.on("error", () => {});
}

type Chunks = Iterable<string> | AsyncIterable<string | Uint8Array>;

/** True once the reader of standard output has gone. */
export function isClosed(): boolean {
  return stdoutClosed;
}

/** UTF-16 code units that are written at once: few large writes. */
const AT_ONCE = 64 * 1024;

/**
 * Writes data to standard output at the speed of its reader. Where the reader has gone (`| head`)
 * the rest is dropped and not even asked for, and the command ends as it would have.
 *
 * @throws ReportedError (3) where the output cannot be written, as on a full disk.
 */
export async function print(chunks: string | Chunks): Promise<void> {
  let pending = "";
  for await (const chunk of typeof chunks === "string" ? [chunks] : chunks) {
    if (typeof chunk === "string") {
      pending += chunk;
      if (pending.length < AT_ONCE) continue;
    }
    if (!(await write(pending)) || (typeof chunk !== "string" && !(await write(chunk)))) return;
    pending = "";
  }
  await write(pending);
}

/** Resolves when the chunk is handed on; with false where nobody reads. */
async function write(chunk: string | Uint8Array): Promise<boolean> {
  if (stdoutClosed) return false;
  if (chunk.length === 0) return true;
  const error = await new Promise<Error | null | undefined>((resolve) => {
    process.stdout.write(chunk, resolve);
  });
  if (!error) return true;
  if ("code" in error && error.code === "EPIPE") {
    stdoutClosed = true;
    return false;
  }
  throw new ReportedError(3, `Cannot write the output: ${error.message}`, { cause: error });
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
  return stripVTControlCharacters(text)
    .replaceAll(/\r?\n/g, " ")
    .replaceAll("\t", "  ")
    .replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "");
}

/** The same for text of several lines, which stay lines. */
export function harmlessText(text: string): string {
  return text.split(/\r?\n/).map(harmless).join("\n");
}

/** Resolves when everything that was written to both streams has been handed on. */
export async function flush(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((resolve) => stream.write("", () => resolve())),
    ),
  );
}
