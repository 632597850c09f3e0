/**
 * Writes what is made of other sources: `sweep.schema.json` and `docs/sweep-file.md` of the schema
 * that validates sweep files, the tables in the actions' READMEs of their `action.yml`, the
 * raytracer's `kernel.wasm` of its AssemblyScript. With `--check` it writes nothing and fails where
 * one of them is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { actionReadmes } from "./action-docs.ts";
import { buildKernel } from "./build-kernel.ts";
import { jsonSchema, referencePage } from "./sweep-reference.ts";

const root = new URL("../", import.meta.url);
const texts = [
  { name: "sweep.schema.json", text: `${JSON.stringify(jsonSchema(), null, 2)}\n` },
  { name: "docs/sweep-file.md", text: referencePage() },
  ...actionReadmes(),
];
const files = [
  ...texts.map(({ name, text }) => ({ name, content: text })),
  { name: "sims/raytracer/wasm/kernel.wasm", content: await buildKernel() },
];

const check = process.argv.includes("--check");
for (const { name, content } of files) {
  const path = fileURLToPath(new URL(name, root));
  if (!check) {
    writeFileSync(path, content);
  } else if (!readBytes(path)?.equals(Buffer.from(content))) {
    process.stderr.write(`${name} is stale: run npm run generate\n`);
    process.exitCode = 1;
  }
}

function readBytes(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    // Absent is as stale as different.
    return null;
  }
}
