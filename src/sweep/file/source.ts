import type { Diagnostic } from "../errors.ts";

/** A text that diagnostics point into: a file, or the text of a flag. */
export interface Source {
  /** The file as the user wrote it, or the flag. */
  readonly name: string;
  /** Null where there is no text: a missing file, an object given to the library. */
  readonly text: string | null;
}

/** A position in a source, in UTF-16 code units from 0. */
export interface Place {
  readonly source: Source;
  readonly offset: number;
}

/** Collects what is wrong, so that all of it is told at once. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute paths of the files and folders that the sweep names, in the order of reading. */
  readonly named: readonly string[];
  error(place: Place, message: string, hint?: string | null): void;
  name(path: string): void;
  /** True when there is so much that more is not collected: a loop over a long file ends here. */
  isFull(): boolean;
}

/** Each takes time by the length of its file. */
const MAX_COLLECTED = 100;
const MAX_TEXT = 1000;

export function createReport(): Report {
  const diagnostics: Diagnostic[] = [];
  const named: string[] = [];
  return {
    diagnostics,
    named,
    name: (path) => {
      named.push(path);
    },
    error(place, message, hint = null) {
      if (diagnostics.length < MAX_COLLECTED) diagnostics.push(diagnosticAt(place, message, hint));
    },
    isFull: () => diagnostics.length >= MAX_COLLECTED,
  };
}

export function diagnosticAt(place: Place, what: string, remedy: string | null): Diagnostic {
  const { text } = place.source;
  const file = visible(place.source.name);
  const message = visible(shortened(what));
  const hint = remedy === null ? null : visible(shortened(remedy));
  if (text === null) return { file, line: 0, column: 0, source: "", message, hint };
  const offset = Math.min(place.offset, text.length);
  const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", start);
  const source = text.slice(start, end === -1 ? text.length : end).replace(/\r$/, "");
  const line = lineOf(text, start);
  return { file, line, column: offset - start + 1, source: visible(source), message, hint };
}

/**
 * The text without what acts on a terminal or begins a line, where GitHub reads commands; of the
 * same length, so that columns hold.
 */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === "\t" ? " " : "\ufffd",
  );
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`;
}

function lineOf(text: string, start: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < start; at = text.indexOf("\n", at + 1))
    line++;
  return line;
}
