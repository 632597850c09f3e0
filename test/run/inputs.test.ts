import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ReportedError } from "../../src/sweep/errors.ts";
import { Fixture } from "./inputs/fixture.ts";

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture[Symbol.dispose]());

describe("a local file as input", () => {
  it("is used where it is, with the sha256 of its bytes", async () => {
    const source = fixture.put("data/in.csv", "a,b\n1,2\n");
    expect(await fixture.resolve("data/in.csv")).toEqual({
      source: realpathSync(source),
      to: "/mnt/input/0",
      sha256: createHash("sha256").update("a,b\n1,2\n").digest("hex"),
    });
  });

  it("may be larger than what is read at once", async () => {
    const content = Buffer.alloc(2 * 1024 * 1024 + 1, "abc");
    fixture.put("large", content);
    const { sha256 } = await fixture.resolve("large");
    expect(sha256).toBe(createHash("sha256").update(content).digest("hex"));
  });

  it("may be named by an absolute path, or by a link, which is resolved", async () => {
    const source = realpathSync(fixture.put("file", "x"));
    symlinkSync("file", join(fixture.folder, "link"));
    const [absolute, link] = await fixture.resolveAll([source, "link"]);
    expect(absolute?.source).toBe(source);
    expect(link?.source).toBe(source);
  });

  it("may go to two places", async () => {
    fixture.put("file", "x");
    const [one, two] = await fixture.resolveAll(["file", "file"]);
    expect(two).toEqual({ ...one, to: "/mnt/input/1" });
  });

  it("that is absent is wrong use, with its path", async () => {
    await expect(fixture.resolve("absent.csv")).rejects.toThrow(ReportedError);
    await expect(fixture.resolve("absent.csv")).rejects.toThrow(/sweep\/absent\.csv.*ENOENT/);
  });

  it("that is a FIFO is refused without waiting for its writer", async () => {
    execFileSync("mkfifo", [join(fixture.folder, "fifo")]);
    await expect(fixture.resolve("fifo")).rejects.toThrow("is not a regular file");
  });

  it("of an unknown scheme is wrong use", async () => {
    await expect(fixture.resolve("ftp://host/file")).rejects.toThrow("no known scheme");
  });
});

describe("a local folder as input", () => {
  beforeEach(() => {
    fixture.put("data/a.txt", "one");
    fixture.put("data/sub/b.txt", "two");
    symlinkSync("../a.txt", join(fixture.folder, "data/sub/link"));
  });

  const at = (path: string) => join(fixture.folder, "data", path);

  it.each<[string, () => void]>([
    ["a file's content", () => fixture.put("data/a.txt", "ONE")],
    ["a file's name", () => renameSync(at("a.txt"), at("c.txt"))],
    ["a file's folder", () => renameSync(at("a.txt"), at("sub/a.txt"))],
    ["a new file", () => fixture.put("data/new", "")],
    ["a file less", () => rmSync(at("sub/b.txt"))],
    ["an empty folder", () => mkdirSync(at("empty"))],
    ["that a file can be executed", () => chmodSync(at("a.txt"), 0o755)],
    [
      "where a link leads",
      () => {
        rmSync(at("sub/link"));
        symlinkSync("b.txt", at("sub/link"));
      },
    ],
    [
      "a file in a link's place",
      () => {
        rmSync(at("sub/link"));
        fixture.put("data/sub/link", "../a.txt");
      },
    ],
    [
      "two contents swapped",
      () => {
        fixture.put("data/a.txt", "two");
        fixture.put("data/sub/b.txt", "one");
      },
    ],
  ])("has another hash after a change of %s", async (_, change) => {
    const before = await fixture.resolve("data");
    change();
    expect((await fixture.resolve("data")).sha256).not.toBe(before.sha256);
  });

  it("has the same hash as its copy, whatever its times and permissions", async () => {
    const { sha256 } = await fixture.resolve("data");
    const copy = join(fixture.folder, "copy");
    cpSync(at(""), copy, { recursive: true, verbatimSymlinks: true });
    utimesSync(join(copy, "a.txt"), 1, 1);
    chmodSync(join(copy, "a.txt"), 0o640);
    expect((await fixture.resolve("copy")).sha256).toBe(sha256);
  });

  it.each([["/etc/passwd"], ["../../sweep-secret"], ["../.."], ["../../data-secret"]])(
    "is refused with a link to %s in it",
    async (target) => {
      symlinkSync(target, at("sub/out"));
      await expect(fixture.resolve("data")).rejects.toThrow(/a symbolic link that leads out of it/);
      await expect(fixture.resolve("data")).rejects.toThrow("sub/out");
    },
  );

  it("is refused with a link that leads out through another link", async () => {
    fixture.put("outside/secret", "x");
    mkdirSync(at("x/y"), { recursive: true });
    symlinkSync("../..", at("x/y/up"));
    // By its text this is data/x/y/outside, but x/y/up/.. is the parent of data.
    symlinkSync("x/y/up/../outside", at("out"));
    await expect(fixture.resolve("data")).rejects.toThrow("leads out of it");
  });

  it.each(["a.txt", "sub/../a.txt", "sub", "nowhere", "."])(
    "may hold a link to %s",
    async (target) => {
      symlinkSync(target, at("inner"));
      await expect(fixture.resolve("data")).resolves.toMatchObject({
        source: realpathSync(at("")),
      });
    },
  );

  it("is refused with a FIFO in it", async () => {
    execFileSync("mkfifo", [at("fifo")]);
    await expect(fixture.resolve("data")).rejects.toThrow("fifo, which is neither file nor folder");
  });

  it("is not hashed on after an abort", async () => {
    const signal = AbortSignal.abort(new Error("interrupted"));
    await expect(fixture.resolve("data", signal)).rejects.toThrow("interrupted");
  });
});
