import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCRIPTS } from "../../src/cli/shells.ts";

const bin = fileURLToPath(new URL("../../bin/sim-pipeline.js", import.meta.url));
let home = "";

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "sim-pipeline-shell-"));
  // The command as it is when it is installed: on PATH, run by a Node that is new enough.
  mkdirSync(join(home, "bin"));
  const command = join(home, "bin", "sim-pipeline");
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  chmodSync(command, 0o755);
  for (const name of ["sweep.yaml", "other.yml", "notes.txt"]) writeFileSync(join(home, name), "");
  mkdirSync(join(home, "runs"));
  for (const [shell, script] of Object.entries(SCRIPTS)) writeFileSync(join(home, shell), script);
});
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

const has = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

function runShell(shell: string, args: readonly string[], script: string): string[] {
  const text = execFileSync(shell, [...args, script], {
    cwd: home,
    encoding: "utf8",
    timeout: 25_000,
    env: {
      HOME: home,
      XDG_CACHE_HOME: join(home, "runs", "cache"),
      PATH: [join(home, "bin"), process.env.PATH].join(delimiter),
      TERM: "dumb",
    },
  });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .toSorted();
}

/** What bash offers for words, the last of which is being typed. */
function inBash(...words: string[]): string[] {
  const quoted = ["sim-pipeline", ...words].map((word) => `'${word}'`).join(" ");
  return runShell(
    "bash",
    ["--norc", "-c"],
    `source ./bash; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}
     _sim_pipeline; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
}

const inFish = (line: string) =>
  runShell("fish", ["--no-config", "-c"], `source ./fish; complete -C '${line}'`);

/**
 * Types the line and a Tab into a zsh on a terminal of its own, and reads what it shows, at least
 * up to `last`: typing on before that would make zsh leave out the list.
 */
function inZsh(line: string, last: string): string {
  const script = `
    zmodload zsh/zpty
    zpty shell "TERM=dumb zsh -f -i"
    zpty -w shell "PROMPT=; autoload -Uz compinit; compinit -u -D; source ./zsh; zstyle ':completion:*' list-prompt ''; LISTMAX=1000; print READY"
    zpty -r -m shell seen "*READY*READY*"
    zpty -w -n shell ${JSON.stringify(line)}$'\\t\\t'
    zpty -r -m shell list "*"${JSON.stringify(last)}"*"
    zpty -w -n shell $'\\x15print -n EN; print D\\n'
    zpty -r -m shell rest "*END*"
    print -r -- "$list$rest"`;
  return runShell("zsh", ["-f", "-c"], script).join("\n");
}

describe("in bash", () => {
  it.each<[string[], string[]]>([
    [["sta"], ["status"]],
    [
      ["run", "--engine", ""],
      ["auto", "docker", "process"],
    ],
    [["run", "--engine", "=", "p"], ["process"]],
    [["run", "s"], ["sweep.yaml"]],
    [
      ["run", ""],
      ["bin", "other.yml", "runs", "sweep.yaml"],
    ],
    [["status", "r"], ["runs"]],
    [["run", "--resume", "x"], []],
  ])("%j", (words, expected) => {
    expect(inBash(...words)).toEqual(expected);
  });
});

describe.skipIf(!has("fish"))("in fish (needs fish)", () => {
  it.each<[string, string[]]>([
    ["sim-pipeline sta", ["status\thow a run stands, also one in progress"]],
    ["sim-pipeline run --engine ", ["auto", "docker", "process"]],
    ["sim-pipeline run --engine=p", ["--engine=process"]],
    ["sim-pipeline status r", ["runs/"]],
  ])("%s", (line, expected) => {
    expect(inFish(line).map((each) => each.replace(/\t(Directory)?$/, ""))).toEqual(expected);
  });

  it("offers sweep files", () => {
    const names = inFish("sim-pipeline run ").map((line) => line.split("\t", 1)[0]);
    expect(names).toContain("sweep.yaml");
    expect(names).toContain("other.yml");
  });
});

describe.skipIf(!has("zsh"))("in zsh (needs zsh)", () => {
  it.each<[string, string[]]>([
    ["sim-pipeline run --engine ", ["auto", "docker", "process"]],
    ["sim-pipeline run --engine=p", ["--engine=process"]],
    ["sim-pipeline run ", ["other.yml", "sweep.yaml"]],
  ])("%s", (line, expected) => {
    const shown = inZsh(line, expected.at(-1) ?? "");
    for (const value of expected) expect(shown).toContain(value);
    expect(shown).not.toContain("notes.txt");
  });
});
