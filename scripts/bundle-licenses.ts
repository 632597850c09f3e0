import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { repository } from "./action-files.ts";

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  /** As it was written before npm 3. */
  licenses: z.array(z.object({ type: z.string() })).optional(),
  author: z.union([z.string(), z.object({ name: z.string() })]).optional(),
});

interface Package extends z.infer<typeof packageSchema> {
  readonly license: string;
  /** What its files say of its licence; null where it has none. */
  readonly text: string | null;
}

/**
 * The licences of the packages that some modules come from, sorted by name.
 *
 * @param modules absolute paths; those outside of a node_modules folder are our own.
 * @throws for a package without a licence, or whose text is nowhere to be had.
 */
export function licensesOf(modules: Iterable<string>): string {
  const folders = new Set([...modules].flatMap((module) => packageFolder(module) ?? []));
  const packages = [...folders].map((folder): Package => {
    const description = packageSchema.parse(readJson(join(folder, "package.json")));
    const license =
      description.license ?? description.licenses?.map(({ type }) => type).join(" OR ");
    if (license === undefined) throw new Error(`${folder} does not name its licence`);
    return { ...description, license, text: ownText(folder) };
  });
  const byText = Map.groupBy(packages, (one) => one.text ?? textFor(one, packages));
  const entries = [...byText].map(([text, those]) => {
    const names = those.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return `${names.sort().join("\n")}\n\n${text}`;
  });
  return `${entries.sort().join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** The text in a package's licence files, or in the section of its README. */
function ownText(folder: string): string | null {
  const pattern = "{LICEN[CS]E,Licen[cs]e,licen[cs]e,COPYING,NOTICE}{,.*,-*}";
  const files = globSync(pattern, { cwd: folder }).sort();
  const read = (file: string) =>
    readFileSync(join(folder, file), "utf8").replaceAll("\r", "").trim();
  if (files.length > 0) return files.map(read).join("\n\n");
  const [readme] = globSync("{README,readme,Readme}.md", { cwd: folder });
  if (readme === undefined) return null;
  return /\n#* *Licen[cs]e\n(?:-+\n)?(.*Permission .*)$/is.exec(read(readme))?.[1]?.trim() ?? null;
}

const MIT = readFileSync(join(repository, "LICENSE"), "utf8")
  .replace(/^.*(?=Permission )/s, "")
  .trim();

/** Licences that are the same but for the copyright line: https://spdx.org/licenses/ */
const STANDARD: ReadonlyMap<string, string> = new Map([
  ["MIT", MIT],
  // The same by the name it had before there were short ones.
  ["MIT/X11", MIT],
  [
    "ISC",
    `Permission to use, copy, modify, and/or distribute this software for any purpose with or without
fee is hereby granted, provided that the above copyright notice and this permission notice appear in
all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS
SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE
AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT,
NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.`,
  ],
]);

/** The text for a package that names its licence only: its repository's, or the standard one. */
function textFor({ name, license, author }: Package, packages: readonly Package[]): string {
  const scope = /^@[^/]+\//.exec(name)?.[0];
  const sibling = packages.find(
    (other) =>
      scope !== undefined &&
      other.name.startsWith(scope) &&
      other.license === license &&
      other.text !== null,
  );
  if (sibling?.text != null) return sibling.text;
  const holder = typeof author === "object" ? author.name : author;
  const standard = STANDARD.get(license);
  if (standard === undefined || holder === undefined) {
    throw new Error(`${name} has no text of its licence ${license}: see its repository`);
  }
  return `Copyright (c) ${holder}\n\n${standard}`;
}

/** The folder of the package that a module is in; null for our own modules. */
function packageFolder(module: string): string | null {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? null;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
