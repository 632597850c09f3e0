import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { actionEntries, actionFiles, repository } from "../../scripts/action-files.ts";
import { bundleActions } from "../../scripts/bundle-actions.ts";

const script = fileURLToPath(new URL("../../scripts/release.ts", import.meta.url));
// Neither this user's settings nor those of a git hook that runs the tests.
const env = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "someone",
  GIT_AUTHOR_EMAIL: "someone@example.org",
  GIT_COMMITTER_NAME: "someone",
  GIT_COMMITTER_EMAIL: "someone@example.org",
};
let folder: string;
let clone: string;

const git = (...args: string[]) =>
  execFileSync("git", args, { cwd: clone, encoding: "utf8", env, stdio: "pipe" }).trim();
const remoteRef = (ref: string) => git("ls-remote", "--refs", "origin", ref).split("\t")[0];
const release = () => spawnSync(process.execPath, [script], { cwd: clone, encoding: "utf8", env });

/** A commit on main with this version, and its bundles beside. */
function commitVersion(version: string): string {
  writeFileSync(join(clone, "package.json"), JSON.stringify({ version }));
  git("add", ".");
  git("commit", "--quiet", "--allow-empty", "-m", version);
  git("push", "--quiet", "origin", "main");
  mkdirSync(join(clone, "dist/actions/chunks"), { recursive: true });
  writeFileSync(join(clone, "dist/index.js"), "of the npm package");
  for (const file of ["sweep.js", "plan.js", "chunks/a.js", "licenses.txt"]) {
    writeFileSync(join(clone, "dist/actions", file), `${file} of ${version}`);
  }
  return git("rev-parse", "HEAD");
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-test-"));
  clone = join(folder, "clone");
  execFileSync("git", ["init", "--quiet", "--bare", "-b", "main", join(folder, "origin")], { env });
  execFileSync("git", ["clone", "--quiet", join(folder, "origin"), clone], { env, stdio: "pipe" });
  git("checkout", "--quiet", "-b", "main");
  mkdirSync(join(clone, "plan"));
  writeFileSync(join(clone, ".gitignore"), "dist/\n");
  writeFileSync(
    join(clone, "action.yml"),
    "runs:\n  using: node24\n  main: dist/actions/sweep.js\n",
  );
  writeFileSync(join(clone, "plan/action.yml"), "runs:\n  main: ../dist/actions/plan.js\n");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("commits the bundles on top of main's commit, tags that, and moves the major version's branch", () => {
  const main = commitVersion("1.2.3");
  const done = release();
  expect(done.stderr).not.toContain("rror");
  expect(done.status).toBe(0);
  git("fetch", "--quiet", "origin", "--tags");
  expect(git("rev-parse", "v1.2.3^")).toBe(main);
  expect(remoteRef("refs/heads/v1")).toBe(git("rev-parse", "v1.2.3"));
  expect(git("diff", "--name-status", main, "v1.2.3").split("\n")).toEqual(
    ["chunks/a.js", "licenses.txt", "plan.js", "sweep.js"].map((name) => `A\tdist/actions/${name}`),
  );
  expect(git("log", "-1", "--format=%an %s", "v1.2.3")).toBe("github-actions[bot] release: v1.2.3");
  // main and the checkout stay as they were.
  expect(remoteRef("refs/heads/main")).toBe(main);
  expect(git("status", "--porcelain", "--branch")).toBe("## main...origin/main");
});

it("moves the branch to the next release", () => {
  commitVersion("1.2.3");
  release();
  commitVersion("1.10.0");
  expect(release().status).toBe(0);
  expect(remoteRef("refs/heads/v1")).toBe(remoteRef("refs/tags/v1.10.0"));
});

it("leaves the branch where it is for a prerelease", () => {
  commitVersion("1.2.3");
  release();
  const before = remoteRef("refs/heads/v1");
  commitVersion("1.3.0-rc.1");
  expect(release().status).toBe(0);
  expect(remoteRef("refs/heads/v1")).toBe(before);
  expect(remoteRef("refs/tags/v1.3.0-rc.1")).toMatch(/^[0-9a-f]{40}$/);
});

it("releases an older major version beside a newer one", () => {
  commitVersion("2.0.0");
  release();
  commitVersion("1.9.0");
  expect(release().status).toBe(0);
  expect(remoteRef("refs/heads/v2")).toBe(remoteRef("refs/tags/v2.0.0"));
  expect(remoteRef("refs/heads/v1")).toBe(remoteRef("refs/tags/v1.9.0"));
});

it.each([
  ["a version that is released", () => commitVersion("1.2.3"), "v1.2.3 is released already: raise"],
  [
    "a version below a released one",
    () => commitVersion("1.2.2"),
    "v1.2.3 is released already, and v1.2.2 would",
  ],
  ["no version", () => commitVersion("next"), "has the version next, which is none"],
  [
    "a bundle that is not there",
    () => {
      commitVersion("1.3.0");
      rmSync(join(clone, "dist/actions/plan.js"));
    },
    "plan/action.yml starts dist/actions/plan.js, which is not there",
  ],
  [
    "no licences",
    () => {
      commitVersion("1.3.0");
      rmSync(join(clone, "dist/actions/licenses.txt"));
    },
    "dist/actions has no licenses.txt",
  ],
  [
    "changes that are not committed",
    () => {
      commitVersion("1.3.0");
      writeFileSync(join(clone, "action.yml"), "runs:\n  main: dist/actions/plan.js\n");
    },
    "not committed:\n",
  ],
])("refuses %s and pushes nothing", (_title, prepare, message) => {
  commitVersion("1.2.3");
  expect(release().status).toBe(0);
  prepare();
  const before = git("ls-remote", "origin");
  const done = release();
  expect(done.status).toBe(1);
  expect(done.stderr).toContain(message);
  expect(done.stderr).not.toContain("    at ");
  expect(git("ls-remote", "origin")).toBe(before);
});

it("makes the same commit of the same sources again", () => {
  commitVersion("1.2.3");
  release();
  const first = remoteRef("refs/tags/v1.2.3");
  git("push", "--quiet", "origin", ":refs/tags/v1.2.3", ":refs/heads/v1");
  release();
  expect(remoteRef("refs/tags/v1.2.3")).toBe(first);
});

it("shows the job's token to the job's server, in a header", async () => {
  commitVersion("1.2.3");
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(403).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const url = `http://127.0.0.1:${address.port}`;
    const child = spawn(process.execPath, [script, `${url}/someone/sims`], {
      cwd: clone,
      env: { ...env, GITHUB_TOKEN: "the-token", GITHUB_SERVER_URL: url, GIT_TERMINAL_PROMPT: "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
    expect(code).toBe(1);
    expect(said).toContain("git ls-remote failed: see what it says above.");
    expect(said).not.toContain("the-token");
  } finally {
    server.close();
  }
  const basic = Buffer.from("x-access-token:the-token").toString("base64");
  expect(seen[0]).toBe(`basic ${basic}`);
});

it("a checkout of the branch has all that uses: needs, found as the runner finds it", async () => {
  for (const { folder: action } of actionFiles()) {
    mkdirSync(join(clone, action), { recursive: true });
    copyFileSync(join(repository, action, "action.yml"), join(clone, action, "action.yml"));
  }
  copyFileSync(join(repository, ".gitignore"), join(clone, ".gitignore"));
  await bundleActions(join(clone, "dist/actions"), actionEntries());
  writeFileSync(join(clone, "package.json"), JSON.stringify({ version: "1.0.0" }));
  git("add", ".");
  git("commit", "--quiet", "-m", "1.0.0");
  expect(release().status).toBe(0);
  const used = join(folder, "used");
  git("clone", "--quiet", "--branch", "v1", join(folder, "origin"), used);
  for (const { folder: action, runs } of actionFiles()) {
    // NodeScriptActionHandler.cs: Path.Combine(ActionDirectory, target), which leaves `..` in it.
    for (const script of [runs.main, runs.post ?? runs.main]) {
      const path = `${join(used, action)}/${script}`;
      const done = spawnSync(process.execPath, [path], { cwd: folder, encoding: "utf8", env });
      expect({ path, stderr: done.stderr }).toEqual({ path, stderr: "" });
      if (script === runs.main) expect(done.stdout).toContain("::error::This is an action of");
    }
  }
});
