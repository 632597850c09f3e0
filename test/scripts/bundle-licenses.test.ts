import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { licensesOf } from "../../scripts/bundle-licenses.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sim-pipeline-licences-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Writes a package below node_modules; gives a module of it. */
function addPackage(name: string, description: object, files: Record<string, string> = {}): string {
  const folder = join(root, "node_modules", name);
  const all = {
    "package.json": JSON.stringify({ name, version: "1.0.0", ...description }),
    ...files,
  };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return join(folder, "lib/index.js");
}

it.each<[title: string, description: object, files: Record<string, string>, expected: string[]]>([
  ["LICENSE", { license: "MIT" }, { LICENSE: "its text\r\n" }, ["a 1.0.0 (MIT)\n\nits text\n"]],
  [
    "licence and notice",
    { license: "Apache-2.0" },
    { "LICENSE.md": "its text", NOTICE: "its notice" },
    ["its text\n\nits notice"],
  ],
  [
    "the README's section",
    { license: "MIT" },
    { "README.md": "# a\n\n## License\n\nCopyright (c) b\n\nPermission is granted" },
    ["(MIT)\n\nCopyright (c) b\n\nPermission is granted"],
  ],
  [
    "the standard text",
    { license: "MIT", author: "b <b@example.org>" },
    {},
    ["Copyright (c) b <b@example.org>\n\nPermission is hereby granted"],
  ],
  ["the old form", { licenses: [{ type: "MIT" }], author: { name: "b" } }, {}, ["a 1.0.0 (MIT)"]],
  [
    "a package.json further in",
    { license: "MIT" },
    { LICENSE: "its text", "lib/package.json": '{"type":"module","name":"inner"}' },
    ["a 1.0.0 (MIT)\n\nits text"],
  ],
])("takes the text from %s", (_title, description, files, expected) => {
  const found = licensesOf([addPackage("a", description, files), join(root, "src/own.ts")]);
  for (const part of expected) expect(found).toContain(part);
});

it("takes a sibling's text where packages of one scope share a repository", () => {
  const modules = [
    addPackage("@x/a", { license: "Apache-2.0" }),
    addPackage("@x/b", { license: "Apache-2.0" }, { LICENSE: "the text" }),
  ];
  expect(licensesOf(modules)).toBe(
    "@x/a 1.0.0 (Apache-2.0)\n@x/b 1.0.0 (Apache-2.0)\n\nthe text\n",
  );
});

it.each([
  ["names no licence", {}, "does not name its licence"],
  [
    "has no text",
    { license: "Apache-2.0", author: "b" },
    "a has no text of its licence Apache-2.0",
  ],
  ["has no holder", { license: "MIT" }, "a has no text of its licence MIT"],
])("refuses a package that %s", (_title, description, message) => {
  expect(() => licensesOf([addPackage("a", description)])).toThrow(message);
});
