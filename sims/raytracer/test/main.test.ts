import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readLinear } from "./linear.ts";

const scratch = mkdtempSync(join(tmpdir(), "raytracer-"));
after(() => rmSync(scratch, { recursive: true }));

const MAIN = join(import.meta.dirname, "..", "main.ts");
/** A size that no block divides. */
const SMALL = ["--width", "50", "--height", "37", "--samples", "4"];

function main(args: string[], env: NodeJS.ProcessEnv = {}, node: string[] = []) {
  return spawnSync(process.execPath, [...node, MAIN, ...args], {
    encoding: "utf8",
    env,
    cwd: scratch,
  });
}

/** Renders into a new folder of that name. */
function render(name: string, args: string[]): string {
  const output = join(scratch, name);
  const { status, stderr } = main([...SMALL, ...args, "-o", output]);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  return output;
}

function linear(folder: string) {
  return readLinear(readFileSync(join(folder, "picture.f32")));
}

function readResult(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
}

test("a picture is written with its metrics", () => {
  const output = render("one", []);
  assert.deepEqual(readdirSync(output).sort(), ["picture.png", "result.json"]);
  const png = readFileSync(join(output, "picture.png"));
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [50, 37]);
  const { rays, rays_per_second, seconds, noise, threads, ...rest } = readResult(output);
  assert.deepEqual(rest, {
    scene: "glass-balls",
    frame: 0,
    width: 50,
    height: 37,
    kernel: "wasm",
    samples: 4,
  });
  assert.ok(typeof rays === "number" && rays > 50 * 37 * 4);
  assert.ok(typeof seconds === "number" && rays_per_second === rays / seconds);
  assert.ok(typeof noise === "number" && noise > 0 && noise < 1);
  assert.ok(typeof threads === "number" && threads >= 1);
});

const adaptive = ["--noise-target", "0.2", "--samples", "64"];
for (const [name, args] of [
  ["all samples", []],
  ["a noise target", adaptive],
] as const) {
  test(`any number of threads and tiles gives the same picture, with ${name}`, () => {
    const all = [...args, "--linear", "on"];
    const whole = linear(render(`whole-${name}`, [...all, "--threads", "1"]));
    const threads = linear(render(`threads-${name}`, [...all, "--threads", "3"]));
    assert.deepEqual(threads, whole);
    const merged = new Float32Array(whole.pixels.length).fill(Number.NaN);
    for (const tile of ["0,0", "1,0", "2,0", "0,1", "1,1", "2,1"]) {
      const { header, pixels } = linear(
        render(`tile-${name}-${tile}`, [...args, `--tile=${tile},3,2`]),
      );
      const { x, y, columns, rows, width, height } = header;
      assert.deepEqual([width, height], [50, 37]);
      assert.ok(typeof x === "number" && typeof y === "number" && typeof columns === "number");
      assert.equal(pixels.length, columns * Number(rows) * 4);
      for (let row = 0; row < Number(rows); row++) {
        const line = pixels.subarray(row * columns * 4, (row + 1) * columns * 4);
        merged.set(line, ((y + row) * 50 + x) * 4);
      }
    }
    assert.deepEqual(merged, whole.pixels);
  });
}

test("either kernel writes the same picture, and the result says which it was", () => {
  const [wasm, plain] = ["wasm", "typescript"].map((kernel) => {
    const output = render(`kernel-${kernel}`, ["--kernel", kernel, "--threads", "2"]);
    assert.equal(readResult(output).kernel, kernel);
    return readFileSync(join(output, "picture.png"), "base64");
  });
  assert.equal(wasm, plain);
});

/** Node takes a processor for one without the instructions that SIMD needs; only x64 may lack them. */
const WITHOUT_SIMD = ["--no-enable-sse4-1"];
const skip = process.arch === "x64" ? false : "every processor of this architecture has SIMD";

test("without SIMD the kernel is that in TypeScript", { skip }, () => {
  const output = join(scratch, "without-simd");
  const { status, stderr } = main([...SMALL, "-o", output], {}, WITHOUT_SIMD);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.equal(readResult(output).kernel, "typescript");
});

test("without SIMD '--kernel wasm' is wrong use and writes nothing", { skip }, () => {
  const output = join(scratch, "never");
  const { status, stderr } = main([...SMALL, "--kernel=wasm", "-o", output], {}, WITHOUT_SIMD);
  assert.equal(status, 2);
  assert.match(stderr, /^--kernel: there is no WebAssembly with SIMD here/);
  assert.ok(!existsSync(output));
});

test("a noise target takes fewer samples where the picture is calm", () => {
  const output = render("calm", ["--noise-target", "0.2", "--samples", "64", "--linear", "on"]);
  const counts = new Set(linear(output).pixels.filter((_, index) => index % 4 === 3));
  assert.ok(counts.size > 1 && [...counts].every((count) => count >= 16 && count <= 64));
  const samples = Number(readResult(output).samples);
  assert.ok(samples < 64, `${samples}`);
});

