import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { actionReadmes } from "../../scripts/action-docs.ts";
import { actionEntries, actionFiles, repository } from "../../scripts/action-files.ts";

const files = actionFiles();
const title = (folder: string) => folder || "root";
// In parts, for a linter takes it for a template literal.
const TOKEN = `$${"{{ github.token }}"}`;
const READERS =
  "text|optionalText|lines|flag|optionalFlag|wholeNumber|optionalWholeNumber|wholeNumberOr|choice|secret|namedSecrets";

/** An entry with all of src/actions/ that it reaches, and nothing else. */
async function reachedSource(entry: string): Promise<string> {
  await using bundle = await rolldown({
    input: entry,
    platform: "node",
    tsconfig: false,
    external: (id, importer) =>
      importer !== undefined &&
      !(
        importer.includes("/src/actions/") &&
        (id.startsWith("./") || id.includes("/src/actions/"))
      ),
    treeshake: { moduleSideEffects: false },
  });
  const { output } = await bundle.generate({ format: "esm", comments: false });
  return output.map((one) => (one.type === "chunk" ? one.code : "")).join("\n");
}

interface Reading {
  readonly reader: string;
  readonly name: string;
  /** What follows the name in the call. */
  readonly rest: string;
}

/** The inputs that a source reads; a function that hands its own argument to a reader is one too. */
function readings(source: string): Reading[] {
  const call = (names: string) =>
    new RegExp(`(?<!function )\\b(${names})\\(\\s*"([^"]+)"([^\\n]*)`, "g");
  const wrapper = new RegExp(
    `function (\\w+)\\((\\w+)[^)]*\\) \\{\\s*return (${READERS})\\(\\2\\b`,
    "g",
  );
  const readerOf = new Map(READERS.split("|").map((name) => [name, name]));
  for (const [, name = "", , reader = ""] of source.matchAll(wrapper)) {
    if (!readerOf.has(name)) readerOf.set(name, reader);
  }
  return [...source.matchAll(call([...readerOf.keys()].join("|")))].map(
    ([, reader = "", name = "", rest = ""]) => ({
      reader: readerOf.get(reader) ?? "",
      name,
      rest,
    }),
  );
}

it.each(files.flatMap((file) => Object.keys(actionEntries([file]))))(
  "there is a source for the script %s.js",
  (name) => expect(existsSync(join(repository, `src/actions/${name}.ts`))).toBe(true),
);

it("every script in src/actions/ that calls action() is started by an action.yml", () => {
  const scripts = globSync("src/actions/*.ts", { cwd: repository }).filter((path) =>
    /^await action\(/m.test(readFileSync(join(repository, path), "utf8")),
  );
  const started = Object.keys(actionEntries()).map((name) => `src/actions/${name}.ts`);
  expect(scripts.sort()).toEqual(started.sort());
});

describe.each(files)("action.yml of $name", ({ folder, inputs, outputs, runs }) => {
  const sources = Object.values(actionEntries([{ folder, runs }]));
  const source = async () => (await Promise.all(sources.map(reachedSource))).join("\n");

  it("has the inputs that the action reads", async () => {
    const read = new Set(readings(await source()).map(({ name }) => name));
    expect([...read].sort()).toEqual(Object.keys(inputs).sort());
  });

  it("has the outputs that the action sets", async () => {
    const set = [...(await source()).matchAll(/\bsetOutput\(\s*"([^"]+)"/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(set)].sort()).toEqual(Object.keys(outputs).sort());
  });

  it("gives a default or requires a value where the reader wants one, and only there", async () => {
    for (const { reader, name, rest } of readings(await source())) {
      const { required = false, default: value } = inputs[name] ?? {};
      const given = { name, required, default: value !== undefined };
      if (["text", "wholeNumber", "choice", "flag", "wholeNumberOr"].includes(reader)) {
        expect(given).toEqual({ name, required: value === undefined, default: !required });
      } else if (name !== "token") {
        expect(given).toEqual({ name, required: false, default: false });
      }
      if (reader === "flag") expect(["true", "false", undefined]).toContain(value);
      if (reader === "wholeNumberOr") expect(rest).toContain(`"${value}"`);
      if (name === "token") expect([reader, value]).toEqual(["secret", TOKEN]);
    }
  });

  it("describes each in sentences, with what happens by default", () => {
    for (const [name, { description, required, default: value }] of Object.entries(inputs)) {
      expect(description, name).toMatch(/^[A-Z`].*\.$/);
      if (!required && value === undefined) expect(description, name).toContain("y default");
    }
    for (const [name, { description }] of Object.entries(outputs)) {
      expect(description, name).toMatch(/^[A-Z`].*\.$/);
    }
  });
});

it.each(actionReadmes())(
  "the tables of $name are up to date (npm run generate)",
  ({ name, text }) => {
    expect(readFileSync(join(repository, name), "utf8")).toBe(text);
  },
);

const stepSchema = z.object({
  id: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const jobSchema = z.object({ steps: z.array(stepSchema).default([]) });
const jobsSchema = z.record(z.string(), jobSchema);

/** The jobs of a workflow, or of a part of one in a README. */
function jobsOf(text: string): z.infer<typeof jobSchema>[] {
  const document: unknown = parse(text);
  const { jobs } = z.object({ jobs: jobsSchema.optional() }).parse(document);
  return Object.values(jobs ?? jobsSchema.parse(document));
}

const workflows = [
  ...actionReadmes().flatMap(({ name, text }) =>
    [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, code = ""]) => ({ name, text: code })),
  ),
  ...globSync(".github/workflows/*.yml", { cwd: repository }).map((name) => ({
    name,
    text: readFileSync(join(repository, name), "utf8"),
  })),
];

it.each(workflows)("a workflow in $name uses the actions as they are", ({ text }) => {
  for (const { steps } of jobsOf(text)) {
    for (const step of steps) {
      const own = /^(?:org\/sim-pipeline(?:\/([a-z]+))?@v1|\.\/([a-z]*))$/.exec(step.uses ?? "");
      if (own === null) continue;
      const action = files.find(({ folder }) => folder === (own[1] ?? own[2] ?? ""));
      if (action === undefined) throw new Error(`there is no action ${step.uses}`);
      const required = Object.entries(action.inputs).flatMap(([name, input]) =>
        input.required ? [name] : [],
      );
      expect(Object.keys(action.inputs), title(action.folder)).toEqual(
        expect.arrayContaining(Object.keys(step.with)),
      );
      expect(Object.keys(step.with)).toEqual(expect.arrayContaining(required));
      if (step.id === undefined) continue;
      const outputs = [
        ...text.matchAll(new RegExp(`steps\\.${step.id}\\.outputs\\.([a-z-]+)`, "g")),
      ];
      for (const [, output = ""] of outputs) expect(Object.keys(action.outputs)).toContain(output);
    }
  }
});
