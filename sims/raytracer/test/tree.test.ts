import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../random.ts";
import type { Scene, SceneObject, Vector } from "../scene.ts";
import { RAY } from "../traverse.ts";
import { buildWorld } from "../world.ts";
import { NIGHT } from "./render.ts";
import { traversals } from "./traversals.ts";

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
  {
    name: "100 balls, ever smaller, in a deep tree",
    objects: Array.from({ length: 100 }, (_, i) => {
      const size = 4 * 2 ** (-i / 4);
      return { kind: "sphere", center: [size, 0, 0], radius: size / 20, material };
    }),
  },
];

for (const [kernel, makeTraversal] of Object.entries(traversals)) {
  for (const { name, objects } of collections) {
    test(`${kernel}: rays hit of ${name} what they hit without the tree`, () => {
      const all = makeTraversal(worldOf(objects));
      const alone = objects.map((object) => traversals.typescript?.(worldOf([object])));
      for (let i = 0; i < 500; i++) {
        const direction = point(1);
        const length = Math.hypot(...direction);
        // Every tenth runs along an axis, where a part of the direction is 0.
        const unit =
          i % 10 === 0 ? [0, i % 20 === 0 ? 1 : -1, 0] : direction.map((one) => one / length);
        const start = [...point(5), ...unit, Number.POSITIVE_INFINITY];
        const distances = alone.map((one) => {
          one?.ray.set(start);
          return one?.closest() === -1
            ? Number.POSITIVE_INFINITY
            : (one?.ray[RAY.far] ?? Number.NaN);
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

  for (const axis of [0, 1, 2]) {
    test(`${kernel}: a ray exactly in a face of a box, across axis ${axis}, hits what touches it`, () => {
      for (const side of [-1, 1]) {
        // Panes that end at the plane in which the ray runs, and one further on.
        const panes = [3, 4, 20].map((distance): SceneObject => {
          const [corner, across, away] = [vector(), vector(), vector()];
          corner[(axis + 1) % 3] = distance;
          corner[(axis + 2) % 3] = -1;
          across[(axis + 2) % 3] = 2;
          away[axis] = side;
          return { kind: "quad", corner, sides: [across, away], material };
        });
        const { ray, closest, blocked } = makeTraversal(worldOf(panes));
        const [origin, direction] = [vector(), vector()];
        origin[(axis + 2) % 3] = 0.25;
        direction[(axis + 1) % 3] = 1;
        ray.set([...origin, ...direction, Number.POSITIVE_INFINITY]);
        assert.ok(closest() >= 0);
        assert.equal(ray[RAY.far], 3);
        ray.set([...origin, ...direction, 10]);
        assert.ok(blocked());
      }
    });
  }

  // Boxes of 32 bits are far coarser than the shapes in them here.
  for (const [name, scale, shift] of [
    ["small", 1e-3, 0],
    ["large", 1e4, 0],
    ["far away", 1, 1e4],
    ["very far away", 100, -3e5],
  ] as const) {
    test(`${kernel}: rays from one ball to another of 200 that are ${name} hit a ball`, () => {
      const centers = Array.from({ length: 200 }, () => point(4).map((x) => x * scale + shift));
      const balls = centers.map(([x = 0, y = 0, z = 0]): SceneObject => {
        return { kind: "sphere", center: [x, y, z], radius: 0.05 * scale, material };
      });
      const { ray, closest, blocked } = makeTraversal(worldOf(balls));
      for (let i = 1; i < centers.length; i++) {
        const [from = [], to = []] = [centers[i - 1], centers[i]];
        const path = to.map((one, axis) => one - (from[axis] ?? 0));
        const length = Math.hypot(...path);
        // It starts outside of the first ball.
        const unit = path.map((one) => one / length);
        const start = from.map((one, axis) => one + 0.06 * scale * (unit[axis] ?? 0));
        ray.set([...start, ...unit, length]);
        assert.ok(blocked());
        assert.ok(closest() >= 0);
        assert.ok((ray[RAY.far] ?? Number.NaN) < length);
      }
    });
  }
}

function vector(): [number, number, number] {
  return [0, 0, 0];
}
