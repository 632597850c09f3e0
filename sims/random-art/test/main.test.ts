import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const scratch = mkdtempSync(join(tmpdir(), "random-art-"));
after(() => rmSync(scratch, { recursive: true }));

const MAIN = join(import.meta.dirname, "..", "main.ts");

function main(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", env, cwd: scratch });
}

function readResult(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
}

/** Width and height that a PNG file states. */
function pngSize(file: string): [number, number] {
  const png = readFileSync(file);
  assert.equal(png.toString("latin1", 1, 4), "PNG");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

test("images are written as asked for, and result.json names them", () => {
  const output = join(scratch, "three");
  const { status, stderr } = main(["-g", "5", "-i", "2", "-s", "60", "-n", "3"], {
    SIM_OUTPUT: output,
  });
  assert.equal(stderr, "");
  assert.equal(status, 0);
  const files = ["sprite-0.png", "sprite-1.png", "sprite-2.png"];
  assert.deepEqual(readdirSync(output).sort(), ["result.json", ...files]);
  for (const file of files) assert.deepEqual(pngSize(join(output, file)), [60, 60]);
  const { colors, ...rest } = readResult(output);
  assert.deepEqual(rest, { images: 3, files: files.join(",") });
  assert.match(`${colors}`, /^#[0-9a-f]{6}(,#[0-9a-f]{6}){2,44}$/);
});

test("-o goes before $SIM_OUTPUT", () => {
  const output = join(scratch, "chosen");
  const elsewhere = join(scratch, "elsewhere");
  assert.equal(main(["-o", output], { SIM_OUTPUT: elsewhere }).status, 0);
  assert.deepEqual(readdirSync(output).sort(), ["result.json", "sprite-0.png"]);
  assert.ok(!existsSync(elsewhere));
});

test("a seed fixes the images, and more of them keep the first ones", () => {
  const [one, three, other] = [
    ["--seed", "7", "-n", "1"],
    ["--seed", "7", "-n", "3"],
    ["--seed", "8", "-n", "1"],
  ].map((args, index) => {
    const output = join(scratch, `seed-${index}`);
    assert.equal(main([...args, "-o", output]).status, 0);
    return readFileSync(join(output, "sprite-0.png"), "base64");
  });
  assert.equal(three, one);
  assert.notEqual(other, one);
});

const wrongUses = [
  { args: ["-g", "0"], message: /--grid: expected a whole number from 1 to 64, got "0"/ },
  { args: ["-i", "65"], message: /--invaders: expected a whole number from 1 to 64, got "65"/ },
  { args: ["-g", "7", "-i", "4", "-s", "32"], message: /--size: .* from 33 to 8192, got "32"/ },
  { args: ["-n", "some"], message: /--number: expected a whole number .*, got "some"/ },
  { args: ["--seed", "1e3"], message: /--seed: expected a whole number .*, got "1e3"/ },
  { args: ["--colour", "red"], message: /Unknown option '--colour'/ },
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
  for (const flag of ["--grid", "--invaders", "--size", "--number", "--seed", "--output"]) {
    assert.ok(stdout.includes(flag), flag);
  }
});

test("a batch gives each point what it would get alone", () => {
  const points = [4, 9].map((grid) => ({
    name: `g${grid}`,
    parameters: { grid, seed: 2 },
    output: join(scratch, `batch-${grid}`),
  }));
  const file = join(scratch, "points.jsonl");
  writeFileSync(file, points.map((point) => JSON.stringify(point)).join("\n"));
  assert.equal(main([], { SIM_POINTS: file }).status, 0);
  for (const { parameters, output } of points) {
    const alone = join(scratch, `alone-${parameters.grid}`);
    main(["--grid", `${parameters.grid}`, "--seed", "2", "-o", alone]);
    assert.deepEqual(readResult(output), readResult(alone));
    assert.deepEqual(
      readFileSync(join(output, "sprite-0.png")),
      readFileSync(join(alone, "sprite-0.png")),
    );
  }
});
