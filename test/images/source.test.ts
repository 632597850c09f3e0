import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { githubRepository, gitSource, sourceLabels, webAddress } from "../../src/images/source.ts";

describe("a folder of a git repository", () => {
  let root: string;
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", root, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      env: { ...process.env, GIT_COMMITTER_DATE: "2024-05-06T07:08:09Z" },
    })
      .toString()
      .trim();

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "sim-source-")));
    mkdirSync(join(root, "sims", "pi"), { recursive: true });
    writeFileSync(join(root, "sims", "pi", "Dockerfile"), "");
    git("init", "--quiet", "--initial-branch=work");
    git("add", ".");
    git("commit", "--quiet", "--message=x");
    git("remote", "add", "origin", "git@github.com:org/repo.git");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test("tells its commit, date, branch and place", async () => {
    expect(await gitSource(join(root, "sims", "pi"))).toEqual({
      url: "https://github.com/org/repo",
      revision: git("rev-parse", "HEAD"),
      created: new Date("2024-05-06T07:08:09Z"),
      clean: true,
      branch: "work",
      defaultBranch: null,
      folder: "sims/pi",
    });
  });

  test("is not clean with changes in it, and clean with changes beside it", async () => {
    writeFileSync(join(root, "beside"), "");
    expect((await gitSource(join(root, "sims", "pi"))).clean).toBe(true);
    writeFileSync(join(root, "sims", "pi", "new"), "");
    expect((await gitSource(join(root, "sims", "pi"))).clean).toBe(false);
  });

  test("of none tells nothing", async () => {
    const { url, revision, created, clean, folder } = await gitSource("/");
    expect({ url, revision, created, clean, folder }).toEqual({
      url: null,
      revision: null,
      created: null,
      clean: false,
      folder: null,
    });
  });
});

test.each([
  ["git@github.com:org/repo.git", "https://github.com/org/repo"],
  ["ssh://git@github.com/org/repo.git", "https://github.com/org/repo"],
  ["https://user:hush@github.com/org/repo", "https://github.com/org/repo"],
  ["https://example.com:8443/a/b.git", "https://example.com/a/b"],
  ["/srv/git/repo.git", null],
  ["../repo", null],
])("a remote %s is %s", (remote, address) => {
  expect(webAddress(remote)).toBe(address);
});

test.each([
  ["https://github.com/org/repo", "org/repo"],
  ["https://gitlab.com/org/repo", null],
  ["https://github.com/org/repo/sub", null],
  [null, null],
])("%s is the repository %s of github.com", (url, repository) => {
  expect(githubRepository(url)).toBe(repository);
});

test("labels leave out what nobody knows; only the address is the same for all commits", () => {
  const url = "https://github.com/org/repo";
  const { all, lasting } = sourceLabels({ url, revision: "ab", created: null });
  expect([...lasting.keys()]).toEqual(["org.opencontainers.image.source"]);
  expect(Object.fromEntries(all)).toEqual({
    "org.opencontainers.image.source": url,
    "org.opencontainers.image.revision": "ab",
  });
  expect(sourceLabels({ url: null, revision: null, created: null }).all.size).toBe(0);
});
