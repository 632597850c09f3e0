import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const source = (path: string) => new URL(`../../src/${path}`, import.meta.url).href;

/** Runs `body` as an action in a process of its own. */
function run(body: string, env: Record<string, string> = {}) {
  const program = `
    import { action } from ${JSON.stringify(source("actions/action.ts"))};
    import { ReportedError, SweepError } from ${JSON.stringify(source("sweep/errors.ts"))};
    await action(async () => { ${body} });
    console.log("never reached");`;
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { PATH: process.env.PATH, ...env },
    timeout: 20_000,
    maxBuffer: 50_000_000,
  });
  const commands = done.stdout.split("\n").filter((line) => line.startsWith("::"));
  return { ...done, errors: commands.filter((line) => !line.startsWith("::debug")), commands };
}

it("ends with 0 and no word where the body succeeds", () => {
  expect(run("")).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

it("ends although a server, a timer and a child are open", () => {
  const done = run(`
    const { createServer } = await import("node:net");
    const server = createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    setInterval(() => {}, 1000);`);
  expect(done).toMatchObject({ status: 0, signal: null });
});

it("keeps the exit code that the body has set", () => {
  expect(run("process.exitCode = 1;")).toMatchObject({ status: 1, errors: [] });
});

it("cuts no output", () => {
  const done = run(
    'process.stdout.write("x".repeat(5_000_000)); process.stderr.write("y".repeat(5_000_000));',
  );
  expect([done.stdout.length, done.stderr.length]).toEqual([5_000_000, 5_000_000]);
});

it("annotates a reported error with its message, without a stack", () => {
  const done = run(
    'throw new ReportedError(3, "Nobody answers.\\nStart it.", { cause: new Error("why") });',
  );
  expect(done.status).toBe(1);
  expect(done.errors).toEqual(["::error::Nobody answers.%0AStart it."]);
  expect(done.stderr).toBe("");
  expect(done.commands[0]).toMatch(/^::debug::ReportedError: .*caused by Error: why%0A {4}at /);
});

it("annotates each mistake of a sweep file at its line", () => {
  const done = run(`
    const at = { file: "sweeps/a.yaml", source: "", hint: null };
    throw new SweepError([
      { ...at, line: 3, column: 5, message: "first" },
      { ...at, line: 0, column: 0, message: "second" },
    ]);`);
  expect(done.status).toBe(1);
  expect(done.errors).toEqual([
    "::error file=sweeps/a.yaml,line=3,col=5::sweeps/a.yaml:3:5: first",
    "::error::sweeps/a.yaml: second",
  ]);
});

it.each([
  ["an error", 'throw new TypeError("x is no function");', "x is no function"],
  [
    "an event handler's error",
    'setImmediate(() => { throw new Error("late"); }); await new Promise(() => setTimeout(() => {}, 20_000));',
    "late",
  ],
  [
    "a rejection nobody holds",
    'void Promise.reject(new Error("lost")); await new Promise(() => setTimeout(() => {}, 20_000));',
    "lost",
  ],
  [
    "a promise that nothing settles",
    "await new Promise(() => {});",
    "the action ended before its work was done",
  ],
  ["a thrown string", 'throw "words";', "words"],
  ["a thrown object", 'throw { password: "hidden" };', "a thrown object"],
  ["null", "throw null;", "a thrown null"],
  ["undefined", "throw undefined;", "a thrown undefined"],
])("says that %s is unexpected, and where to report it", (_title, body, message) => {
  const done = run(body, {
    GITHUB_SERVER_URL: "https://github.example",
    GITHUB_ACTION_REPOSITORY: "someone/sim-pipeline",
  });
  expect(done.status).toBe(1);
  expect(done.errors).toHaveLength(1);
  expect(done.errors[0]).toMatch(
    /^::error::Unexpected error in sim-pipeline \d+\.\d+\.\d+, Node v/,
  );
  expect(done.errors[0]).toContain(`: ${message}%0A`);
  expect(done.errors[0]).toContain("https://github.example/someone/sim-pipeline/issues");
  expect(done.stdout + done.stderr).not.toContain("hidden");
  expect(done.stdout).not.toContain("never reached");
});
