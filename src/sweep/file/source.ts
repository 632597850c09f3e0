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
  readonly diagnostics: Diagnostic[];
  error(place: Place, message: string, hint?: string | null): void;
}

export function createReport(): Report {
  const diagnostics: Diagnostic[] = [];
  return {
    diagnostics,
    error(place, message, hint = null) {
      diagnostics.push(diagnosticAt(place, message, hint));
    },
  };
}

export function diagnosticAt(place: Place, message: string, hint: string | null): Diagnostic {
  const { name, text } = place.source;
  if (text === null) return { file: name, line: 0, column: 0, source: "", message, hint };
  const offset = Math.min(place.offset, text.length);
  const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", start);
  const source = text.slice(start, end === -1 ? text.length : end).replace(/\r$/, "");
  return {
    file: name,
    line: lineOf(text, start),
    column: offset - start + 1,
    source,
    message,
    hint,
  };
}

function lineOf(text: string, start: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < start; at = text.indexOf("\n", at + 1))
    line++;
  return line;
}
