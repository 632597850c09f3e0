import { basename } from "node:path";

/** The shells that lines are written for. */
export const SHELLS = ["sh", "bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

// As the machines' own module has them, which loads what `--help` and completion can do without.
export const VARIABLES = ["DOCKER_HOST", "SIM_PIPELINE_SSH_CONFIG"] as const;

/** The user's shell by SHELL, else by what PowerShell alone sets, else any that reads as sh does. */
export function shellOf(env: Readonly<Record<string, string | undefined>>): Shell {
  const name = basename(env.SHELL ?? "");
  const known = SHELLS.find((shell) => shell === name);
  if (known !== undefined) return known;
  return name === "" && env.PSModulePath !== undefined ? "powershell" : "sh";
}

/** Lines that set variables. */
export function setLines(shell: Shell, variables: Readonly<Record<string, string>>): string {
  const line = (name: string, value: string): string => {
    if (shell === "fish") return `set -gx ${name} ${quoted(value, "\\'")};`;
    if (shell === "powershell") return `$Env:${name} = ${quoted(value, "''")}`;
    return `export ${name}=${quoted(value, "'\\''")}`;
  };
  return linesOf(Object.entries(variables).map(([name, value]) => line(name, value)));
}

/** Lines that take them away again. */
export function unsetLines(shell: Shell): string {
  const line = (name: string): string => {
    if (shell === "fish") return `set -e ${name};`;
    if (shell === "powershell") return `Remove-Item Env:\\${name} -ErrorAction SilentlyContinue`;
    return `unset ${name}`;
  };
  return linesOf(VARIABLES.map(line));
}

/** In single quotes, in which each of these shells takes everything but those literally. */
function quoted(text: string, quote: string): string {
  const plain = quote === "\\'" ? text.replaceAll("\\", "\\\\") : text;
  return `'${plain.replaceAll("'", () => quote)}'`;
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