test("frames have cameras of their own, and a loop's frame after the last is the first", () => {
  const png = (name: string, args: string[]) =>
    readFileSync(join(render(name, args), "picture.png"), "base64");
  const first = png("frame-0", ["--frame", "0", "--frames", "4"]);
  assert.notEqual(png("frame-1", ["--frame", "1", "--frames", "4"]), first);
  assert.equal(png("frame-0-of-8", ["--frame", "0", "--frames", "8"]), first);
});

const wrongUses = [
  { args: ["--width", "0"], message: /--width: expected a whole number from 1 to 8192, got "0"/ },
  { args: ["--height", "9000"], message: /--height: expected/ },
  { args: ["--samples=-1"], message: /--samples: expected a whole number from 1 .*, got "-1"/ },
  { args: ["--depth", "NaN"], message: /--depth: expected .*, got "NaN"/ },
  { args: ["--frame", "24", "--frames", "24"], message: /--frame: .* from 0 to 23, got "24"/ },
  {
    args: ["--tile", "2,0,2,2"],
    message: /--tile: expected a tile within 0,0 and 1,1, got 2,0,2,2/,
  },
  {
    args: ["--tile", "0,0,0,1"],
    message: /--tile: expected a grid of 1 to 7 columns and 1 to 5 rows/,
  },
  { args: ["--tile", "0,0,8,1"], message: /--tile: expected a grid of 1 to 7 columns/ },
  { args: ["--tile", "1,2"], message: /--tile: expected four whole numbers X,Y,COLUMNS,ROWS/ },
  { args: ["--threads", "0"], message: /--threads: expected/ },
  {
    args: ["--kernel", "fast"],
    message: /--kernel: expected auto, wasm or typescript, got "fast"/,
  },
  { args: ["--noise-target", "2"], message: /--noise-target: expected a number from 0 to 1/ },
  { args: ["--noise-target", "NaN"], message: /--noise-target: expected a number from 0 to 1/ },
  { args: ["--next-event", "maybe"], message: /--next-event: expected on or off, got "maybe"/ },
  { args: ["--scene", "moon"], message: /--scene: expected glass-sphere, .* got "moon"/ },
  { args: ["--scene", "__proto__"], message: /--scene: expected glass-sphere/ },
  { args: ["--scene", "none.json"], message: /none\.json: cannot be read: ENOENT/ },
  { args: ["--colour", "red"], message: /Unknown option '--colour'/ },
];

for (const { args, message } of wrongUses) {
  test(`'${args.join(" ")}' is wrong use, says why and writes nothing`, () => {
    const output = join(scratch, "never");
    const { status, stderr } = main([...SMALL, ...args], { SIM_OUTPUT: output });
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.ok(!existsSync(output));
  });
}

test("a scene without light is black, and says so", () => {
  const file = join(scratch, "dark.json");
  const camera = { position: [0, 1, 5], target: [0, 1, 0] };
  const sky = { horizon: [0, 0, 0], zenith: [0, 0, 0], ground: [0, 0, 0] };
  const materials = { grey: { kind: "diffuse", color: [0.5, 0.5, 0.5] } };
  const objects = [{ kind: "plane", point: [0, 0, 0], normal: [0, 1, 0], material: "grey" }];
  writeFileSync(file, JSON.stringify({ camera, sky, materials, objects }));
  const { status, stderr } = main([...SMALL, "--scene", file, "-o", join(scratch, "dark")]);
  assert.equal(status, 0);
  assert.match(stderr, /^warning: the picture is black/);
});

test("--help names every flag", () => {
  const { status, stdout } = main(["--help"]);
  assert.equal(status, 0);
  const flags =
    "scene width height samples depth seed frame frames tile threads kernel noise-target linear";
  for (const flag of [
    ...flags.split(" "),
    "next-event",
    "importance",
    "stratify",
    "roulette",
    "output",
  ]) {
    assert.ok(stdout.includes(`--${flag}`), flag);
  }
});

test("a batch gives each point what it would get alone", () => {
  const points = [0, 1].map((frame) => ({
    name: `f${frame}`,
    parameters: { frame },
    output: join(scratch, `batch-${frame}`),
  }));
  const file = join(scratch, "points.jsonl");
  writeFileSync(file, points.map((point) => `${JSON.stringify(point)}\n`).join(""));
  assert.equal(main([...SMALL, "--frames", "2"], { SIM_POINTS: file }).status, 0);
  for (const { parameters, output } of points) {
    const alone = render(`alone-${parameters.frame}`, [
      "--frame",
      `${parameters.frame}`,
      "--frames",
      "2",
    ]);
    assert.deepEqual(
      readFileSync(join(output, "picture.png")),
      readFileSync(join(alone, "picture.png")),
    );
  }
});
