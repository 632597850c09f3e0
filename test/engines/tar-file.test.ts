import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Header } from "tar-stream";
import { describe, expect, test } from "vitest";
import { addFile, addFolder, writeTar } from "../../src/engines/pack.ts";
import { openTar, TarError } from "../../src/engines/tar-file.ts";
import { temporaryFolder } from "../run/harness.ts";

type Headers = Partial<Header> & { readonly name: string };

async function tarOf(...entries: readonly [header: Headers, content?: string | Buffer][]) {
  const path = join(temporaryFolder(), "x.tar");
  await writeTar(path, async (archive) => {
    for (const [header, content] of entries) archive.entry(header, content ?? "");
  });
  return path;
}

const all = (path: string) => {
  using tar = openTar(path);
  return [...tar.entries()].map((entry) => ({ ...entry, text: tar.read(entry, 1e8).toString() }));
};

test("what is packed is read back, however long its name and large its content", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "x.tar");
  const long = `${"a".repeat(200)}/${"ä".repeat(90)}`;
  const large = "0123456789abcdef".repeat(200_000);
  await writeTar(path, async (archive) => {
    await addFile(archive, "first", 0o600, "one");
    await addFile(archive, long, 0o755, "two");
    await addFile(archive, "large", 0o644, large);
    await addFile(archive, "empty", 0o644, "");
    addFolder(archive, "folder");
  });
  expect(all(path).map(({ offset: _, ...entry }) => entry)).toEqual([
    { path: "first", folder: false, size: 3, mode: 0o600, text: "one" },
    { path: long, folder: false, size: 3, mode: 0o755, text: "two" },
    { path: "large", folder: false, size: large.length, mode: 0o644, text: large },
    { path: "empty", folder: false, size: 0, mode: 0o644, text: "" },
    { path: "folder", folder: true, size: 0, mode: 0o755, text: "" },
  ]);
  using tar = openTar(path);
  const target = join(folder, "out");
  for (const entry of tar.entries()) {
    if (entry.path !== "large") continue;
    expect(tar.extract(entry, target)).toBe(true);
    expect(tar.extract(entry, target)).toBe(false);
    expect(() => tar.read(entry, 10)).toThrow(TarError);
  }
  expect(readFileSync(target, "utf8")).toBe(large);
  expect(statSync(target).mode & 0o777).toBe(0o644);
});

describe("what our own archives never hold is refused", () => {
  const file = (name: string): [Headers, string] => [{ name }, "x"];
  test.each<[title: string, entries: [Headers, string?][], says: RegExp]>([
    ["a symbolic link", [[{ name: "l", type: "symlink", linkname: "/etc" }]], /no regular file/],
    ["a hard link", [[{ name: "l", type: "link", linkname: "x" }]], /no regular file/],
    ["a device", [[{ name: "d", type: "character-device" }]], /no regular file/],
    ["a FIFO", [[{ name: "f", type: "fifo" }]], /no regular file/],
    ["an absolute path", [file("/etc/x")], /path/],
    ["a path that leads up", [file("a/../../x")], /path/],
    ["a path with an empty step", [file("a//x")], /path/],
    ["a path twice", [file("a"), file("a")], /twice/],
    ["a file as a folder", [file("a"), file("a/b")], /twice/],
    ["a folder as a file", [file("a/b"), file("a")], /twice/],
  ])("%s", async (_title, entries, says) => {
    const path = await tarOf(...entries);
    expect(() => all(path)).toThrow(says);
  });
});

test("a tar cut off anywhere, or with a wrong byte in a header, is told", async () => {
  const path = await tarOf([{ name: "a" }, "x".repeat(3000)], [{ name: "b".repeat(150) }, "y"]);
  const whole = readFileSync(path);
  expect(all(path)).toHaveLength(2);
  for (const length of [0, 100, 512, 2000, 3584, 4000, whole.length - 1024]) {
    writeFileSync(path, whole.subarray(0, length));
    expect(() => all(path), `${length} bytes`).toThrow("is cut off");
  }
  const broken = Buffer.from(whole);
  broken[130] = 0x37;
  writeFileSync(path, broken);
  expect(() => all(path)).toThrow("wrong checksum");
});

test("no tar is left where filling it fails", async () => {
  const path = join(temporaryFolder(), "x.tar");
  const filling = writeTar(path, async (archive) => {
    await addFile(archive, "a", 0o644, "x");
    throw new Error("no more");
  });
  await expect(filling).rejects.toThrow("no more");
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});
