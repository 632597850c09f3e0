import assert from "node:assert/strict";
import { test } from "node:test";
import type { Material, SceneObject, Sky } from "../scene.ts";
import { FURNACE, meanOf, NIGHT, render, type Setup } from "./render.ts";

function close(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.abs(expected),
    `${what}: expected ${expected} within ${tolerance * 100} %, got ${actual}`,
  );
}

const BALL = { kind: "sphere", center: [0, 0, 0], radius: 1.5, material: "it" } as const;

/** In light of 1 from everywhere, what reflects or lets through all light cannot be seen. */
const furnaces: readonly { name: string; material: Material; tolerance: number }[] = [
  { name: "white", material: { kind: "diffuse", color: [1, 1, 1] }, tolerance: 1e-6 },
  {
    name: "a mirror",
    material: { kind: "metal", color: [1, 1, 1], roughness: 0 },
    tolerance: 1e-6,
  },
  {
    name: "glass",
    material: { kind: "glass", index: 1.5, absorption: [0, 0, 0] },
    tolerance: 1e-6,
  },
  {
    name: "diamond",
    material: { kind: "glass", index: 2.4, absorption: [0, 0, 0] },
    tolerance: 0.01,
  },
];
for (const { name, material, tolerance } of furnaces) {
  test(`white furnace: ${name} cannot be told from the light around`, () => {
    const settings = { depth: 1000, samples: 16 };
    for (const channel of meanOf(
      render({ sky: FURNACE, materials: { it: material }, objects: [BALL] }, settings),
    )) {
      close(channel, 1, tolerance, name);
    }
  });
}

test("white furnace: two dozen glass balls that touch and overlap", () => {
  const glass: Material = { kind: "glass", index: 1.5, absorption: [0, 0, 0] };
  const objects = Array.from({ length: 24 }, (_, i): SceneObject => {
    const center = [(i % 4) - 1.5, (Math.floor(i / 4) % 3) - 1, Math.floor(i / 12)] as const;
    return { kind: "sphere", center, radius: i % 5 === 0 ? 0.6 : 0.5, material: "glass" };
  });
  const rendered = render(
    { sky: FURNACE, materials: { glass }, objects },
    { depth: 1000, samples: 8 },
  );
  for (const channel of meanOf(rendered)) close(channel, 1, 0.002, "balls");
});

test("white furnace: rough metal sends back no more than it gets, and nearly all when smooth", () => {
  const bright = [0.1, 0.3, 0.6, 1].map((roughness) => {
    const it: Material = { kind: "metal", color: [1, 1, 1], roughness };
    return meanOf(render({ sky: FURNACE, materials: { it }, objects: [BALL] }))[0];
  });
  for (const one of bright) assert.ok(one <= 1.002, `${one}`);
  close(bright[0] ?? 0, 1, 0.01, "smooth");
  assert.deepEqual(
    bright.toSorted((a, b) => b - a),
    bright,
  );
});

test("energy of glass: a slab reflects and lets through what Fresnel's equations say", () => {
  // Black above, light of 1 below: straight down through both faces, with all reflections between.
  const sky: Sky = { horizon: [0, 0, 0], zenith: [0, 0, 0], ground: [1, 1, 1] };
  const setup: Setup = {
    sky,
    materials: { it: { kind: "glass", index: 1.5, absorption: [0, 0, 0] } },
    objects: [{ kind: "box", center: [0, 0, 0], size: [50, 1, 50], turn: 0, material: "it" }],
    camera: { position: [0, 5, 0], target: [0, 0, 0], fov: 1 },
  };
  const once = (0.5 / 2.5) ** 2;
  const reflected = (2 * once) / (1 + once);
  close(meanOf(render(setup, { samples: 1024 }))[0], 1 - reflected, 0.005, "through");
});

test("absorption: light fades by e^-absorption on a length of 1", () => {
  const absorption = [0.1, 0.5, 2] as const;
  const setup: Setup = {
    sky: { horizon: [0, 0, 0], zenith: [0, 0, 0], ground: [1, 1, 1] },
    // An index of 1 neither bends nor reflects.
    materials: { it: { kind: "glass", index: 1, absorption } },
    objects: [{ kind: "box", center: [0, 0, 0], size: [50, 1.5, 50], turn: 0, material: "it" }],
    camera: { position: [0, 5, 0], target: [0, 0, 0], fov: 0.1 },
  };
  const mean = meanOf(render(setup));
  absorption.forEach((one, channel) => {
    close(mean[channel] ?? 0, Math.exp(-1.5 * one), 1e-4, `channel ${channel}`);
  });
});

