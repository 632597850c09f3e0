import { spawn, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { actionEntries, actionFiles, repository } from "../../scripts/action-files.ts";
import { bundleActions, type Chunk, startBytes } from "../../scripts/bundle-actions.ts";
import { startGitHub } from "../lab/github/server.ts";
import { findAzurite, needing } from "../lab/lab.ts";
import { stepEnvironment } from "../lab/step.ts";

/** Limits of what Node reads before an action's first line, in KiB: a package more is noticed. */
const limits: Record<string, number> = {
  sweep: 1050,
  "sweep-post": 1000,
  build: 1450,
  plan: 1000,
  run: 1000,
  "run-post": 1000,
  collect: 1000,
  machines: 750,
  "machines-post": 350,
};
const files = actionFiles();
let folder: string;
let bundles: string;
let chunks: Chunk[];
let runner: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-bundles-"));
  bundles = join(folder, "actions");
  chunks = await bundleActions(bundles, actionEntries());
  runner = stepEnvironment(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(name: string, env: Record<string, string>) {
  const began = performance.now();
  const done = spawnSync(process.execPath, [join(bundles, `${name}.js`)], {
    encoding: "utf8",
    cwd: env.GITHUB_WORKSPACE ?? folder,
    env,
    timeout: 20_000,
  });
  return { ...done, milliseconds: Math.round(performance.now() - began) };
}

/** The inputs as the runner hands them over where a step sets none: the defaults of action.yml. */
function defaultInputs(folder: string): Record<string, string> {
  const inputs = files.find((file) => file.folder === folder)?.inputs ?? {};
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { default: value = "" }]) => [
      `INPUT_${name.toUpperCase()}`,
      value.startsWith("$") ? "" : value,
    ]),
  );
}

it.each([
  ["sweep", "", 'The input "sweep" is missing.'],
  ["plan", "plan", 'The input "sweep" is missing.'],
  ["run", "run", 'The input "plan" is missing.'],
  ["collect", "collect", 'The input "plan" is missing.'],
  ["machines", "machines", 'The input "command" is missing.'],
  // It requires none.
  ["build", "build", "Dockerfile"],
])("%s starts, and says in one annotation what is missing", (name, action, message) => {
  const done = start(name, { ...runner, ...defaultInputs(action) });
  const errors = done.stdout.split("\n").filter((line) => line.startsWith("::error"));
  expect(errors).toEqual([expect.stringContaining(message)]);
  expect(errors.join()).not.toContain("nexpected error");
  expect({ status: done.status, stderr: done.stderr }).toEqual({ status: 1, stderr: "" });
});

