import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  clearOutputs,
  inspectOutputs,
  MANIFEST,
  matchesOutput,
  placeOutputs,
  verifyOutputs,
} from "../../src/results/outputs.ts";

let root = "";
let folder = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "outputs-"));
  folder = join(root, "output");
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, content: string | Uint8Array = "", base = folder): string {
  const absolute = join(base, path);
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, content);
  return absolute;
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function paths(): Promise<string[]> {
  return (await inspectOutputs(folder, [])).files.map(({ path }) => path);
}

describe("the files of an output folder", () => {
  it("are recorded with path, size and sha256, sorted by path", async () => {
    put("b.txt", "hello");
    put("a/deep/down.bin", new Uint8Array([0, 255]));
    put("empty");
    mkdirSync(join(folder, "no-files"));
    expect(await inspectOutputs(folder, [])).toEqual({
      files: [
        { path: "a/deep/down.bin", size: 2, sha256: sha256(new Uint8Array([0, 255])) },
        { path: "b.txt", size: 5, sha256: sha256("hello") },
        { path: "empty", size: 0, sha256: sha256("") },
      ],
      dropped: [],
      missing: [],
      warnings: [],
    });
  });

  it.each([1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024])(
    "are hashed whole: %d bytes",
    async (size) => {
      const content = Buffer.alloc(size, "0123456789abc");
      put("large", content);
      const { files } = await inspectOutputs(folder, []);
      expect(files).toEqual([{ path: "large", size, sha256: sha256(content) }]);
    },
  );

  it("may have any name that is text", async () => {
    const names = [".hidden", "two words", "-rf", "a\\b", "quote'\"", "línea\nzwei", "CON", "x:y"];
    for (const name of names) put(name);
    expect(await paths()).toEqual([...names].sort());
  });

  it("are found at any depth that can be opened", async () => {
    const path = `${"d/".repeat(500)}file`;
    put(path);
    expect(await paths()).toEqual([path]);
  });

  it("fit what verifyOutputs and the journal read", async () => {
    put("a", "1");
    put("b/c", "2");
    const { files } = await inspectOutputs(folder, []);
    expect(MANIFEST.parse(JSON.parse(JSON.stringify(files)))).toEqual(files);
    expect(verifyOutputs(folder, files, { deep: true })).toBeNull();
  });
});

describe("declared outputs", () => {
  it.each([
    ["a.png", "*.png", true],
    ["a.png", "./a.png", true],
    ["a.png", "*.PNG", false],
    ["sub/a.png", "*.png", false],
    ["sub/a.png", "*/*.png", true],
    ["sub/a.png", "**/*.png", true],
    ["a.png", "**/*.png", true],
    ["x/y/z/a.png", "x/**/a.png", true],
    ["x/y/z/a.png", "x/**", true],
    ["frame-7.png", "frame-[0-9].png", true],
    ["frame-17.png", "frame-?.png", false],
    ["a.jpg", "*.{png,jpg}", true],
    [".hidden", "*", false],
    [".hidden", ".hidden", true],
    [".hidden", ".h*", true],
    ["x/.hidden", "**", false],
    ["run[1]{a}.png", "run[1]{a}.png", true],
    ["a\nb.png", "*.png", true],
    ["#1", "#1", true],
    ["!a", "!a", true],
  ])("%j matches %j: %s", (path, glob, expected) => {
    expect(matchesOutput(path, glob)).toBe(expected);
  });

  it("that match nothing are named, each once and in order", async () => {
    put("a.png");
    put("log/b.txt");
    const globs = ["*.png", "*.gif", "log/*.txt", "result.json"];
    expect((await inspectOutputs(folder, globs)).missing).toEqual(["*.gif", "result.json"]);
  });

  it("are not met by folders or by what was dropped", async () => {
    mkdirSync(join(folder, "frames.png"));
    symlinkSync("/etc/passwd", join(folder, "link.png"));
    expect((await inspectOutputs(folder, ["*.png"])).missing).toEqual(["*.png"]);
  });
});

