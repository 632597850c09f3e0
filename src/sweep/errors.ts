/**
 * A failure whose message already says what happened, where, and what to do next: it is printed
 * as it is, without a stack. `exitCode` 2 means wrong use or a wrong sweep file, with nothing
 * started; 3 means that the engine, registry, provider or folder refused.
 */
export class ReportedError extends Error {
  override readonly name: string = "ReportedError";
  readonly exitCode: 2 | 3;

  constructor(exitCode: 2 | 3, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** One thing that is wrong in a sweep file, with its place. */
export interface Diagnostic {
  /** The file as the user wrote it, or the flag (`--param`, `--set`) that the text came from. */
  readonly file: string;
  /** Both count from 1; columns count UTF-16 code units, as editors do. 0: there is no text. */
  readonly line: number;
  readonly column: number;
  /** The whole source line, for the caret; empty where there is none. */
  readonly source: string;
  readonly message: string;
  /** What was expected or what to write instead. */
  readonly hint: string | null;
}

/** Where something stands in a sweep file. */
export type Place = Omit<Diagnostic, "message" | "hint">;

/** A sweep that cannot run as it is written: all its diagnostics at once. */
export class SweepError extends ReportedError {
  override readonly name = "SweepError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    super(2, diagnostics.map(formatDiagnostic).join("\n\n"), options);
    this.diagnostics = diagnostics;
  }
}

/** What only the points or the environment show to be wrong with a key of the sweep file. */
export function keyError(
  sweep: {
    readonly name: string;
    readonly file: string | null;
    readonly places: Readonly<Record<string, Place>>;
  },
  key: string,
  message: string,
  hint: string,
): SweepError {
  const file = sweep.file ?? sweep.name;
  const place = sweep.places[key] ?? { file, line: 0, column: 0, source: "" };
  return new SweepError([{ ...place, message, hint }]);
}

/** `file:line:column: message`, the source line with a caret under the place, then the hint. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, source, message, hint } = diagnostic;
  const lines = [`${line === 0 ? file : `${file}:${line}:${column}`}: ${message}`];
  if (source.trim() !== "") {
    // A long line is cut around the caret, so that a file of one line stays readable.
    const start = Math.max(0, column - 1 - 60);
    const shown = source.slice(start, start + 100).replaceAll("\t", " ");
    const gutter = `${line} | `;
    lines.push(`  ${gutter}${shown}`);
    lines.push(`  ${" ".repeat(gutter.length - 2)}| ${" ".repeat(column - 1 - start)}^`);
  }
  if (hint !== null) lines.push(`  ${hint}`);
  return lines.join("\n");
}