/** What finds light may not change how much there is. */
const ways = [
  {},
  { importance: false },
  { nextEvent: false, samples: 4096 },
  { nextEvent: false, importance: false, stratify: false, roulette: false, samples: 4096 },
];
const FLOOR = { kind: "plane", point: [0, 0, 0], normal: [0, 1, 0], material: "floor" } as const;
const GREY: Material = { kind: "diffuse", color: [0.5, 0.5, 0.5] };
/** Straight down at the origin. */
const ABOVE = { position: [0, 3, 0], target: [0, 0, 0], fov: 0.5 } as const;

for (const way of ways) {
  const name = JSON.stringify(way);
  test(`a plane below a ball of light has the analytic radiance, with ${name}`, () => {
    // A sphere of radius r at height h gives π·L·(r/h)² right below it.
    const setup: Setup = {
      sky: NIGHT,
      materials: { floor: GREY, lamp: { kind: "light", color: [4, 2, 1] } },
      objects: [FLOOR, { kind: "sphere", center: [0, 5, 0], radius: 1, material: "lamp" }],
      camera: ABOVE,
    };
    const mean = meanOf(render(setup, { samples: 256, ...way }));
    [4, 2, 1].forEach((light, channel) => {
      close(mean[channel] ?? 0, 0.5 * light * (1 / 5) ** 2, 0.02, `channel ${channel}`);
    });
  });

  test(`a plane in the sun has the analytic radiance, with ${name}`, () => {
    const setup: Setup = {
      sky: { ...NIGHT, sun: { direction: [1, 1, 0], radius: 10, light: [2, 2, 2] } },
      materials: { floor: GREY },
      objects: [FLOOR],
      camera: ABOVE,
    };
    const mean = meanOf(render(setup, { samples: 256, ...way }));
    close(mean[0], ((0.5 / Math.PI) * 2) / Math.SQRT2, 0.02, "sun");
  });

  test(`a plane below a square light has the analytic radiance, with ${name}`, () => {
    const setup: Setup = {
      sky: NIGHT,
      materials: { floor: GREY, lamp: { kind: "light", color: [3, 3, 3] } },
      objects: [
        FLOOR,
        {
          kind: "quad",
          corner: [-1, 5, -1],
          sides: [
            [2, 0, 0],
            [0, 0, 2],
          ],
          material: "lamp",
        },
      ],
      camera: ABOVE,
    };
    // Four times the form factor of a corner, with sides a = b = 1/5 of the height.
    const a = 1 / 5;
    const root = Math.sqrt(1 + a * a);
    const factor = (4 / (2 * Math.PI)) * 2 * (a / root) * Math.atan(a / root);
    close(meanOf(render(setup, { samples: 256, ...way }))[0], 0.5 * 3 * factor, 0.02, "square");
  });
}

test("a light shows its colour, and a square one is dark from behind", () => {
  const lamp = (turned: boolean): Setup => ({
    sky: NIGHT,
    materials: { lamp: { kind: "light", color: [0.5, 0.25, 1] } },
    objects: [
      {
        kind: "quad",
        corner: [-9, -9, 0],
        sides: turned
          ? [
              [0, 18, 0],
              [18, 0, 0],
            ]
          : [
              [18, 0, 0],
              [0, 18, 0],
            ],
        material: "lamp",
      },
    ],
  });
  assert.deepEqual(meanOf(render(lamp(false))), [0.5, 0.25, 1]);
  assert.deepEqual(meanOf(render(lamp(true))), [0, 0, 0]);
});

test("rough metal in the sun is as bright whichever way the sun is found", () => {
  const setup: Setup = {
    sky: { ...NIGHT, sun: { direction: [0.3, 1, 0.2], radius: 12, light: [2, 2, 2] } },
    materials: { it: { kind: "metal", color: [0.9, 0.6, 0.3], roughness: 0.5 } },
    objects: [{ ...FLOOR, material: "it" }],
    camera: { ...ABOVE, position: [1, 3, 0] },
  };
  const aimed = meanOf(render(setup, { samples: 256 }));
  const found = meanOf(render(setup, { samples: 2048, nextEvent: false }));
  aimed.forEach((one, channel) => {
    close(one, found[channel] ?? 0, 0.03, `channel ${channel}`);
  });
});
