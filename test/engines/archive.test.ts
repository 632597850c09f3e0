import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { type Header, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArchiveLimitError, extractTar } from "../../src/engines/archive.ts";

const limits = { entries: 1000, bytes: 1_000_000 };

let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sim-archive-"));
  folder = join(root, "into");
  mkdirSync(folder);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

type Item = Partial<Header> & { readonly name: string; readonly content?: string };

function tar(...items: readonly Item[]): Readable {
  const archive = pack();
  for (const { content = "", ...header } of items) archive.entry(header, content);
  archive.finalize();
  return Readable.from(archive);
}

function files(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    expect(entry.isFile() || entry.isDirectory()).toBe(true);
    if (entry.isFile()) found[relative(folder, path)] = readFileSync(path, "utf8");
  }
  return found;
}

describe("what comes out", () => {
  test("files and folders, with their content", async () => {
    const { dropped } = await extractTar(
      tar(
        { name: "a/", type: "directory" },
        { name: "a/b/c.txt", content: "deep" },
        { name: "./d.txt", content: "dot" },
        { name: "empty", content: "" },
        { name: `${"long/".repeat(60)}name.txt`, content: "long" },
      ),
      folder,
      limits,
    );
    expect(dropped).toEqual([]);
    expect(files()).toEqual({
      "a/b/c.txt": "deep",
      "d.txt": "dot",
      empty: "",
      [`${"long/".repeat(60)}name.txt`]: "long",
    });
  });

  test("what GNU tar makes", async () => {
    const source = join(root, "source");
    mkdirSync(join(source, "sub"), { recursive: true });
    execFileSync("sh", ["-c", "head -c 70000 /dev/zero > sub/zeros; echo hi > 'a file'"], {
      cwd: source,
    });
    const archive = execFileSync("tar", ["-C", source, "-c", "."]);
    expect(await extractTar(Readable.from([archive]), folder, limits)).toEqual({ dropped: [] });
    expect(files()).toEqual({ "a file": "hi\n", "sub/zeros": "\0".repeat(70_000) });
  });

  test("a root folder's content lands in the folder itself", async () => {
    const archive = tar(
      { name: "data/", type: "directory" },
      { name: "data/x", content: "x" },
      { name: "data/data/y", content: "y" },
    );
    await extractTar(archive, folder, limits, "data");
    expect(files()).toEqual({ x: "x", "data/y": "y" });
  });

  test("permission bits without setuid, and never without the owner's own", async () => {
    await extractTar(
      tar(
        { name: "run", mode: 0o4755 },
        { name: "hidden", mode: 0o040 },
        { name: "shut/", type: "directory", mode: 0o010 },
        { name: "shut/in", content: "in" },
      ),
      folder,
      limits,
    );
    const mode = (name: string) => statSync(join(folder, name)).mode & 0o7777;
    expect(mode("run")).toBe(0o755);
    expect(mode("hidden")).toBe(0o640);
    expect(mode("shut")).toBe(0o710);
    expect(files()["shut/in"]).toBe("in");
  });
});

