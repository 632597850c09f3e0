import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { setLines, shellOf, unsetLines } from "../../../src/cli/machines/shell-lines.ts";

const VALUES = {
  DOCKER_HOST: "ssh://sim-abcdefghij-0",
  SIM_PIPELINE_SSH_CONFIG: "/home/o'neil & $HOME/a\\b/ssh_config",
};

describe("the shell", () => {
  it.each([
    [{ SHELL: "/usr/bin/fish" }, "fish"],
    [{ SHELL: "/bin/zsh" }, "zsh"],
    [{ SHELL: "/bin/ksh" }, "sh"],
    [{ SHELL: "/bin/bash", PSModulePath: "/opt/microsoft" }, "bash"],
    [{ PSModulePath: "C:\\Modules" }, "powershell"],
    [{}, "sh"],
  ])("of %j is %s", (env, shell) => {
    expect(shellOf(env)).toBe(shell);
  });
});

it("sets exactly these values in a shell, and unsets them again", () => {
  const script = `eval "$1"; printf '%s\\n' "$DOCKER_HOST" "$SIM_PIPELINE_SSH_CONFIG"
    eval "$2"; printf '%s\\n' "\${DOCKER_HOST-unset}" "\${SIM_PIPELINE_SSH_CONFIG-unset}"`;
  const words = ["-c", script, "sh", setLines("sh", VALUES), unsetLines("sh")];
  expect(execFileSync("sh", words, { encoding: "utf8" }).trimEnd().split("\n")).toEqual([
    ...Object.values(VALUES),
    "unset",
    "unset",
  ]);
});

it.each([
  ["fish", "set -gx SIM_PIPELINE_SSH_CONFIG '/home/o\\'neil & $HOME/a\\\\b/ssh_config';"],
  ["powershell", "$Env:SIM_PIPELINE_SSH_CONFIG = '/home/o''neil & $HOME/a\\b/ssh_config'"],
] as const)("%s has quotes of its own", (shell, line) => {
  expect(setLines(shell, VALUES).split("\n")[1]).toBe(line);
});
