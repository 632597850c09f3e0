import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const scratch = mkdtempSync(join(tmpdir(), "monte-carlo-pi-"));
after(() => rmSync(scratch, { recursive: true }));

const MAIN = join(import.meta.dirname, "..", "main.ts");

function main(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", env, cwd: scratch });
}

function readResult(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
}

/** Writes lines to a `$SIM_POINTS` file of that name. */
function pointsFile(name: string, lines: unknown[]): string {
  const file = join(scratch, name);
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return file;
}

test("one point writes its plot and its metrics, and prints them", () => {
  const output = join(scratch, "one");
  const { status, stdout, stderr } = main(["--iterations", "1000", "--seed", "3"], {
    SIM_OUTPUT: output,
  });
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.deepEqual(readdirSync(output).sort(), ["points.png", "result.json"]);
  const { estimate, error, duration } = readResult(output);
  assert.equal(estimate, 3.104);
  assert.equal(error, Math.PI - 3.104);
  assert.ok(typeof duration === "number" && duration > 0 && duration < 10);
  assert.match(stdout, /^estimate 3\.104, error 0\.0375/);
});

test("the same seed gives the same plot and estimate, another seed others", () => {
  const [first, again, other] = ["7", "7", "8"].map((seed, index) => {
    const output = join(scratch, `seed-${index}`);
    assert.equal(main(["--iterations", "500", "--seed", seed, "-o", output]).status, 0);
    return {
      estimate: readResult(output).estimate,
      plot: readFileSync(join(output, "points.png"), "base64"),
    };
  });
  assert.deepEqual(again, first);
  assert.notEqual(other?.plot, first?.plot);
});

const wrongUses = [
  { args: ["--seed", "1"], message: /--iterations: expected a whole number .*, got nothing/ },
  { args: ["--iterations", "10"], message: /--seed: expected a whole number .*, got nothing/ },
  { args: ["--iterations", "0", "--seed", "1"], message: /from 1 to 1000000000, got "0"/ },
  { args: ["--iterations", "1000000001", "--seed", "1"], message: /got "1000000001"/ },
  { args: ["--iterations", "1.5", "--seed", "1"], message: /got "1.5"/ },
  { args: ["--iterations", "", "--seed", "1"], message: /got ""/ },
  { args: ["--iterations", "many", "--seed", "1"], message: /got "many"/ },
  { args: ["--iterations", "10", "--seed=-1"], message: /--seed: .* from 0 to .*, got "-1"/ },
  { args: ["--iterations", "10", "--seed", "9007199254740993"], message: /--seed: expected/ },
  { args: ["--iterations"], message: /--iterations <value>.* argument missing/ },
  { args: ["--points", "10"], message: /Unknown option '--points'/ },
  { args: ["10"], message: /Unexpected argument '10'/ },
];

for (const { args, message } of wrongUses) {
  test(`'${args.join(" ")}' is wrong use, says why and writes nothing`, () => {
    const output = join(scratch, "never");
    const { status, stderr } = main(args, { SIM_OUTPUT: output });
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.ok(!existsSync(output));
  });
}

test("--help names every flag", () => {
  const { status, stdout } = main(["--help"]);
  assert.equal(status, 0);
  for (const flag of ["--iterations", "--seed", "--output"]) assert.ok(stdout.includes(flag));
});

test("a batch gives each point what it would get alone", () => {
  const points = [1, 2].map((seed) => ({
    name: `s${seed}`,
    parameters: { iterations: 100, seed },
    output: join(scratch, `batch-${seed}`),
  }));
  const { status, stdout } = main([], { SIM_POINTS: pointsFile("two.jsonl", points) });
  assert.equal(status, 0);
  assert.match(stdout, /^s1: estimate .*\ns2: estimate .*\n$/);
  for (const { parameters, output } of points) {
    const alone = join(scratch, `alone-${parameters.seed}`);
    main(["--iterations", "100", "--seed", `${parameters.seed}`, "-o", alone]);
    assert.deepEqual(readdirSync(output).sort(), ["points.png", "result.json"]);
    assert.equal(readResult(output).estimate, readResult(alone).estimate);
    assert.deepEqual(
      readFileSync(join(output, "points.png")),
      readFileSync(join(alone, "points.png")),
    );
  }
});

test("flags beside a batch hold for every point, and the point's own value goes first", () => {
  const output = join(scratch, "shared");
  const point = { name: "a", parameters: { seed: 3 }, output };
  const { status } = main(["--iterations", "1000", "--seed", "9"], {
    SIM_POINTS: pointsFile("shared.jsonl", [point]),
  });
  assert.equal(status, 0);
  assert.equal(readResult(output).estimate, 3.104);
});

test("a point that fails leaves the others of its batch be, and no result.json", () => {
  const [good, bad, blocked] = ["good", "bad", "blocked"].map((name) => join(scratch, name));
  // A folder where the plot belongs: the point fails half way.
  const obstacle = join(blocked ?? "", "points.png");
  const file = pointsFile("failing.jsonl", [
    { name: "bad", parameters: { iterations: "few", seed: 1 }, output: bad },
    { name: "blocked", parameters: { iterations: 10, seed: 1 }, output: blocked },
    { name: "good", parameters: { iterations: 10, seed: 1 }, output: good },
  ]);
  mkdirSync(obstacle, { recursive: true });
  const { status, stdout, stderr } = main([], { SIM_POINTS: file });
  assert.equal(status, 1);
  assert.match(stderr, /^bad: --iterations: expected .*\nblocked: EISDIR/);
  assert.match(stdout, /^good: estimate/);
  assert.deepEqual(
    [good, bad, blocked].map((folder) => existsSync(join(folder ?? "", "result.json"))),
    [true, false, false],
  );
});

const brokenLines = [
  { name: "not JSON", text: "{", message: /broken\.jsonl:2: .*JSON/ },
  { name: "no output", text: '{"name":"a","parameters":{}}', message: /:2: expected .*"output"/ },
  { name: "no object", text: "3", message: /:2: expected .*, got 3/ },
];

for (const { name, text, message } of brokenLines) {
  test(`a batch with a line that is ${name} starts nothing`, () => {
    const output = join(scratch, "unstarted");
    const good = { name: "good", parameters: { iterations: 10, seed: 1 }, output };
    const file = join(scratch, "broken.jsonl");
    writeFileSync(file, `${JSON.stringify(good)}\n${text}\n`);
    const { status, stderr } = main([], { SIM_POINTS: file });
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.ok(!existsSync(output));
  });
}
