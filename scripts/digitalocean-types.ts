/**
 * Writes test/lab/digitalocean/official.ts from an unpacked package @digitalocean/dots, which is too
 * big to depend on: the types of what the stand-in answers, with the JSON names that the client's
 * own parsers read. node scripts/digitalocean-types.ts FOLDER
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const roots = [
  ...["Account", "Action", "Action_link", "Droplet", "ErrorEscaped", "Image"],
  ...["Meta_properties", "Region", "Size", "SshKeys", "Tags"],
];

/** What every interface of the client's generator extends. */
const plain = new Set(["AdditionalDataHolder", "ApiError", "Parsable"]);

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: digitalocean-types.ts FOLDER");
const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const { version } = z.object({ version: z.string() }).parse(manifest);
const source = readFileSync(join(folder, "src/dots/models/index.ts"), "utf8");

/** What stands between the braces after this beginning. */
function body(beginning: RegExp): string | null {
  const match = beginning.exec(source);
  if (match === null) return null;
  const start = match.index + match[0].length;
  return source.slice(start, source.indexOf("\n}", start));
}

/** The names of an interface's fields in JSON, by what the client calls them. */
function jsonNames(name: string): Map<string, string> {
  const parser = body(new RegExp(`^export function deserializeInto${name}\\(.*\\{$`, "m")) ?? "";
  const fields = parser.matchAll(/^\s*"([^"]+)": n => \{ \w+\.(\w+) =/gm);
  return new Map(Array.from(fields, ([, json = "", field = ""]) => [field, json]));
}

function literals(name: string): string | null {
  const values = body(new RegExp(`^export const ${name}Object = \\{$`, "m"));
  if (values === null) return null;
  return Array.from(values.matchAll(/: ("[^"]*"),$/gm), ([, value]) => value).join(" | ");
}

const written = new Map<string, string>();

function write(name: string): void {
  if (written.has(name)) return;
  const names = jsonNames(name);
  const lines: string[] = [];
  const beginning = new RegExp(`^export interface ${name} extends (.*) \\{$`, "m");
  const fields = body(beginning);
  if (fields === null) throw new Error(`no interface ${name}`);
  written.set(name, "");
  const bases = (beginning.exec(source)?.[1] ?? "").split(", ").filter((base) => !plain.has(base));
  for (const base of bases) write(base);
  for (const [, field = "", type = ""] of fields.matchAll(/^ {4}(\w+)\?: (.+) \| null;$/gm)) {
    lines.push(`  ${names.get(field) ?? field}?: ${typeOf(type)} | null;`);
  }
  const heritage = bases.length === 0 ? "" : ` extends ${bases.join(", ")}`;
  written.set(name, `export interface ${name}${heritage} {\n${lines.join("\n")}\n}\n`);
}

function typeOf(type: string): string {
  if (type.endsWith("[]")) return `readonly (${typeOf(type.slice(0, -2))})[]`;
  if (type === "Date") return "string";
  if (["string", "number", "boolean"].includes(type)) return type;
  const values = literals(type);
  if (values !== null) return values;
  write(type);
  return type;
}

for (const root of roots) write(root);
const head = `/**
 * Types of DigitalOcean's API, as its official client has them: an excerpt of @digitalocean/dots
 * ${version} (https://github.com/digitalocean/dots), Copyright 2025 Digital Ocean, Apache License
 * 2.0 (official.LICENSE). Changed: the fields have their JSON names, dates are strings, arrays are
 * read-only, comments are left out. Made by scripts/digitalocean-types.ts.
 */
`;
const path = new URL("../test/lab/digitalocean/official.ts", import.meta.url);
writeFileSync(path, [head, ...[...written].sort().map(([, text]) => text)].join("\n"));
