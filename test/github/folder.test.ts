import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ArtifactStore, artifactStore } from "../../src/github/artifacts.ts";
import { folderContent, uploadFolder } from "../../src/github/folder.ts";
import { startGitHub } from "../lab/github/server.ts";
import { findAzurite, needing } from "../lab/lab.ts";
import { becomeJob, captureLog, noJob } from "./job.ts";
import { runnerReads } from "./runner.ts";

let folder: string;
let log: { text(): string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "folder-"));
  log = captureLog();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function write(path: string, content = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function warnings(): string[] {
  return runnerReads(log.text())
    .obeyed.filter(({ name }) => name === "warning")
    .map(({ data }) => data);
}

describe("what of a run folder is uploaded", () => {
  it("are files, hidden ones too, and folders without any", async () => {
    write("results.csv");
    write("points/n=1/.hidden");
    mkdirSync(join(folder, "points/n=2"));
    expect(await folderContent(folder)).toEqual({
      files: ["points/n=1/.hidden", "points/n=2/", "results.csv"],
      unportable: [],
      leftOut: [],
    });
  });

  it("is not what only serves whoever runs", async () => {
    for (const name of ["run.db", "run.db-wal", "run.db-shm", "run.lock"]) write(name);
    write("staging/1/output/half");
    write("cache/input");
    write("points/cache/run.lock");
    expect((await folderContent(folder)).files).toEqual(["points/cache/run.lock", "run.db"]);
  });

  it("is no link, socket or FIFO, whose names are told", async () => {
    write("points/n/real");
    symlinkSync("/etc/passwd", join(folder, "points/n/link"));
    symlinkSync("/etc", join(folder, "points/n/linked-folder"));
    symlinkSync("/none", join(folder, "points/n/broken"));
    execFileSync("mkfifo", [join(folder, "points/n/pipe")]);
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(join(folder, "points/n/socket"), resolve);
    });
    const content = await folderContent(folder);
    await new Promise((resolve) => server.close(resolve));
    expect(content.files).toEqual(["points/n/real"]);
    expect(content.leftOut).toEqual([
      { path: "points/n/broken", why: "a link" },
      { path: "points/n/link", why: "a link" },
      { path: "points/n/linked-folder", why: "a link" },
      { path: "points/n/pipe", why: "no regular file" },
      { path: "points/n/socket", why: "no regular file" },
    ]);
  });

  it("is no file that cannot be opened, over which the client would end the process", async () => {
    write("points/n/secret");
    chmodSync(join(folder, "points/n/secret"), 0);
    const { files, leftOut } = await folderContent(folder);
    // Root may read everything.
    if (process.getuid?.() === 0) expect(files).toEqual(["points/n/secret"]);
    else expect(leftOut).toEqual([{ path: "points/n/secret", why: "not readable" }]);
  });

  it("keeps names apart that GitHub refuses, and those with a backslash", async () => {
    const refused = ['a"b', "a:b", "a<b", "a>b", "a|b", "a*b", "a?b", "a\rb", "a\nb", "..\\..\\b"];
    for (const name of refused) write(`points/${name}`);
    write("points/t=1:2/in.txt");
    write("points/fine, (1) [2] {3} é 'x' %41");
    const { files, unportable } = await folderContent(folder);
    expect(files).toEqual(["points/fine, (1) [2] {3} é 'x' %41"]);
    expect([...unportable].sort()).toEqual(
      [...refused.map((name) => `points/${name}`), "points/t=1:2/in.txt"].sort(),
    );
  });
});

describe("the folder's own warnings", () => {
  const none: ArtifactStore = {
    upload: () => Promise.reject(new Error("refused")),
    list: () => Promise.resolve([]),
    download: () => Promise.resolve(),
  };

  it("name what is left out and what is packed, ten of each, and obey no name", async () => {
    for (let i = 0; i < 12; i++) symlinkSync("/etc", join(folder, `link${i + 10}`));
    write("a\n::error::evil");
    await expect(uploadFolder(none, "pi", folder, { retentionDays: null })).rejects.toThrow(
      "refused",
    );
    expect(runnerReads(log.text()).obeyed.map(({ name }) => name)).toEqual(["warning", "warning"]);
    const [packed, left] = warnings();
    expect(packed).toMatch(/^"a\\n::error::evil" is in the artifact's unportable.tar: /);
    expect(left).toMatch(/^"link10 \(a link\)", .*"link19 \(a link\)" and 2 more are not in/);
  });

  it("leave nothing in the folder when the upload fails", async () => {
    write("a:b");
    await expect(uploadFolder(none, "pi", folder, { retentionDays: null })).rejects.toThrow(
      "refused",
    );
    expect(readdirSync(folder)).toEqual(["a:b"]);
  });
});

describe.skipIf(findAzurite() === null)(needing("azurite", "a folder as an artifact"), () => {
  it("comes back whole, odd names in a tar, links not at all", async () => {
    await using github = await startGitHub();
    const run = github.startRun();
    const store = artifactStore(becomeJob(await github.env(run)), null);
    try {
      write("results.csv", "name\n");
      write("points/n=1/.hidden");
      write("points/t=1:2/out.txt", "colon");
      mkdirSync(join(folder, "points/a:empty"));
      mkdirSync(join(folder, "points/n=2"));
      symlinkSync("/etc/passwd", join(folder, "points/n=1/link"));
      const artifact = await uploadFolder(store, "pi-results", folder, { retentionDays: 1 });
      const out = join(folder, "..", `${artifact.id}-out`);
      try {
        await store.download(artifact, out);
        expect(readdirSync(out, { recursive: true }).map(String).sort()).toEqual([
          "points",
          "points/n=1",
          "points/n=1/.hidden",
          "points/n=2",
          "results.csv",
          "unportable.tar",
        ]);
        const listed = execFileSync("tar", ["-tf", join(out, "unportable.tar")], {
          encoding: "utf8",
        });
        expect(listed.trim().split("\n")).toEqual(["points/a:empty", "points/t=1:2/out.txt"]);
        execFileSync("tar", ["-xf", join(out, "unportable.tar"), "-C", out, "--force-local"]);
        expect(readFileSync(join(out, "points/t=1:2/out.txt"), "utf8")).toBe("colon");
        expect(readdirSync(join(out, "points/a:empty"))).toEqual([]);
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    } finally {
      noJob();
    }
  });
});
