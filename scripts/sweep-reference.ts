import * as z from "zod";
import { type Reference, reference, type Scope } from "../src/sweep/file/fields.ts";
import { alternatives } from "../src/sweep/file/issues.ts";
import { sweepSchema } from "../src/sweep/file/schema.ts";

/** The schema for editors: what a file may say, before placeholders and files are looked at. */
export function jsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(sweepSchema, { io: "input" });
  return {
    $schema,
    $id: "https://raw.githubusercontent.com/org/sim-pipeline/v1/sweep.schema.json",
    title: "sim-pipeline sweep file",
    ...schema,
    allOf: [
      { anyOf: ["parameters", "include"].map((name) => ({ required: [name] })) },
      { anyOf: ["image", "build", "process"].map((name) => ({ required: [name] })) },
    ],
  };
}

const SCOPE_TEXTS: Readonly<Record<Scope, string>> = {
  parameters: "parameters",
  "point.index": "`point.index`",
  "point.name": "`point.name`",
  folders: "`output`, `input`",
  chunk: "`NAME.first`, `NAME.last`",
};

/** The reference page: a table of keys made of the schema, and what tables cannot say. */
export function referencePage(): string {
  const rows = keyRows(sweepSchema, "");
  const steps = keyRows(stepSchema(), "");
  const keys = rows.filter(({ name }) => !name.startsWith("finish["));
  return [
    INTRODUCTION,
    "## Keys",
    "Required are `name`, `command`, one of `parameters` and `include`, and one of `image`, `build` and `process`.",
    table(keys),
    VALUES,
    "## Distributions",
    "Each is written as `{distribution: NAME, samples: N, ...}` with its fields; names and fields are those of [Weights & Biases](https://docs.wandb.ai/models/sweeps/sweep-config-keys#distribution-options-for-random-and-bayesian-search).",
    distributionTable(),
    PLACEHOLDERS,
    COMMANDS,
    FILES,
    "## Finish steps",
    "A step is a mapping with one of these keys. `to` is a path below the run folder's `finish/`.",
    table(steps),
    OVERRIDES,
  ].join("\n\n");
}

interface Row {
  readonly name: string;
  readonly entry: Reference;
  readonly description: string;
  readonly fallback: string;
}

function keyRows(schema: z.core.$ZodType, prefix: string): Row[] {
  return alternatives(schema).flatMap((one) => {
    if (one instanceof z.ZodArray) return keyRows(one.element, prefix.replace(/\.$/, "[]."));
    if (!(one instanceof z.ZodObject)) return [];
    const shape: Readonly<Record<string, z.core.$ZodType>> = one.shape;
    return Object.entries(shape).flatMap(([name, field]) => {
      const entry = reference.get(field);
      if (entry === undefined) throw new Error(`${prefix}${name} has no entry in the reference`);
      const description = z.globalRegistry.get(field)?.description ?? "";
      const row = { name: prefix + name, entry, description, fallback: fallbackOf(field, entry) };
      const nested = name === "parameters" ? [] : keyRows(field, `${prefix}${name}.`);
      return [row, ...nested];
    });
  });
}

function stepSchema(): z.core.$ZodType {
  const [steps] = alternatives(sweepSchema.shape.finish);
  if (!(steps instanceof z.ZodArray)) throw new Error("finish is no list");
  return steps.element;
}

function fallbackOf(field: z.core.$ZodType, entry: Reference): string {
  if (entry.default !== undefined) return entry.default;
  if (field instanceof z.ZodDefault) {
    const value = field.def.defaultValue;
    return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
  }
  return field instanceof z.ZodPrefault || field instanceof z.ZodOptional ? "" : "required";
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ name, entry, description, fallback }) => {
    const scopes = (entry.placeholders ?? []).map((scope) => SCOPE_TEXTS[scope]).join(", ");
    return `| \`${name}\` | ${entry.type} | ${fallback} | ${scopes} | ${description} |`;
  });
  return [
    "| key | type | default | placeholders | |",
    "| --- | --- | --- | --- | --- |",
    ...lines.map((line) => line.replaceAll("  ", " ")),
  ].join("\n");
}

function distributionTable(): string {
  const lines = alternatives(sweepSchema.shape.parameters).flatMap((record) =>
    record instanceof z.ZodRecord ? alternatives(record.valueType) : [],
  );
  const rows = lines.flatMap((one) => {
    if (!(one instanceof z.ZodObject) || !("distribution" in one.shape)) return [];
    const shape: Readonly<Record<string, z.core.$ZodType>> = one.shape;
    const { distribution, samples: _, ...fields } = shape;
    if (!(distribution instanceof z.ZodEnum)) return [];
    const names = distribution.options.map((name) => `\`${name}\``).join(", ");
    const texts = Object.entries(fields).map(([name, field]) => {
      const entry = reference.get(field);
      const optional = entry?.default ?? (field instanceof z.ZodOptional ? "optional" : null);
      return `\`${name}\`${optional === null ? "" : ` (${optional})`}`;
    });
    return [`| ${names} | ${texts.join(", ")} |`];
  });
  return ["| distribution | fields (default) |", "| --- | --- |", ...rows].join("\n");
}

