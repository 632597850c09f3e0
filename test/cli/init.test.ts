import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const bin = fileURLToPath(new URL("../../bin/sim-pipeline.js", import.meta.url));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-init-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function init(...args: string[]) {
  const cwd = folder;
  return spawnSync(process.execPath, [bin, "init", ...args], { cwd, encoding: "utf8" });
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const read = (name: string): string => readFileSync(join(folder, name), "utf8");

const pathsSchema = z.object({ paths: z.array(z.string()) });
const buildSchema = z.object({
  name: z.string(),
  on: z.object({ push: pathsSchema, pull_request: pathsSchema }),
  jobs: z.object({
    build: z.object({
      steps: z.array(z.object({ with: z.record(z.string(), z.unknown()).optional() })),
    }),
  }),
});
const sweepSchema = z.object({
  jobs: z.object({
    build: z.object({ uses: z.string() }),
    sweep: z.object({ with: z.object({ sweep: z.string() }) }),
  }),
});

/** What the two workflows say that depends on the simulation. */
function workflows(name: string) {
  const build = buildSchema.parse(parse(read(`.github/workflows/build-${name}.yml`)));
  const sweep = sweepSchema.parse(parse(read(`.github/workflows/sweep-${name}.yml`)));
  expect(build.on.pull_request).toEqual(build.on.push);
  return {
    paths: build.on.push.paths,
    build: build.jobs.build.steps.at(-1)?.with,
    calls: sweep.jobs.build.uses,
    sweep: sweep.jobs.sweep.with.sweep,
  };
}

describe("init --github", () => {
  it("writes a simulation and, at the repository's root, workflows that name its folder", () => {
    mkdirSync(join(folder, ".git"));
    const { status, stdout, stderr } = init("--github", "sims/Heat_Flow");
    expect(stderr).not.toContain("only its workflows");
    expect(status).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "sims/Heat_Flow/sweep.yaml",
      "sims/Heat_Flow/simulate.mts",
      "sims/Heat_Flow/simulate.test.mts",
      "sims/Heat_Flow/Dockerfile",
      "sims/Heat_Flow/.dockerignore",
      "sims/Heat_Flow/.gitignore",
      "sims/Heat_Flow/README.md",
      ".github/workflows/build-heat_flow.yml",
      ".github/workflows/sweep-heat_flow.yml",
      "",
    ]);
    expect(workflows("heat_flow")).toEqual({
      paths: ["sims/Heat_Flow/**", ".github/workflows/build-heat_flow.yml"],
      build: {
        context: "sims/Heat_Flow",
        "test-target": "test",
        push: expect.stringContaining("github.event_name != 'pull_request'"),
      },
      calls: "./.github/workflows/build-heat_flow.yml",
      sweep: "sims/Heat_Flow/sweep.yaml",
    });
    const written = stdout.trim().split("\n").map(read).join("\n");
    expect(written).not.toMatch(/my-sweep|simulations\//);
  });

  it("takes the repository's root for a simulation, too", () => {
    mkdirSync(join(folder, "walk/.git"), { recursive: true });
    const { status, stdout, stderr } = init("--github", "walk");
    expect(status).toBe(0);
    expect(stdout).toContain("walk/.github/workflows/build-walk.yml\n");
    expect(stderr).toContain("  cd walk\n  git add . &&");
    const built = parse(read("walk/.github/workflows/build-walk.yml"));
    expect(buildSchema.parse(built).on.push.paths[0]).toBe("**");
    expect(buildSchema.parse(built).jobs.build.steps.at(-1)?.with).toMatchObject({ context: "." });
    const sweep = parse(read("walk/.github/workflows/sweep-walk.yml"));
    expect(sweepSchema.parse(sweep).jobs.sweep.with.sweep).toBe("sweep.yaml");
  });

  it("finds the root from inside, through links, and where .git is a file", () => {
    write("repo/.git", "gitdir: ../elsewhere\n");
    mkdirSync(join(folder, "repo/deep"));
    symlinkSync("repo/deep", join(folder, "link"));
    expect(init("--github", "link/walk").stdout).toContain("repo/.github/workflows/sweep-walk.yml");
    expect(read("repo/.github/workflows/sweep-walk.yml")).toContain("deep/walk/sweep.yaml");
  });

  it.each([
    ["a sweep alone", ["sweep.yaml"], "  write walk/Dockerfile, which the workflows use\n"],
    ["a Dockerfile alone", ["Dockerfile"], "  write walk/sweep.yaml, which the workflows use\n"],
    ["both", ["sweep.yaml", "Dockerfile"], "Next:\n  git add .github/workflows walk"],
  ])("writes only the workflows beside %s", (_, files, advice) => {
    mkdirSync(join(folder, ".git"));
    for (const file of files) write(`walk/${file}`, "FROM scratch\n");
    for (const force of [[], ["--force"]]) {
      const { status, stdout, stderr } = init("--github", "walk", ...force);
      expect(status).toBe(0);
      expect(stdout).toBe(".github/workflows/build-walk.yml\n.github/workflows/sweep-walk.yml\n");
      expect(stderr).toContain("only its workflows were written");
      expect(stderr).toContain(advice);
    }
    expect(readdirSync(join(folder, "walk")).sort()).toEqual([...files].sort());
    expect(read(`walk/${files[0]}`)).toBe("FROM scratch\n");
    expect(workflows("walk").build).not.toHaveProperty("test-target");
  });

  it.each([
    ["nothing ignores", "", true],
    ["the repository ignores", "runs/\n", false],
  ])("has git leave out results that %s", (_, ignored, advised) => {
    spawnSync("git", ["init", "--quiet", folder]);
    write(".gitignore", ignored);
    write("walk/Dockerfile", "FROM scratch\n");
    const { stderr } = init("--github", "walk");
    expect(stderr.includes("  echo runs/ >> walk/.gitignore\n  git add")).toBe(advised);
  });

  it("asks for the test stage where the Dockerfile has one", () => {
    mkdirSync(join(folder, ".git"));
    write("walk/Dockerfile", "from alpine as test\nRUN true\nFROM alpine\n");
    expect(init("--github", "walk").status).toBe(0);
    expect(workflows("walk").build).toHaveProperty("test-target", "test");
  });

  it("overwrites no workflow without --force, and writes nothing then", () => {
    mkdirSync(join(folder, ".git"));
    write(".github/workflows/sweep-walk.yml", "mine");
    const { status, stderr } = init("--github", "walk");
    expect(status).toBe(2);
    expect(stderr).toContain("there is already: .github/workflows/sweep-walk.yml\n");
    expect(stderr).toContain("--force");
    expect(existsSync(join(folder, "walk"))).toBe(false);
    expect(init("--github", "walk", "--force").status).toBe(0);
    expect(read(".github/workflows/sweep-walk.yml")).toContain("name: sweep walk");
  });

  it.each([
    ["ssh", "git@github.com:octo-org/sims.git"],
    ["ssh as an address", "ssh://git@github.com/octo-org/sims.git"],
    ["https", "https://github.com/octo-org/sims"],
  ])("says where to look, by a remote over %s", (_, url) => {
    write(".git/config", `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n`);
    const { stderr } = init("--github", "walk");
    expect(stderr).toContain("see https://github.com/octo-org/sims/actions\n");
    expect(stderr).toContain('git commit -m "Add the sweep walk" && git push');
    expect(stderr).toContain("gh workflow run sweep-walk.yml");
    expect(stderr).toContain("Manage Actions access");
  });

  it("names no address where the remote is not on GitHub", () => {
    write(".git/config", '[remote "origin"]\n\turl = https://example.com/github.com.git\n');
    expect(init("--github", "walk").stderr).toContain("the repository's tab Actions");
  });

  it("refuses a folder outside of any repository", () => {
    const { status, stderr } = init("--github", "walk");
    expect(status).toBe(2);
    expect(stderr).toContain("walk is in no git repository");
    expect(stderr).toContain("git init");
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(["with space", "stars*", "-dash", ".hidden", "a/../b/ä", "#hash"])(
    "refuses a folder that workflows cannot name: %s",
    (name) => {
      mkdirSync(join(folder, ".git"));
      const { status, stderr } = init("--github", "--", name);
      expect(status).toBe(2);
      expect(stderr).toContain("Workflows cannot name the folder");
      expect(readdirSync(folder)).toEqual([".git"]);
    },
  );
});

describe("init", () => {
  it("writes a simulation whose own tests pass", () => {
    expect(init("walk").status).toBe(0);
    const tests = spawnSync(process.execPath, ["--test", "--test-reporter=tap"], {
      cwd: join(folder, "walk"),
      encoding: "utf8",
      env: {},
    });
    expect(tests.stdout).toMatch(/^# pass 2$/m);
    expect(tests.status).toBe(0);
  });
});
