import { newDisplay } from "../cli/display.ts";
import { untrusted } from "../github/commands.ts";
import type { RunEvent } from "../index.ts";

/** Shows a run in the step's log, which obeys nothing of what a simulation prints. */
export interface RunLog extends Disposable {
  event(event: RunEvent): void;
  say(line: string): void;
}

/** Text of several lines for the step's log, in which a simulation may have had a word. */
export function printUntrusted(text: string): void {
  process.stdout.write(untrusted(text.replace(/\n$/, "").split("\n")));
}

/** The log of a run: one line in ten seconds, and what happens in between. */
export function runLog(): RunLog {
  return newDisplay({
    isTTY: false,
    write(text) {
      printUntrusted(text);
      return true;
    },
    on() {},
    off() {},
  });
}
