/** A task as text for a POSIX shell. */

export interface Command {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Names that some shell gives a meaning or keeps read-only: they go through `env`. */
const SHELLS_OWN =
  /^(?:BASH\w*|COMP_\w+|DIRSTACK|EPOCH\w+|EUID|FUNCNAME|GROUPS|HIST\w*|IFS|LINENO|OLDPWD|OPT\w+|PIPESTATUS|PPID|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_)$/;

/** True where a word or variable cannot be handed to any program. */
export function holdsNul({ words, env }: Command): boolean {
  return [...words, ...Object.keys(env), ...Object.values(env)].some((text) => text.includes("\0"));
}

/**
 * Runs the command as a child of the shell, with nothing on stdin and its stderr where its stdout
 * is, then prints the marker, a space and the exit code, and ends the line.
 */
export function taskScript({ words, env }: Command, marker: string): string {
  const exported: string[] = [];
  const passed: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    const plain = /^[A-Za-z_]\w*$/.test(name) && !SHELLS_OWN.test(name);
    if (plain) exported.push(`${name}=${quote(value)}`);
    else passed.push(quote(`${name}=${value}`));
  }
  // A program more, so only where it must be.
  const program = [...(passed.length > 0 ? ["env", ...passed] : []), ...words.map(quote)];
  const exporting = exported.length > 0 ? `export ${exported.join(" ")}; ` : "";
  return (
    `(${exporting}exec ${program.join(" ")}) </dev/null 2>&1\n` +
    `printf '${marker.replaceAll("\0", "\\000")} %s\\n' "$?"\n`
  );
}

/** One word for a shell, whatever it holds: POSIX, 2.2.2 Single-Quotes. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

export interface MarkerHandlers {
  text(chunk: Buffer): void;
  /** What stands behind a marker, to the end of its line. */
  line(rest: string): void;
}

/** Reads a stream of text with markers in it, however it is cut into chunks. */
export function markerReader(marker: string, handlers: MarkerHandlers): (chunk: Buffer) => void {
  const bytes = Buffer.from(marker);
  const first = bytes.subarray(0, 1);
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let data = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    for (;;) {
      const at = data.indexOf(bytes);
      const end = at < 0 ? -1 : data.indexOf("\n", at);
      // Held back: an unfinished line, or what may become a marker.
      const open = at < 0 ? beginning(data) : at;
      if (open > 0) handlers.text(data.subarray(0, open));
      if (end < 0) {
        held = data.subarray(open);
        return;
      }
      handlers.line(data.subarray(at + bytes.length, end).toString());
      data = data.subarray(end + 1);
    }
  };

  /** Where a marker begins that the data ends in the middle of; the data's end without one. */
  function beginning(data: Buffer): number {
    // A marker's first byte is not among its others.
    const at = data.lastIndexOf(first);
    const rest = data.subarray(at);
    return at >= 0 && bytes.subarray(0, rest.length).equals(rest) ? at : data.length;
  }
}
