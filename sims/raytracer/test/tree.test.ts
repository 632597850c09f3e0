import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../random.ts";
import type { Scene, SceneObject, Vector } from "../scene.ts";
import { makeTraversal, RAY } from "../traverse.ts";
import { buildWorld } from "../world.ts";
import { NIGHT } from "./render.ts";

const random = seededRandom(5);
const between = (low: number, high: number) => low + (high - low) * random();
const point = (size: number): Vector => [
  between(-size, size),
  between(-size, size),
  between(-size, size),
];
const material = "grey";

function worldOf(objects: readonly SceneObject[]) {
  const camera = {
    position: [0, 0, 5],
    target: [0, 0, 0],
    fov: 40,
    aperture: 0,
    focus: null,
  } as const;
  const scene: Scene = {
    camera,
    sky: NIGHT,
    materials: { grey: { kind: "diffuse", color: [0.5, 0.5, 0.5] } },
    objects,
  };
  return buildWorld(scene, () => ({ triangles: [] }));
}

const ball = (): SceneObject => ({
  kind: "sphere",
  center: point(4),
  radius: between(0.05, 0.6),
  material,
});
const pane = (): SceneObject => ({
  kind: "quad",
  corner: point(4),
  sides: [point(1), point(1)],
  material,
});
const repeat = (count: number, make: () => SceneObject) => Array.from({ length: count }, make);

const collections: readonly { name: string; objects: readonly SceneObject[] }[] = [
  { name: "nothing", objects: [] },
  { name: "one ball", objects: repeat(1, ball) },
  { name: "two balls", objects: repeat(2, ball) },
  { name: "300 balls", objects: repeat(300, ball) },
  { name: "150 panes", objects: repeat(150, pane) },
  {
    name: "balls, panes and a floor",
    objects: [
      ...repeat(60, ball),
      ...repeat(60, pane),
      { kind: "plane", point: [0, -2, 0], normal: [0, 1, 0.1], material },
    ],
  },
  {
    name: "40 balls in one place",
    objects: repeat(40, () => ({ kind: "sphere", center: [1, 0, 0], radius: 1, material })),
  },
];

for (const { name, objects } of collections) {
  test(`rays hit of ${name} what they hit without the tree`, () => {
    const all = makeTraversal(worldOf(objects));
    const alone = objects.map((object) => makeTraversal(worldOf([object])));
    for (let i = 0; i < 500; i++) {
      const direction = point(1);
      const length = Math.hypot(...direction);
      // Every tenth runs along an axis, where a part of the direction is 0.
      const unit =
        i % 10 === 0 ? [0, i % 20 === 0 ? 1 : -1, 0] : direction.map((one) => one / length);
      const start = [...point(5), ...unit, Number.POSITIVE_INFINITY];
      const distances = alone.map(({ ray, closest }) => {
        ray.set(start);
        return closest() < 0 ? Number.POSITIVE_INFINITY : (ray[RAY.far] ?? Number.NaN);
      });
      const nearest = Math.min(...distances, Number.POSITIVE_INFINITY);
      all.ray.set(start);
      const hit = all.closest();
      assert.equal(hit >= 0, Number.isFinite(nearest));
      assert.equal(all.ray[RAY.far], nearest);
      for (const far of [nearest * 0.999, nearest * 1.001]) {
        all.ray.set([...start.slice(0, 6), far]);
        assert.equal(all.blocked(), nearest < far);
      }
    }
  });
}
