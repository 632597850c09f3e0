/**
 * Writes what is made of other sources: `sweep.schema.json` and `docs/sweep-file.md` of the schema
 * that validates sweep files, the tables in the actions' READMEs of their `action.yml`. With
 * `--check` it writes nothing and fails where one of them is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { actionReadmes } from "./action-docs.ts";
import { jsonSchema, referencePage } from "./sweep-reference.ts";

const root = new URL("../", import.meta.url);
const files = [
  { name: "sweep.schema.json", text: `${JSON.stringify(jsonSchema(), null, 2)}\n` },
  { name: "docs/sweep-file.md", text: referencePage() },
  ...actionReadmes(),
];

const check = process.argv.includes("--check");
for (const { name, text } of files) {
  const path = fileURLToPath(new URL(name, root));
  if (!check) {
    writeFileSync(path, text);
  } else if (readText(path) !== text) {
    process.stderr.write(`${name} is stale: run npm run generate\n`);
    process.exitCode = 1;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Absent is as stale as different.
    return null;
  }
}
