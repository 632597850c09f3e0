import { randomBytes } from "node:crypto";
import { setSecret } from "@actions/core";

/**
 * Lines of a simulation for the step's log, which the runner shows and does not obey. Write the
 * text in one piece, to stdout: both of the step's streams share one state in the runner.
 *
 * Between the tokens the runner obeys neither `::name::` at the start of a line nor `##[name]`
 * anywhere in it, and it cuts lines at CR as at LF (ActionCommandManager.cs, ActionCommand.cs and
 * OutputManager.cs of actions/runner). The token is random in every call, so no simulation knows
 * it. The bar before each line keeps the log viewer from drawing `##[error]` and `##[group]`,
 * which it does whoever printed them, and tells the simulation's words from ours.
 */
export function untrusted(lines: Iterable<string>): string {
  const token = randomBytes(16).toString("hex");
  let text = "";
  for (const line of lines) {
    for (const part of line.split(/\r\n|[\r\n\u0085\u2028\u2029]/)) text += `| ${part}\n`;
  }
  return text === "" ? "" : `::stop-commands::${token}\n${text}::${token}::\n`;
}

/**
 * Has the runner replace secrets with *** in everything that the job prints from now on. Call it
 * before a secret is used. Each line of a longer one is a secret too, since logs come by lines.
 */
export function mask(secrets: Iterable<string>): void {
  for (const secret of secrets) {
    for (const text of new Set([secret, ...secret.split(/\r\n|[\r\n]/)])) {
      if (text.trim() !== "") setSecret(text);
    }
  }
}