it.each(["sweep-post", "run-post", "machines-post"])("%s starts, and has nothing to do", (name) => {
  expect(start(name, runner)).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

it("every script starts outside of a workflow, and says so", () => {
  for (const name of Object.keys(actionEntries()).filter((one) => !one.endsWith("-post"))) {
    const done = start(name, { PATH: process.env.PATH ?? "" });
    expect({ name, status: done.status }).toEqual({ name, status: 1 });
    expect(done.stdout).toContain("::error::");
    expect(done.stderr).toBe("");
  }
});

it("there is a limit for the size of every script", () => {
  expect(Object.keys(limits).sort()).toEqual(Object.keys(actionEntries()).sort());
});

it.each(Object.entries(limits))("%s reads at most %i KiB to start", (name, limit) => {
  const size = startBytes(chunks, `${name}.js`) / 1024;
  expect(size).toBeGreaterThan(1);
  expect(size).toBeLessThan(limit);
});

it("no chunk needs a package or a file from elsewhere", () => {
  const sources = globSync("**/*.js", { cwd: bundles });
  expect(sources.length).toBe(chunks.length);
  for (const file of sources) {
    // Comments say which module of a package the lines below are from.
    const code = readFileSync(join(bundles, file), "utf8").replaceAll(/^\s*\/\/.*$/gm, "");
    expect(code.includes(repository), `${file} has the path of this clone`).toBe(false);
    expect(code.includes("node_modules/"), `${file} refers to packages`).toBe(false);
    const needed = code.matchAll(
      /(?:^import |^\} from |^export .* from |\bimport\(|\b__require\()"?(.*)$/gm,
    );
    const specifiers = [...needed].flatMap(([line]) => /"([^"\n]+)"/.exec(line)?.[1] ?? []);
    const foreign = specifiers.filter((id) => !isBuiltin(id) && !/^\.\.?\//.test(id));
    expect({ file, foreign }).toEqual({ file, foreign: [] });
  }
});

it("every part that is loaded later can be loaded", () => {
  const program = `
    for (const file of process.argv.slice(1)) {
      await import(file).catch((error) => console.log(file + ": " + error.message));
    }
    process.exit();`;
  const parts = globSync("chunks/*.js", { cwd: bundles }).map((file) => join(bundles, file));
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", program, ...parts], {
    encoding: "utf8",
  });
  const broken = done.stdout.split("\n").filter((line) => !/^$|kerberos is not in the/.test(line));
  expect({ status: done.status, broken, stderr: done.stderr }).toEqual({
    status: 0,
    broken: [],
    stderr: "",
  });
});

it("has the licences of what is in it", () => {
  const text = readFileSync(join(bundles, "licenses.txt"), "utf8");
  const named = [...text.matchAll(/^(@?[\w./-]+) \d+\.\d+\.\d+\S* \((.+)\)$/gm)];
  const licences = Object.fromEntries(named.map(([, name, licence]) => [name, licence]));
  expect(licences).toMatchObject({
    "@actions/artifact": "MIT",
    "@octokit/core": "MIT",
    dockerode: "Apache-2.0",
    "google-auth-library": "Apache-2.0",
    ssh2: "MIT",
    undici: "MIT",
    zod: "MIT",
  });
  expect(Object.keys(licences)).not.toContain("cpu-features");
  expect(Object.keys(licences)).not.toContain("@grpc/grpc-js");
});

it("comes out the same again, byte by byte", async () => {
  const again = join(folder, "again");
  await bundleActions(again, actionEntries());
  const names = globSync("**/*.*", { cwd: bundles }).sort();
  expect(globSync("**/*.*", { cwd: again }).sort()).toEqual(names);
  for (const name of names) {
    const same = readFileSync(join(again, name)).equals(readFileSync(join(bundles, name)));
    expect({ name, same }).toEqual({ name, same: true });
  }
});

describe.skipIf(findAzurite() === null)(needing("azurite", "the bundle of plan"), () => {
  it("plans a sweep, uploads the plan, and ends", async () => {
    await using github = await startGitHub();
    const run = github.startRun();
    const env = await github.env(run, { workspace: join(folder, "workspace") });
    writeFileSync(
      join(folder, "workspace/sweep.yaml"),
      'name: small\nprocess: ["true"]\nparameters: {n: {range: "1-40"}}\ncommand: []\n',
    );
    const inputs = { ...defaultInputs("plan"), INPUT_SWEEP: "sweep.yaml", INPUT_ENGINE: "process" };
    const began = performance.now();
    // Not spawnSync: the server that it talks to is in this process.
    const child = spawn(process.execPath, [join(bundles, "plan.js")], {
      cwd: env.GITHUB_WORKSPACE,
      env: { PATH: process.env.PATH, ...env, ...inputs },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
    const code = await new Promise((resolve) => child.on("close", resolve));
    console.log(`plan, with its upload: ${Math.round(performance.now() - began)} ms`);
    expect({ code, said }).toMatchObject({ code: 0 });
    expect(github.artifacts(run).map(({ name }) => name)).toEqual(["small-plan"]);
    expect(readFileSync(env.GITHUB_OUTPUT ?? "", "utf8")).toContain('"shard":19');
  });
});
