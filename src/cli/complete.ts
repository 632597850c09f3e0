import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { readDatabase } from "../results/database.ts";
import { namesLike } from "../results/status.ts";
import { makeProgram } from "./program.ts";
import { runFolderOf } from "./run-folder.ts";

interface Candidate {
  readonly value: string;
  readonly meaning: string;
}

interface Answer {
  readonly candidates: readonly Candidate[];
  /** Files that fit as well. */
  readonly files: "yaml" | "folders" | "any" | null;
}

const NOTHING: Answer = { candidates: [], files: null };

/**
 * What may stand in the place of the last of these words, as the scripts in shells.ts read it.
 * The words are those behind `sim-pipeline`; the last one is what has been typed of it, or empty.
 */
export async function complete(words: readonly string[]): Promise<string> {
  const { candidates, files } = await answer(joined(words));
  const lines = candidates.map(({ value, meaning }) => `${value}\t${meaning}`);
  return [...lines, ...(files === null ? [] : [`:${files}`]), ""].join("\n");
}

/** Bash takes `--flag=value` for three words, and completes the last of them only. */
function joined(words: readonly string[]): string[] {
  const spread = words.filter((word, i) => word !== "=" || i === 0);
  return words.at(-1) === "=" ? [...spread, ""] : spread;
}

async function answer(words: readonly string[]): Promise<Answer> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const { command, path } = commandOf(await makeProgram(words), before);
  const given = before.slice(path.length);
  if (command.commands.length > 0) {
    if (given.length > 0 && given[0] !== "help") return NOTHING;
    const commands = command.commands.map((each) => ({
      value: each.name(),
      meaning: each.description(),
    }));
    return fitting(current, current.startsWith("-") ? flags(command, []) : commands);
  }
  // What stands behind is another program's.
  if (given.includes("--")) return NOTHING;
  const inline = /^(--[^=]+=)(.*)$/.exec(current);
  if (inline !== null) {
    const [, flag = "", typed = ""] = inline;
    const { candidates, files } = optionValues(command, flag.slice(0, -1), typed);
    return { candidates: candidates.map((c) => ({ ...c, value: flag + c.value })), files };
  }
  const previous = given.at(-1);
  if (previous?.startsWith("-") && takesValue(command, previous)) {
    return optionValues(command, previous, current);
  }
  if (current.startsWith("-")) return fitting(current, flags(command, given));
  return await argumentValues(command, positionals(command, given), current);
}

/** The command that the words name, with those that do. */
function commandOf(
  program: CommandUnknownOpts,
  words: readonly string[],
): { readonly command: CommandUnknownOpts; readonly path: readonly string[] } {
  let command = program;
  const path: string[] = [];
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
    path.push(word);
  }
  return { command, path };
}

function fitting(typed: string, candidates: readonly Candidate[]): Answer {
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), files: null };
}

function flags(command: CommandUnknownOpts, given: readonly string[]): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => {
      const repeats = Array.isArray(option.defaultValue);
      return repeats || !given.some((word) => isFlag(option, word));
    })
    .map((option) => ({ value: option.long ?? option.short ?? "", meaning: option.description }));
}

function isFlag(option: { readonly short?: string; readonly long?: string }, word: string) {
  return word === option.short || word === option.long;
}

function optionOf(command: CommandUnknownOpts, flag: string) {
  return command.options.find((option) => isFlag(option, flag));
}

function takesValue(command: CommandUnknownOpts, flag: string): boolean {
  return optionOf(command, flag)?.required ?? false;
}

/** The words that are neither flags nor their values. */
function positionals(command: CommandUnknownOpts, given: readonly string[]): string[] {
  return given.filter((word, i) => {
    const previous = given[i - 1];
    return !word.startsWith("-") && (previous === undefined || !takesValue(command, previous));
  });
}

function optionValues(command: CommandUnknownOpts, flag: string, typed: string): Answer {
  const option = optionOf(command, flag);
  if (option?.argChoices) {
    return fitting(
      typed,
      option.argChoices.map((value) => ({ value, meaning: "" })),
    );
  }
  return option?.flags.includes("<folder>") ? { ...NOTHING, files: "folders" } : NOTHING;
}

async function argumentValues(
  command: CommandUnknownOpts,
  given: readonly string[],
  typed: string,
): Promise<Answer> {
  const last = command.registeredArguments.at(-1);
  const argument =
    command.registeredArguments[given.length] ?? (last?.variadic === true ? last : undefined);
  if (argument?.argChoices) {
    return fitting(
      typed,
      argument.argChoices.map((value) => ({ value, meaning: "" })),
    );
  }
  switch (argument?.name()) {
    case "sweep":
      return { ...NOTHING, files: "yaml" };
    case "run":
    case "other run":
    case "folder":
    case "paths":
      return { ...NOTHING, files: "folders" };
    case "run or point":
      return { candidates: points(undefined, typed), files: "folders" };
    case "point":
      return { candidates: points(given[0], typed), files: null };
    case "machine": {
      const all = (await machines()).filter(({ value }) => !given.includes(value));
      return fitting(typed, all);
    }
    case "from":
    case "to": {
      const all = (await machines()).map((each) => ({ ...each, value: `${each.value}:` }));
      return { ...fitting(typed, all), files: "any" };
    }
    default:
      return NOTHING;
  }
}

/** The machines of this computer. What completes makes no folder, and asks no provider. */
async function machines(): Promise<Candidate[]> {
  try {
    const { existingStore } = await import("./machines/work.ts");
    const { machineCandidates } = await import("../machines/labels.ts");
    return machineCandidates((await (await existingStore())?.list())?.records ?? []);
  } catch {
    return []; // A folder that cannot be read: nobody to tell.
  }
}

/** More than anyone looks through. */
const MOST_POINTS = 200;

function points(run: string | undefined, typed: string): Candidate[] {
  try {
    using database = readDatabase(runFolderOf(run));
    const found = namesLike(database, typed, MOST_POINTS);
    return found.map(({ name, status }) => ({ value: name, meaning: status }));
  } catch {
    return []; // No run there: nothing to complete with, and nobody to tell.
  }
}