const INTRODUCTION = `<!-- Written by scripts/generate.ts: change it or the schema, then run it. -->
# The sweep file

A sweep file is YAML 1.2: UTF-8, one document, at most 1 MiB, 200,000 keys and values, and 1000 parameters. \`sweep.schema.json\` lets editors complete and check it; put this on the first line:

\`\`\`yaml
# yaml-language-server: $schema=https://raw.githubusercontent.com/org/sim-pipeline/v1/sweep.schema.json
\`\`\`

What is wrong in a file is told all at once, each with \`file:line:column\`, before anything starts; the exit code is then 2.`;

const VALUES = `## Parameters and values

A parameter's name has letters, digits, \`_\` and \`-\`, no digit first, at most 64 of them; \`point\`, \`output\` and \`input\` are taken. Its values are one of:

| form | values |
| --- | --- |
| \`[1, 2.5, fast, true]\` | as listed; a single value is a list of one |
| \`{range: "1-20"}\` | integers, both ends included, ascending; \`"1-9:2"\` steps, \`"1-3,7"\` joins |
| \`{linspace: [0, 1, 11]}\` | start, stop and count: equal distances, both ends included |
| \`{logspace: [0.001, 1000, 7]}\` | the same with equal ratios |
| \`{distribution: normal, mu: 0, sigma: 1, samples: 5}\` | draws, the same for the same \`random-seed\`; more samples keep the old ones |
| \`{file: cases.csv}\` | a table: one row after the other, every column a parameter; the entry's own name only stands in \`combine\` |

Values keep their type: text, number, true or false. A number is handed to the simulation as JavaScript writes it. Where the file writes it otherwise (\`3.10\`, \`1e3\`, \`007\`) the plan warns; quotes make it a text. Integers beyond 2^53, NaN, infinity and null are errors, and so is the same value twice in one list.

A \`.csv\` table has commas and a header line (RFC 4180, UTF-8); its cells are typed as YAML types plain scalars, whether they are quoted or not. A \`.jsonl\` table has one flat object a line, all with the same keys, and keeps their types. An empty cell is an error. Tables have at most 64 MiB.

\`exclude\` and \`include\` follow [GitHub's matrix](https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations), with typed equality: \`3\` is not \`"3"\`.

Durations are numbers with units, \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`: \`30m\`, \`1h30m\`. Memory is a number with \`k\`, \`M\`, \`G\`, \`T\` (powers of 1000) or \`Ki\`, \`Mi\`, \`Gi\`, \`Ti\` (powers of 1024).`;

const PLACEHOLDERS = `## Placeholders

| placeholder | stands for |
| --- | --- |
| \`{{ name }}\` | the parameter's value |
| \`{{ name:spec }}\` | a number by [d3-format](https://d3js.org/d3-format#locale_format), with an ASCII minus: \`{{ seed:03d }}\`, \`{{ noise:.4f }}\`; an error where a value is no number |
| \`{{ point.index }}\` | the point's number, from 0 |
| \`{{ point.name }}\` | the point's name |
| \`{{ output }}\`, \`{{ input }}\` | the folders for outputs and inputs, as the task sees them |
| \`{{ frame.first }}\`, \`{{ frame.last }}\` | the ends of a batch, under \`isolation: {batch: 50, range: frame}\` |
| \`{{{{\` | \`{{\` itself |

The table of keys says which key may hold which. An unknown name is an error, and so is a point that lacks a parameter which a placeholder names. Under \`{batch: N}\` one process has many points: \`command\`, \`entrypoint\`, \`env\` and \`templates\` then hold no placeholder that differs from point to point. In YAML a placeholder needs quotes where a value begins with it: \`"{{ seed }}"\`.`;

const COMMANDS = `## Commands

\`command\`, \`entrypoint\` and \`process\` are lists of words, or one text that is split into words by the quoting rules of a POSIX shell (\`'\`, \`"\` and \`\\\`). The split comes first, then placeholders are filled in: a value never splits, and \`{{ name }}\` needs no quotes inside the text. No shell runs the words: variables, patterns, pipes and redirections stay as they are written, and the plan warns of them. Where a shell is wanted, say so: \`entrypoint: [sh, -c]\`.`;

const FILES = `## Files

Paths are relative to the sweep file's folder. Inputs, templates and tables must lie inside the sweep's repository (the nearest parent folder with \`.git\`, else the sweep file's folder), symlinks resolved, unless \`--allow-outside\` is given. A relative \`to\` means below \`/mnt/input\`. Two things cannot be placed inside each other, nor below \`/mnt/data\`, \`/proc\`, \`/sys\`, \`/dev\` and \`/run\`, nor over a folder that the image needs. A template is UTF-8 text of at most 1 MiB.`;

const OVERRIDES = `## Overrides

\`--param name=values\` replaces or adds a parameter: what reads as a range expression is one (\`--param seed=1-5\`), else a comma list of YAML values (\`--param noise=0.1,0.2\`, \`--param 'day="1-5"'\` for the text), or one of the forms above (\`--param 'x={linspace: [0, 1, 5]}'\`). With \`combine\`, an added parameter must be added there too: \`--set 'combine=(a, b) * x'\`.

\`--set key=value\` sets any other key to a YAML value, \`.\` between steps and numbers for positions in lists: \`--set timeout=5m\`, \`--set resources.cpus=2\`, \`--set finish.0.video.fps=30\`. Both may be given several times; the last one counts.
`;
