/**
 * The part of GitHub's runner that looks for commands in a step's output, after ActionCommand.cs,
 * ActionCommandManager.cs and OutputManager.cs of actions/runner: both forms of a command, the
 * token that stops and resumes them, lines cut as .NET's StreamReader does.
 */

const NAMES = [
  "add-mask",
  "add-matcher",
  "add-path",
  "debug",
  "echo",
  "endgroup",
  "error",
  "group",
  "notice",
  "save-state",
  "set-env",
  "set-output",
  "stop-commands",
  "warning",
];

export interface ReadCommand {
  readonly name: string;
  readonly data: string;
}

/** What the runner would obey in `output`, and whether it obeys again at its end. */
export function runnerReads(output: string): { obeyed: ReadCommand[]; listening: boolean } {
  const known = new Set(NAMES);
  const obeyed: ReadCommand[] = [];
  let token: string | null = null;
  for (const line of output.split(/\r\n|\r|\n/)) {
    const command = readCommand(line, known);
    if (command === null) continue;
    if (token !== null) {
      if (command.name === token) {
        known.delete(token);
        token = null;
      }
    } else if (command.name === "stop-commands") {
      token = command.data.toLowerCase();
      known.add(token);
    } else {
      obeyed.push(command);
    }
  }
  return { obeyed, listening: token === null };
}

function readCommand(line: string, known: ReadonlySet<string>): ReadCommand | null {
  const forms = [/^\s*::(.*?)::(.*)$/s, /##\[([^\]]*)\](.*)$/s];
  for (const form of forms) {
    const [, info = "", data = ""] = form.exec(line) ?? [];
    const name = (info.split(" ")[0] ?? "").toLowerCase();
    if (!known.has(name)) continue;
    const text = data.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
    return { name, data: text };
  }
  return null;
}