describe("what is dropped and named", () => {
  test.each<[string, Item, string]>([
    ["an absolute path", { name: "/etc/passwd" }, "an absolute path"],
    ["a path up", { name: "../out" }, "a path with `..`"],
    ["a path up and back", { name: "a/../../out" }, "a path with `..`"],
    ["a path that only seems to go up", { name: "a/../b" }, "a path with `..`"],
    [
      "a symbolic link out",
      { name: "bad", type: "symlink", linkname: "/etc/passwd" },
      "a symbolic link to /etc/passwd",
    ],
    [
      "a symbolic link inside",
      { name: "bad", type: "symlink", linkname: "ok" },
      "a symbolic link to ok",
    ],
    [
      "a hard link",
      { name: "bad", type: "link", linkname: "/etc/passwd" },
      "a hard link to /etc/passwd",
    ],
    ["a character device", { name: "bad", type: "character-device" }, "a device"],
    ["a block device", { name: "bad", type: "block-device" }, "a device"],
    ["a FIFO", { name: "bad", type: "fifo" }, "a FIFO"],
    [
      "a file in the folder's own place",
      { name: "./", type: "file" },
      "a file in the place of the folder",
    ],
    ["the same path again", { name: "./ok", content: "again" }, "comes a second time"],
    ["a file in a file", { name: "ok/in" }, "ok is a file"],
    ["a folder over a file", { name: "ok/", type: "directory" }, "ok is a file"],
    ["another case", { name: "OK" }, "differs from ok only in case or Unicode normalisation"],
    [
      "another case of a folder",
      { name: "DIR/x" },
      "differs from dir only in case or Unicode normalisation",
    ],
    [
      "another normal form",
      { name: "cafe\u0301" },
      "differs from caf\u00e9 only in case or Unicode normalisation",
    ],
    [
      "another case of a special letter",
      { name: "STRASSE" },
      "differs from stra\u00dfe only in case or Unicode normalisation",
    ],
  ])("%s", async (_, item, reason) => {
    const good = ["ok", "dir/in", "caf\u00e9", "stra\u00dfe"].map((name) => ({
      name,
      content: name,
    }));
    const { dropped } = await extractTar(tar(...good, item, { name: "last" }), folder, limits);
    expect(dropped).toEqual([{ path: item.name, reason }]);
    expect(files()).toEqual({
      ...Object.fromEntries(good.map(({ name }) => [name, name])),
      last: "",
    });
    expect(readdirSync(root)).toEqual(["into"]);
  });

  test("a file through a link that came before it stays inside", async () => {
    const { dropped } = await extractTar(
      tar({ name: "a", type: "symlink", linkname: root }, { name: "a/x", content: "x" }),
      folder,
      limits,
    );
    expect(dropped.map(({ path }) => path)).toEqual(["a"]);
    expect(files()).toEqual({ "a/x": "x" });
    expect(readdirSync(root)).toEqual(["into"]);
  });

  test("nothing ever lands outside, whatever the names", async () => {
    const part = fc.constantFrom("..", ".", "", "a", "A", "b\\..", "\u00e9", "e\u0301", "con");
    const names = fc.array(fc.array(part, { maxLength: 5 }).map((parts) => parts.join("/")));
    await fc.assert(
      fc.asyncProperty(names, async (paths) => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
        const items = paths.filter((name) => name !== "").map((name) => ({ name, content: "x" }));
        const { dropped } = await extractTar(tar(...items), folder, limits);
        expect(readdirSync(root)).toEqual(["into"]);
        const kept = Object.keys(files());
        expect(kept.length + dropped.length).toBe(items.length);
        const folded = kept.map((name) => name.normalize("NFC").toLowerCase());
        expect(new Set(folded).size).toBe(kept.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe("what is refused", () => {
  test("more entries than allowed", async () => {
    const archive = tar({ name: "a" }, { name: "b" }, { name: "c" });
    await expect(extractTar(archive, folder, { entries: 2, bytes: 1 })).rejects.toThrow(
      new ArchiveLimitError("more than 2 files and folders"),
    );
  });

  test("more bytes than allowed, before they are written", async () => {
    const archive = tar(
      { name: "a", content: "x".repeat(600) },
      { name: "b", content: "x".repeat(600) },
    );
    await expect(extractTar(archive, folder, { entries: 9, bytes: 1000 })).rejects.toThrow(
      new ArchiveLimitError("more than 1000 bytes"),
    );
    expect(Object.keys(files())).toEqual(["a"]);
  });

  test.each<[string, (whole: Buffer) => Buffer]>([
    ["cut inside a file", (whole) => whole.subarray(0, 700)],
    ["cut inside a header", (whole) => whole.subarray(0, 300)],
    ["of garbage", (whole) => Buffer.alloc(whole.length, "garbage")],
  ])("an archive %s", async (_, spoil) => {
    const whole = Buffer.concat(await tar({ name: "a", content: "x".repeat(600) }).toArray());
    await expect(extractTar(Readable.from([spoil(whole)]), folder, limits)).rejects.toThrow();
  });

  test("a stream that breaks, with its own reason", async () => {
    const broken = new Readable({ read() {} });
    broken.push(Buffer.alloc(100));
    const result = extractTar(broken, folder, limits);
    broken.destroy(new Error("the connection broke"));
    await expect(result).rejects.toThrow("the connection broke");
  });
});
