import { printUntrusted } from "./run-log.ts";

/** Lines for the step's log, which obeys nothing of them. Whoever disposes of it prints the rest. */
export interface LineLog extends Disposable {
  add(line: string): void;
}

/** Milliseconds that lines are gathered: what keeps them harmless is printed around each piece. */
const GATHERED_MS = 250;

export function lineLog(print: (text: string) => void = printUntrusted): LineLog {
  let lines: string[] = [];
  let timer: NodeJS.Timeout | null = null;
  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (lines.length > 0) print(lines.join("\n"));
    lines = [];
  };
  return {
    add(line) {
      lines.push(line);
      timer ??= setTimeout(flush, GATHERED_MS);
    },
    [Symbol.dispose]: flush,
  };
}
