/** Whether a sweep can run without containers. */

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { ReportedError } from "../../sweep/errors.ts";
import type { Sweep, Template } from "../../sweep/sweep.ts";
import { isInput } from "./folders.ts";

/**
 * The words to run before a task's command, with the program found.
 * Throws a ReportedError (2) that names all the places where the sweep counts on a container's
 * folders, or a program that is not there.
 */
export function fitSweep(sweep: Sweep, env: NodeJS.ProcessEnv): readonly string[] {
  const [program, ...args] = sweep.process ?? [];
  if (program === undefined) {
    throw new ReportedError(
      2,
      `the sweep ${sweep.name} does not say how to run without containers: ` +
        "add its words, as `process: [python3, main.py]`, or use --engine docker",
    );
  }
  const problems = [...literalFolders(sweep), ...foreignTargets(sweep)];
  if (problems.length > 0) {
    throw new ReportedError(
      2,
      ["the process engine has no /mnt, its folders are real ones:", ...problems].join("\n  "),
    );
  }
  // Our own Node, which the sweep can count on; PATH may have an older one, or none.
  if (program === "node") return [process.execPath, ...args];
  if (!canRun(program, sweep.folder, env)) {
    throw new ReportedError(
      2,
      `process: there is no program ${program} ` +
        (program.includes("/") ? `in ${sweep.folder}` : `on PATH (${env.PATH})`) +
        ": install it, correct the word, or use --engine docker",
    );
  }
  return sweep.process ?? [];
}

/** Each place that writes a container's folder out, with what to write instead. */
function literalFolders(sweep: Sweep): string[] {
  const texts: [place: string, text: string][] = [];
  const add = (place: string, template: Template): void => {
    for (const part of template.parts) if (typeof part === "string") texts.push([place, part]);
  };
  for (const word of sweep.process ?? []) texts.push(["process", word]);
  for (const word of sweep.command) add("command", word);
  for (const [name, value] of Object.entries(sweep.env)) add(`env.${name}`, value);
  for (const { from, template } of sweep.templates) add(`template ${from}`, template);
  return texts.flatMap(([place, text]) => {
    const folder = /\/mnt\/(data|input)(?![\w.-])/.exec(text)?.[1];
    if (folder === undefined) return [];
    const remedy =
      folder === "data" ? ["{{ output }}", "$SIM_OUTPUT"] : ["{{ input }}", "$SIM_INPUT"];
    const [placeholder, variable] = remedy;
    return place === "process"
      ? [`${place}: let the program read ${variable} instead of "/mnt/${folder}"`]
      : [`${place}: write "${placeholder}" instead of "/mnt/${folder}"`];
  });
}

function foreignTargets(sweep: Sweep): string[] {
  return [...sweep.inputs, ...sweep.templates]
    .filter(({ to }) => !isInput(to))
    .map(
      ({ from, to }) =>
        `${from}: give a relative path for "to" instead of ${to}; it lies in {{ input }}, $SIM_INPUT`,
    );
}

function canRun(program: string, folder: string, env: NodeJS.ProcessEnv): boolean {
  const folders = program.includes("/") ? [""] : (env.PATH ?? "").split(delimiter);
  return folders.some((one) => {
    // An empty element of PATH is the working directory: POSIX, environment variables.
    const path = resolve(folder, join(one, program));
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}
