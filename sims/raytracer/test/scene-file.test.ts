import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseObj } from "../obj.ts";
import { cameraAt } from "../scene.ts";
import { loadScene, sceneSchema } from "../scene-file.ts";
import { buildView } from "../view.ts";
import { buildWorld } from "../world.ts";

const scratch = mkdtempSync(join(tmpdir(), "raytracer-scene-"));
after(() => rmSync(scratch, { recursive: true }));

const good = `{
  "$schema": "scene.schema.json",
  "camera": { "position": [0, 1, 5], "target": [0, 1, 0] },
  "sky": { "horizon": [1, 1, 1], "zenith": [0.2, 0.4, 0.9], "ground": [0.2, 0.2, 0.2] },
  "materials": {
    "floor": { "kind": "diffuse", "color": { "pattern": "checker", "colors": [[0, 0, 0], [1, 1, 1]], "size": 1 } },
    "glass": { "kind": "glass" }
  },
  "objects": [
    { "kind": "plane", "point": [0, 0, 0], "normal": [0, 1, 0], "material": "floor" },
    { "kind": "sphere", "center": [0, 1, 0], "radius": 1, "material": "glass" }
  ]
}
`;

function load(text: string) {
  const file = join(scratch, "scene.json");
  writeFileSync(file, text);
  return loadScene(file);
}

test("a scene file is read, with defaults for what it leaves out", () => {
  const { scene } = load(good);
  assert.deepEqual(scene.camera, {
    position: [0, 1, 5],
    target: [0, 1, 0],
    fov: 40,
    aperture: 0,
    focus: null,
  });
  assert.deepEqual(scene.materials.glass, { kind: "glass", index: 1.5, absorption: [0, 0, 0] });
  assert.equal(scene.objects.length, 2);
});

/** Each with a text of the good scene, and what takes its place. */
const wrong: readonly { from: string; to: string; message: RegExp }[] = [
  {
    from: '"radius": 1',
    to: '"radius": NaN',
    message: /scene\.json:11:56: expected a JSON value, got "NaN/,
  },
  {
    from: '"radius": 1',
    to: '"radius": 1e999',
    message: /:11:56: expected a number above 0, got Infinity/,
  },
  { from: '"radius": 1', to: '"radius": -1', message: /:11:56: expected a number above 0, got -1/ },
  {
    from: '"radius": 1',
    to: '"radios": 1',
    message: /:11:46: unknown name "radios"; there are kind, center/,
  },
  { from: '"radius": 1, ', to: "", message: /:11:5: expected "radius" in it, got an object/ },
  {
    from: '"material": "glass"',
    to: '"material": "gold"',
    message: /:11:71: unknown material "gold"; there are floor, glass/,
  },
  {
    from: '"kind": "sphere"',
    to: '"kind": "cone"',
    message: /:11:15: expected "sphere" or "plane" or .*, got "cone"/,
  },
  {
    from: '"normal": [0, 1, 0]',
    to: '"normal": [0, 0, 0]',
    message: /:10:54: expected a direction, not all 0/,
  },
  {
    from: "[0, 1, 5]",
    to: "[0, 1]",
    message: /:3:27: expected three numbers in brackets, got a list of 2/,
  },
  {
    from: "[0, 1, 5]",
    to: "[0, 1, 0]",
    message: /:3:13: expected a camera that looks elsewhere than where it stands/,
  },
  {
    from: '"kind": "plane", "point": [0, 0, 0], "normal": [0, 1, 0]',
    to: '"kind": "quad", "corner": [0, 0, 0], "sides": [[1, 2, 3], [2, 4, 6]]',
    message: /:10:53: expected two sides that are not parallel/,
  },
  {
    from: '"kind": "plane", "point": [0, 0, 0], "normal": [0, 1, 0]',
    to: '"kind": "box", "center": [0, 0, 0], "size": [1, 0, 0]',
    message: /:10:51: expected a size of which at most one number is 0/,
  },
  { from: '"zenith"', to: '"horizon"', message: /:4:34: "horizon" is there twice/ },
  { from: '"size": 1 }', to: '"size": 1]', message: /:6:111: expected "," or "}", got "\]/ },
  { from: '"glass": {', to: '"glass" {', message: /:7:13: expected ":"/ },
  { from: '"objects": [', to: '"objects": [], "extra": [', message: /:9:18: unknown name "extra"/ },
];
for (const { from, to, message } of wrong) {
  test(`${to || `no ${from}`} is an error with its place`, () => {
    assert.ok(good.includes(from));
    assert.throws(() => load(good.replace(from, to)), { message });
  });
}

const broken = [
  {
    name: "an empty file",
    text: "",
    message: /scene\.json:1:1: expected a JSON value, got the end/,
  },
  { name: "a list", text: "[]", message: /:1:1: expected an object in braces, got a list of 0/ },
  { name: "more than one value", text: "{} {}", message: /:1:4: expected the end of the file/ },
  { name: "deep nesting", text: "[".repeat(1e5), message: /nested more than 100 deep/ },
];
for (const { name, text, message } of broken) {
  test(`${name} is an error`, () => assert.throws(() => load(text), { message }));
}

test("scene.schema.json is what the reader expects", () => {
  const file = join(import.meta.dirname, "..", "scene.schema.json");
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), JSON.parse(JSON.stringify(sceneSchema)));
});

const TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n";

test("an OBJ file's faces become triangles, with normals where all corners have one", () => {
  const { triangles } = parseObj(
    `# a square\n${TRIANGLE}v 1 1 0\nvn 0 0 1\nf 1 2 4 3\nf -4//1 -3//1 -2//1\r\n`,
    "a.obj",
  );
  assert.deepEqual(
    triangles.map(({ corners }) => corners.length),
    [3, 3, 3],
  );
  assert.deepEqual(triangles[1]?.corners, [
    [0, 0, 0],
    [1, 1, 0],
    [0, 1, 0],
  ]);
  assert.deepEqual(
    triangles.map(({ normals }) => normals?.[0]),
    [undefined, undefined, [0, 0, 1]],
  );
});

const meshes = [
  { name: "no faces", text: TRIANGLE, message: /^a\.obj: expected at least one face, got none$/ },
  { name: "an empty file", text: "", message: /^a\.obj: expected at least one face/ },
  {
    name: "NaN",
    text: "v 0 NaN 0\n",
    message: /^a\.obj:1: expected three numbers from -1e9 to 1e9, got "0 NaN 0"$/,
  },
  {
    name: "a corner farther away than numbers are exact",
    text: "v 1e200 0 0\n",
    message: /^a\.obj:1: expected three numbers from -1e9 to 1e9/,
  },
  { name: "two numbers", text: "\nv 0 1\n", message: /^a\.obj:2: expected three numbers/ },
  {
    name: "an unknown vertex",
    text: `${TRIANGLE}f 1 2 9\n`,
    message: /^a\.obj:4: there is no vertex 9, only 3 so far$/,
  },
  { name: "vertex 0", text: `${TRIANGLE}f 0 1 2\n`, message: /^a\.obj:4: there is no vertex 0/ },
  {
    name: "two corners",
    text: `${TRIANGLE}f 1 2\n`,
    message: /^a\.obj:4: a face needs three corners$/,
  },
  {
    name: "too many triangles",
    text: `${TRIANGLE}${"f 1 2 3\n".repeat(11)}`,
    message: /^a\.obj:14: more than 10 triangles$/,
  },
];
for (const { name, text, message } of meshes) {
  test(`a mesh with ${name} is an error`, () => {
    assert.throws(() => parseObj(text, "a.obj", 10), { message });
  });
}

test("a mesh whose triangles have no area is an error", () => {
  writeFileSync(join(scratch, "flat.obj"), "v 0 0 0\nv 1 1 1\nv 2 2 2\nf 1 2 3\n");
  const mesh = '"kind": "mesh", "file": "flat.obj"';
  const { scene, meshOf } = load(
    good.replace('"kind": "sphere", "center": [0, 1, 0], "radius": 1', mesh),
  );
  assert.throws(() => buildWorld(scene, meshOf), {
    message: "flat.obj: expected a triangle with an area, got none",
  });
});

const camera = (text: string) => `{ "position": [${text}], "target": [0, 0, 0] }`;
const withPath = (...cameras: readonly string[]) =>
  load(good.replace('"sky"', `"path": { "cameras": [${cameras.join(", ")}] }, "sky"`)).scene;

test("a path that leads through the target is an error for the frame in it", () => {
  const scene = withPath(camera("-1, 0, 0"), camera("1, 0, 0"));
  assert.throws(() => buildView(cameraAt(scene, 1, 3), 1), {
    message: "the camera stands at its target, 0, 0, 0: it looks nowhere",
  });
});

test("a path's curve stays within the angles that a camera may have", () => {
  const fov = (degrees: number) => camera("0, 0, 5").replace("}", `, "fov": ${degrees} }`);
  const scene = withPath(fov(1), fov(170), fov(170), fov(1), fov(1), fov(170));
  for (let frame = 0; frame <= 50; frame++) {
    const found = cameraAt(scene, frame, 51).fov;
    assert.ok(found >= 1 && found <= 170, `${found} in frame ${frame}`);
  }
});
