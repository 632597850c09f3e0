import { z } from "zod";
import { type KeyDocument, unmark } from "./key.ts";

/** The first part of two keys that differs; `(none)` stands for what one of them lacks. */
export interface Difference {
  /** In the sweep file's words: `image`, `parameters.seed`, `env.MODE`, `template /mnt/a.json`. */
  readonly part: string;
  readonly old: string;
  readonly now: string;
}

const NONE = "(none)";

/** What a key is made from. */
const DOCUMENT = z.object({
  version: z.number(),
  image: z.string(),
  user: z.string(),
  network: z.string(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  ordinal: z.number(),
  inputs: z.array(z.object({ to: z.string(), sha256: z.string() })),
  secrets: z.array(z.string()),
  outputs: z.array(z.string()),
  entrypoint: z.array(z.string()).nullable(),
  command: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  templates: z.array(
    z.object({ to: z.string(), text: z.string().optional(), sha256: z.string().optional() }),
  ),
});

/** A document of another version of keys: enough to say so. */
const VERSION = z.object({ version: z.number() });

/**
 * The first part in which two keys differ, causes before what follows from them: a parameter
 * before the command that holds it. Null where they are the same.
 * Throws a ZodError where a text is no key document.
 */
export function firstDifference(old: KeyDocument, now: KeyDocument): Difference | null {
  const before = membersOf(old);
  const after = membersOf(now);
  const versions = [before, after].map((members) => String(VERSION.parse(members).version));
  const [oldVersion = NONE, nowVersion = NONE] = versions;
  if (oldVersion !== nowVersion) return { part: "key version", old: oldVersion, now: nowVersion };

  const oldGroups = groupsOf(DOCUMENT.parse(before));
  for (const [i, group] of groupsOf(DOCUMENT.parse(after)).entries()) {
    const oldGroup = oldGroups[i] ?? new Map<string, string>();
    for (const part of new Set([...group.keys(), ...oldGroup.keys()])) {
      const [one, other] = [oldGroup.get(part), group.get(part)];
      if (one !== other) return { part, ...shown(one, other) };
    }
  }
  return null;
}

function membersOf({ common, point }: KeyDocument): unknown {
  const object = z.record(z.string(), z.unknown());
  return { ...object.parse(JSON.parse(common)), ...object.parse(JSON.parse(point)) };
}

/** The parts by name, in the order in which they are compared. */
function groupsOf(document: z.infer<typeof DOCUMENT>): Map<string, string>[] {
  const one = (part: string, text: string) => new Map([[part, text]]);
  const each = <T>(entries: readonly T[], part: (entry: T) => string, text: (entry: T) => string) =>
    new Map(entries.map((entry) => [part(entry), text(entry)]));
  const { entrypoint } = document;
  return [
    one("image", document.image),
    one("user", document.user),
    one("network", document.network),
    each(
      Object.entries(document.parameters),
      ([name]) => `parameters.${name}`,
      ([, value]) => JSON.stringify(value),
    ),
    one("repeat of an equal point", String(document.ordinal)),
    each(
      document.inputs,
      ({ to }) => `input ${to}`,
      ({ sha256 }) => `sha256 ${sha256}`,
    ),
    one("secrets", JSON.stringify(document.secrets)),
    one("outputs", list(document.outputs)),
    one("entrypoint", entrypoint === null ? "(the image's own)" : list(entrypoint)),
    one("command", list(document.command)),
    each(
      Object.entries(document.env),
      ([name]) => `env.${name}`,
      ([, value]) => value,
    ),
    each(
      document.templates,
      ({ to }) => `template ${to}`,
      ({ text, sha256 }) => text ?? `sha256 ${sha256}`,
    ),
  ];
}

/** Both texts, or of texts of several lines the first that differs, with its number. */
function shown(old: string | undefined, now: string | undefined): Omit<Difference, "part"> {
  if (old === undefined || now === undefined || !`${old}${now}`.includes("\n")) {
    return { old: written(old), now: written(now) };
  }
  const [oldLines, nowLines] = [old.split("\n"), now.split("\n")];
  let at = 0;
  while (oldLines[at] === nowLines[at]) at += 1;
  const line = (lines: readonly string[]) => {
    const text = lines[at];
    return text === undefined ? `line ${at + 1}: ${NONE}` : `line ${at + 1}: ${unmark(text)}`;
  };
  return { old: line(oldLines), now: line(nowLines) };
}

function list(texts: readonly string[]): string {
  return JSON.stringify(texts.map(unmark));
}

function written(text: string | undefined): string {
  return text === undefined ? NONE : unmark(text);
}