describe("what is no output", () => {
  it("goes, and is named: symbolic links", async () => {
    put("real/file");
    const outside = put("secret", "untouched", root);
    symlinkSync(outside, join(folder, "to-file"));
    symlinkSync(root, join(folder, "real/to-folder"));
    symlinkSync("nowhere", join(folder, "broken"));
    symlinkSync(".", join(folder, "loop"));
    const { files, dropped } = await inspectOutputs(folder, []);
    expect(files.map(({ path }) => path)).toEqual(["real/file"]);
    expect(dropped).toHaveLength(4);
    expect(dropped).toEqual(
      expect.arrayContaining([
        { path: "to-file", reason: `a symbolic link to "${outside}"` },
        { path: "real/to-folder", reason: `a symbolic link to "${root}"` },
        { path: "broken", reason: 'a symbolic link to "nowhere"' },
        { path: "loop", reason: 'a symbolic link to "."' },
      ]),
    );
    expect(readdirSync(folder)).toEqual(["real"]);
    expect(readdirSync(join(folder, "real"))).toEqual(["file"]);
    expect(readFileSync(outside, "utf8")).toBe("untouched");
  });

  it("goes, and is named: FIFOs and sockets", async () => {
    execFileSync("mkfifo", [join(folder, "fifo")]);
    const server = createServer().listen(join(folder, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const { dropped } = await inspectOutputs(folder, []);
    await new Promise((resolve) => server.close(resolve));
    expect(dropped).toHaveLength(2);
    expect(dropped).toContainEqual({ path: "fifo", reason: "a FIFO" });
    expect(dropped).toContainEqual({ path: "socket", reason: "a socket" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)("goes, and is named: devices (needs root)", async () => {
    execFileSync("mknod", [join(folder, "null"), "c", "1", "3"]);
    execFileSync("mknod", [join(folder, "disk"), "b", "7", "200"]);
    const { dropped } = await inspectOutputs(folder, []);
    expect(dropped.map(({ reason }) => reason)).toEqual(["a device", "a device"]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("goes, and is named: names that are not UTF-8", async () => {
    const latin1 = Buffer.concat([
      Buffer.from(`${folder}/gr`),
      Buffer.from([0xf6]),
      Buffer.from("n"),
    ]);
    mkdirSync(latin1);
    writeFileSync(Buffer.concat([latin1, Buffer.from("/file")]), "");
    put("a real \ufffd stays");
    const { files, dropped } = await inspectOutputs(folder, []);
    expect(files.map(({ path }) => path)).toEqual(["a real \ufffd stays"]);
    expect(dropped).toEqual([{ path: "gr\ufffdn", reason: "its name is not UTF-8" }]);
  });

  it("goes, and is named: folders nested deeper than a path can name", async () => {
    // Relative steps, since the whole path is longer than the kernel's limit.
    const script = `for (let i = 0; i < 60; i++) {
      require("fs").mkdirSync("d".repeat(200)); process.chdir("d".repeat(200));
    }`;
    execFileSync(process.execPath, ["-e", script], { cwd: folder });
    const { files, dropped } = await inspectOutputs(folder, []);
    expect(files).toEqual([]);
    expect(dropped.map(({ reason }) => reason)).toEqual(["nested too deep"]);
    await inspectOutputs(folder, []);
  });

  it("goes, and is named: a sparse file that would take years to read", async () => {
    truncateSync(put("huge"), 2 ** 43);
    truncateSync(put("modest"), 2 ** 21);
    const { files, dropped } = await inspectOutputs(folder, []);
    expect(files.map(({ path }) => path)).toEqual(["modest"]);
    expect(dropped).toHaveLength(1);
    expect(dropped[0]?.reason).toContain("sparse file of 8796093022208 bytes");
  });

  it("is counted beyond the twentieth", async () => {
    for (let i = 0; i < 50; i++) symlinkSync("x", join(folder, `l${i}`));
    const { dropped } = await inspectOutputs(folder, []);
    expect(dropped).toHaveLength(21);
    expect(dropped.at(-1)).toEqual({ path: ".", reason: "and 30 more like these" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is named without the control characters of its name", async () => {
    symlinkSync("\u001b[2J", join(folder, "a\u001b]0;title\u0007"));
    const { dropped } = await inspectOutputs(folder, []);
    expect(dropped).toEqual([
      { path: "a\\u001b]0;title\\u0007", reason: 'a symbolic link to "\\u001b[2J"' },
    ]);
  });
});

describe("clearing a folder", () => {
  it("lists regular files and removes the rest, without following a link", () => {
    put("a");
    put("sub/b");
    put("secret/key", "", root);
    symlinkSync(join(root, "secret"), join(folder, "sub/link"));
    const { paths, dropped } = clearOutputs(folder);
    expect([...paths].sort()).toEqual(["a", "sub/b"]);
    expect(dropped.map(({ path }) => path)).toEqual(["sub/link"]);
    expect(readdirSync(join(folder, "sub"))).toEqual(["b"]);
    expect(readdirSync(join(root, "secret"))).toEqual(["key"]);
  });
});

describe("an output folder that a simulation has replaced", () => {
  it("by a link is restored, and what the link leads to is left alone", async () => {
    const outside = join(root, "outside");
    put("file", "", outside);
    symlinkSync("/nowhere", join(outside, "link"));
    rmSync(folder, { recursive: true });
    symlinkSync(outside, folder);
    const { files, dropped } = await inspectOutputs(folder, ["file"]);
    expect(files).toEqual([]);
    expect(dropped).toEqual([{ path: ".", reason: "a symbolic link in its place" }]);
    expect(readdirSync(outside)).toEqual(["file", "link"]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("by a file is restored", async () => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "");
    const { dropped } = await inspectOutputs(folder, []);
    expect(dropped).toEqual([{ path: ".", reason: "a file in its place" }]);
    expect(statSync(folder).isDirectory()).toBe(true);
  });

  it("by nothing is restored", async () => {
    rmSync(folder, { recursive: true });
    const { dropped, missing } = await inspectOutputs(folder, ["*"]);
    expect(dropped).toEqual([{ path: ".", reason: "the output folder was removed" }]);
    expect(missing).toEqual(["*"]);
  });
});

describe("modes that a simulation has set", () => {
  /** Inspects as a user without privileges, who alone is subject to modes. */
  function inspectUnprivileged(): { files: { path: string }[]; dropped: unknown[] } {
    const source = new URL("../../src/results/outputs.ts", import.meta.url);
    const script = `
      import { inspectOutputs } from ${JSON.stringify(source.href)};
      console.log(JSON.stringify(await inspectOutputs(${JSON.stringify(folder)}, [])));`;
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], nobody);
    return JSON.parse(output.toString());
  }

  function own(path: string, mode: number): void {
    if (process.getuid?.() === 0) chownSync(path, 65534, 65534);
    chmodSync(path, mode);
  }

  it("are opened where the files are ours", () => {
    chmodSync(root, 0o755);
    const secret = put("locked/secret", "x");
    own(secret, 0o000);
    own(join(folder, "locked"), 0o000);
    own(folder, 0o500);
    const { files, dropped } = inspectUnprivileged();
    expect(dropped).toEqual([]);
    expect(files).toEqual([{ path: "locked/secret", size: 1, sha256: sha256("x") }]);
    expect(statSync(folder).mode & 0o700).toBe(0o700);
    expect(statSync(join(folder, "locked")).mode & 0o700).toBe(0o700);
  });

  it("keep the execute bit", async () => {
    chmodSync(put("tool"), 0o755);
    await inspectOutputs(folder, []);
    expect(statSync(join(folder, "tool")).mode & 0o777).toBe(0o755);
  });

  it.skipIf(process.getuid?.() !== 0)(
    "leave unread and in place what another user closed (needs root)",
    () => {
      chmodSync(root, 0o755);
      chmodSync(put("theirs", "x"), 0o600);
      own(folder, 0o700);
      expect(inspectUnprivileged()).toMatchObject({
        files: [],
        dropped: [{ path: "theirs", reason: "cannot be read: EPERM" }],
      });
      expect(existsSync(join(folder, "theirs"))).toBe(true);
    },
  );

  it.skipIf(process.getuid?.() !== 0)(
    "drop a program of another user that would run with that user's rights (needs root)",
    () => {
      chmodSync(root, 0o755);
      chmodSync(put("escalate", "x"), 0o4755);
      own(folder, 0o700);
      expect(inspectUnprivileged()).toMatchObject({
        files: [],
        dropped: [{ path: "escalate", reason: "mode 4755 of another user" }],
      });
      expect(existsSync(join(folder, "escalate"))).toBe(false);
    },
  );

  it("lose set-user-ID and set-group-ID", async () => {
    chmodSync(put("tool"), 0o6755);
    expect(await paths()).toEqual(["tool"]);
    expect(statSync(join(folder, "tool")).mode & 0o7777).toBe(0o755);
  });

  it("of a file that is hard-linked leave its content alone", async () => {
    linkSync(put("a", "same"), join(folder, "b"));
    expect(await paths()).toEqual(["a", "b"]);
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("same");
  });
});

describe("names that are the same where case does not count", () => {
  it.each([
    ["Plot.png", "plot.png"],
    ["sub/É", "sub/e\u0301"],
    ["Data/x", "data/y"],
  ])("%j and %j are warned of and kept", async (one, other) => {
    put(one);
    put(other);
    const { files, warnings } = await inspectOutputs(folder, []);
    expect(files).toHaveLength(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.reason).toContain("is the same name as");
  });

  it("but in different folders are not", async () => {
    put("a/x");
    put("b/X");
    expect((await inspectOutputs(folder, [])).warnings).toEqual([]);
  });
});

it("stops where its signal aborts", async () => {
  put("a");
  const signal = AbortSignal.abort(new Error("interrupted"));
  await expect(inspectOutputs(folder, [], signal)).rejects.toThrow("interrupted");
});

describe("placing outputs", () => {
  it("moves the folder whole and makes the parents", () => {
    put("sub/file", "new");
    const to = join(root, "points", "a=1");
    placeOutputs(folder, to);
    expect(readFileSync(join(to, "sub/file"), "utf8")).toBe("new");
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(root)).toEqual(["points"]);
  });

  it("replaces what was there, and leaves nothing of it", () => {
    const to = join(root, "points", "p");
    put("old/file", "old", to);
    put("new", "new");
    placeOutputs(folder, to);
    expect(readdirSync(to)).toEqual(["new"]);
    expect(readdirSync(root)).toEqual(["points"]);
  });

  it("replaces a file, a link and an empty folder as well", () => {
    const make = [
      (path: string) => writeFileSync(path, ""),
      (path: string) => symlinkSync("/nowhere", path),
      (path: string) => mkdirSync(path),
    ];
    for (const [i, old] of make.entries()) {
      const from = join(root, `from${i}`);
      const to = join(root, `to${i}`);
      old(to);
      put("file", "", from);
      placeOutputs(from, to);
      expect(readdirSync(to)).toEqual(["file"]);
    }
  });

  it("leaves what is there alone where there is nothing to move, as after a crash", () => {
    const to = join(root, "points", "p");
    put("file", "old", to);
    rmSync(folder, { recursive: true });
    expect(() => placeOutputs(folder, to)).toThrow("ENOENT");
    expect(readFileSync(join(to, "file"), "utf8")).toBe("old");
  });
});

describe("verifying outputs", () => {
  it.each([
    ["nothing has changed", () => {}, null, null],
    ["a file was added", () => put("more"), null, null],
    ["a file is gone", () => rmSync(join(folder, "a")), "a is gone", "a is gone"],
    [
      "a file has grown",
      () => put("a", "longer"),
      "a has 6 bytes instead of 3",
      "a has 6 bytes instead of 3",
    ],
    ["the content has changed", () => put("a", "ONE"), null, "the content of a has changed"],
    [
      "a link stands in its place",
      () => {
        rmSync(join(folder, "a"));
        symlinkSync("sub/b", join(folder, "a"));
      },
      "a is not a file any more",
      "a is not a file any more",
    ],
    ["the folder is gone", () => rmSync(folder, { recursive: true }), "a is gone", "a is gone"],
  ])("%s", async (_, change, shallow, deep) => {
    put("a", "one");
    put("sub/b", "two");
    const { files } = await inspectOutputs(folder, []);
    change();
    expect(verifyOutputs(folder, files, { deep: false })).toBe(shallow);
    expect(verifyOutputs(folder, files, { deep: true })).toBe(deep);
  });

  it("reads large files whole", async () => {
    put("large", Buffer.alloc(3 * 1024 * 1024, 1));
    const { files } = await inspectOutputs(folder, []);
    expect(verifyOutputs(folder, files, { deep: true })).toBeNull();
  });
});
