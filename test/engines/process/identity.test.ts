import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { processIdentity } from "../../../src/engines/process/identity.ts";
import type { Sweep } from "../../../src/sweep/sweep.ts";
import { testSweep } from "../fixtures.ts";

const root = mkdtempSync(join(tmpdir(), "sim-identity-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A new folder with these files. */
function folder(files: Record<string, string>): string {
  const path = join(root, randomBytes(6).toString("hex"));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

function identity(path: string, changes: Partial<Sweep> = {}, limit?: number): Promise<string> {
  const sweep = testSweep({
    folder: path,
    file: join(path, "sweep.yaml"),
    process: ["node", "main.ts"],
    ...changes,
  });
  return processIdentity(sweep, new AbortController().signal, limit);
}

const program = { "main.ts": "run()", "lib/part.ts": "part", "sweep.yaml": "name: a" };

describe("the identity of a program", () => {
  test("is a digest, the same for the same files in another folder", async () => {
    const first = await identity(folder(program));
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await identity(folder(program))).toBe(first);
  });

  test.each<[string, Record<string, string>]>([
    ["the sweep file", { "sweep.yaml": "name: b" }],
    ["a run folder", { "runs/a/run.db": "db", "runs/a/points/x/result.json": "{}" }],
    ["bytecode of Python", { "__pycache__/main.pyc": "x", "lib/__pycache__/part.pyc": "x" }],
    ["the history of git", { ".git/HEAD": "ref", "lib/.git": "gitdir: elsewhere" }],
  ])("does not change with %s", async (_title, files) => {
    expect(await identity(folder({ ...program, ...files }))).toBe(await identity(folder(program)));
  });

  test.each<[string, Record<string, string>]>([
    ["a file's content", { "main.ts": "run(2)" }],
    ["a file in a folder", { "lib/part.ts": "part 2" }],
    ["a new file", { "new.ts": "" }],
    ["a hidden file", { ".config": "" }],
    ["another sweep file, of another name", { "other.yaml": "name: b" }],
    ["a file named like the sweep file in another folder", { "lib/sweep.yaml": "" }],
  ])("changes with %s", async (_title, files) => {
    const changed = await identity(folder({ ...program, ...files }));
    expect(changed).not.toBe(await identity(folder(program)));
  });

  test("does not confuse what a name ends with and what a content begins with", async () => {
    const first = await identity(folder({ ab: "c", d: "" }));
    expect(await identity(folder({ a: "bc", d: "" }))).not.toBe(first);
    expect(await identity(folder({ ab: "", d: "c" }))).not.toBe(first);
  });

  test("changes with the command", async () => {
    const path = folder(program);
    const changed = await identity(path, { process: ["node", "main.ts", "-v"] });
    expect(changed).not.toBe(await identity(path));
  });

  test("changes with the executable bit and with where a link points, not what it finds", async () => {
    const path = folder(program);
    const before = await identity(path);
    chmodSync(join(path, "main.ts"), 0o755);
    const executable = await identity(path);
    expect(executable).not.toBe(before);
    symlinkSync("lib/part.ts", join(path, "link"));
    const linked = await identity(path);
    expect(linked).not.toBe(executable);
    rmSync(join(path, "link"));
    symlinkSync("nowhere", join(path, "link"));
    expect(await identity(path)).not.toBe(linked);
  });

  test("ignores what is neither file nor link", async () => {
    const path = folder(program);
    const before = await identity(path);
    const server = createServer().listen(join(path, "socket"));
    await once(server, "listening");
    expect(await identity(path)).toBe(before);
    server.close();
  });
});

describe(".dockerignore", () => {
  const data = { "data/big.bin": "1", "a.log": "1", "lib/b.log": "1", "data/keep.txt": "k" };

  /** Whether a change of this file changes the identity under these patterns. */
  async function counts(patterns: string, file: string): Promise<boolean> {
    const files = { ...program, ...data, ".dockerignore": patterns };
    const before = await identity(folder(files));
    return (await identity(folder({ ...files, [file]: "changed" }))) !== before;
  }

  test.each<[patterns: string, file: string, counts: boolean]>([
    ["data", "data/big.bin", false],
    ["data/", "data/big.bin", false],
    ["/data", "data/big.bin", false],
    ["# data", "data/big.bin", true],
    ["*.log", "a.log", false],
    ["*.log", "lib/b.log", true],
    ["**/*.log", "lib/b.log", false],
    ["DATA", "data/big.bin", true],
    ["data\n!data/keep.txt", "data/big.bin", false],
    ["data\n!data/keep.txt", "data/keep.txt", true],
    ["*\n!main.ts", "lib/part.ts", false],
    ["*\n!main.ts", "main.ts", true],
  ])("%j: does %s count? %s", async (patterns, file, expected) => {
    expect(await counts(patterns, file)).toBe(expected);
  });

  test("that cannot be understood is named", async () => {
    const path = folder({ ...program, ".dockerignore": "a[b" });
    await expect(identity(path)).rejects.toThrow(/\.dockerignore holds a pattern/);
  });
});

describe("what cannot be a program", () => {
  test("a folder above the limit is refused, with the remedy", async () => {
    const path = folder(program);
    truncateSync(join(path, "main.ts"), 2 ** 31);
    await expect(identity(path)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/more than 1024 MiB.*\.dockerignore/s),
    });
    const small = folder({ a: "12345", b: "12345" });
    await expect(identity(small, {}, 9)).rejects.toMatchObject({ exitCode: 2 });
    await expect(identity(small, {}, 10)).resolves.toMatch(/^sha256:/);
  });

  test("an unreadable file is named", async () => {
    const path = folder(program);
    chmodSync(join(path, "main.ts"), 0);
    const isRoot = process.geteuid?.() === 0;
    for (const parent of [root, path]) chmodSync(parent, 0o755);
    // Root may read everything.
    if (isRoot) process.seteuid?.(65534);
    try {
      await expect(identity(path)).rejects.toThrow(/main\.ts.*\.dockerignore/s);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test("a folder that is not there is named", async () => {
    const path = join(root, "nowhere");
    await expect(identity(path)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(path),
    });
  });

  test("an abort ends the reading", async () => {
    const sweep = testSweep({ folder: folder(program), process: ["true"] });
    await expect(processIdentity(sweep, AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});
