/** The scenes that have a name. */
import { seededRandom } from "./random.ts";
import type { Camera, Material, Scene, SceneObject, Sky, Sun, Vector } from "./scene.ts";

/** A low sun behind thin haze, which makes soft shadows. */
const SUN: Sun = { direction: [-0.5, 0.8, -0.42], radius: 12, light: [2.6, 2.1, 1.5] };
const DAY: Sky = {
  horizon: [0.74, 0.78, 0.82],
  zenith: [0.13, 0.3, 0.62],
  ground: [0.3, 0.28, 0.26],
  sun: SUN,
};

export const scenes: Readonly<Record<string, () => Scene>> = {
  "glass-sphere": glassSphere,
  "cornell-box": cornellBox,
  "random-spheres": randomSpheres,
  "glass-balls": glassBalls,
  mesh: knot,
};

/** A clear ball over a checked floor, between a matt and a golden one. */
function glassSphere(): Scene {
  return {
    camera: camera([0, 1.9, 6.4], [0, 0.92, 0], 32, 0.04),
    path: orbit([0, 0.92, 0], 6.4, [1, 2.2], 32, 0.04),
    sky: DAY,
    materials: {
      floor: {
        kind: "diffuse",
        color: {
          pattern: "checker",
          colors: [
            [0.78, 0.76, 0.72],
            [0.16, 0.18, 0.22],
          ],
          size: 0.75,
        },
      },
      glass: { kind: "glass", index: 1.5, absorption: [0.08, 0.02, 0.03] },
      gold: { kind: "metal", color: [1, 0.76, 0.33], roughness: 0.25 },
      marble: {
        kind: "diffuse",
        color: {
          pattern: "marble",
          colors: [
            [0.85, 0.83, 0.8],
            [0.12, 0.2, 0.28],
          ],
          size: 0.35,
        },
      },
    },
    objects: [
      { kind: "plane", point: [0, 0, 0], normal: [0, 1, 0], material: "floor" },
      { kind: "sphere", center: [0, 1, 0], radius: 1, material: "glass" },
      { kind: "sphere", center: [-2, 0.7, -1.1], radius: 0.7, material: "marble" },
      { kind: "sphere", center: [1.9, 0.7, -1.3], radius: 0.7, material: "gold" },
    ],
  };
}

/** The box of Cornell University's experiments, here 2 wide, with a small light. */
function cornellBox(): Scene {
  const wall = (corner: Vector, first: Vector, second: Vector, material: string): SceneObject => ({
    kind: "quad",
    corner,
    sides: [first, second],
    material,
  });
  return {
    camera: camera([0, 1, 4.9], [0, 1, 0], 30, 0),
    sky: { horizon: [0, 0, 0], zenith: [0, 0, 0], ground: [0, 0, 0] },
    materials: {
      white: { kind: "diffuse", color: [0.73, 0.73, 0.73] },
      red: { kind: "diffuse", color: [0.65, 0.05, 0.05] },
      green: { kind: "diffuse", color: [0.12, 0.45, 0.15] },
      light: { kind: "light", color: [95, 74, 46] },
      mirror: { kind: "metal", color: [0.9, 0.9, 0.92], roughness: 0 },
    },
    objects: [
      wall([-1, 0, -1], [2, 0, 0], [0, 0, 2], "white"),
      wall([-1, 2, -1], [2, 0, 0], [0, 0, 2], "white"),
      wall([-1, 0, -1], [2, 0, 0], [0, 2, 0], "white"),
      wall([-1, 0, -1], [0, 0, 2], [0, 2, 0], "red"),
      wall([1, 0, -1], [0, 0, 2], [0, 2, 0], "green"),
      wall([-0.12, 1.998, -0.12], [0.24, 0, 0], [0, 0, 0.24], "light"),
      {
        kind: "box",
        center: [-0.35, 0.6, -0.35],
        size: [0.6, 1.2, 0.6],
        turn: 17,
        material: "white",
      },
      {
        kind: "box",
        center: [0.37, 0.3, 0.35],
        size: [0.6, 0.6, 0.6],
        turn: -17,
        material: "white",
      },
    ],
  };
}

/** Some 480 small balls of every material around three large ones. */
function randomSpheres(): Scene {
  const random = seededRandom(2);
  const materials: Record<string, Material> = {
    ground: { kind: "diffuse", color: [0.48, 0.46, 0.44] },
    glass: { kind: "glass", index: 1.5, absorption: [0, 0, 0] },
    clay: { kind: "diffuse", color: [0.52, 0.2, 0.11] },
    steel: { kind: "metal", color: [0.72, 0.66, 0.6], roughness: 0 },
  };
  const large: readonly (readonly [Vector, string])[] = [
    [[-4, 1, 0], "clay"],
    [[0, 1, 0], "glass"],
    [[4, 1, 0], "steel"],
  ];
  const objects: SceneObject[] = [
    { kind: "plane", point: [0, 0, 0], normal: [0, 1, 0], material: "ground" },
    ...large.map(
      ([center, material]) => ({ kind: "sphere", center, radius: 1, material }) as const,
    ),
  ];
  for (let x = -11; x < 11; x++) {
    for (let z = -11; z < 11; z++) {
      const choice = random();
      const center: Vector = [x + 0.8 * random(), 0.2, z + 0.8 * random()];
      const color: Vector = [random(), random(), random()];
      const roughness = 0.5 * random();
      const near = large.some(
        ([[u, v, w]]) => Math.hypot(u - center[0], v - 0.2, w - center[2]) < 1.25,
      );
      if (near) continue;
      const name = `small ${x} ${z}`;
      if (choice < 0.7) {
        materials[name] = { kind: "diffuse", color: [color[0] ** 2, color[1] ** 2, color[2] ** 2] };
      } else if (choice < 0.88) {
        const [red, green, blue] = color;
        materials[name] = {
          kind: "metal",
          color: [0.5 + red / 2, 0.5 + green / 2, 0.5 + blue / 2],
          roughness,
        };
      }
      const material = choice < 0.88 ? name : "glass";
      objects.push({ kind: "sphere", center, radius: 0.2, material });
    }
  }
  return {
    camera: { ...camera([13, 2, 3], [0, 0.4, 0], 20, 0.12), focus: 10 },
    path: orbit([0, 0.4, 0], 13, [2, 3.5], 20, 0.1),
    sky: DAY,
    materials,
    objects,
  };
}

const BALLS_A_SIDE = 5;

/** 125 balls of glass in a cube, five a side, whose colours change from corner to corner. */
function glassBalls(): Scene {
  const materials: Record<string, Material> = {
    floor: {
      kind: "diffuse",
      color: {
        pattern: "checker",
        colors: [
          [0.8, 0.75, 0.68],
          [0.4, 0.36, 0.33],
        ],
        size: 1,
      },
    },
  };
  const objects: SceneObject[] = [
    { kind: "plane", point: [0, 0, 0], normal: [0, 1, 0], material: "floor" },
  ];
  const middle = (BALLS_A_SIDE - 1) / 2;
  for (let layer = 0; layer < BALLS_A_SIDE; layer++) {
    for (let row = 0; row < BALLS_A_SIDE; row++) {
      for (let column = 0; column < BALLS_A_SIDE; column++) {
        const name = `glass ${layer} ${row} ${column}`;
        const [a, b, c] = [column, layer, row].map((step) => step / (BALLS_A_SIDE - 1));
        materials[name] = { kind: "glass", index: 1.5, absorption: tint(a ?? 0, b ?? 0, c ?? 0) };
        objects.push({
          kind: "sphere",
          center: [column - middle, layer + 0.5, row - middle],
          // The gap keeps neighbours from touching, where rays would be lost between them.
          radius: 0.499,
          material: name,
        });
      }
    }
  }
  return {
    camera: camera([7.4, 6.4, 9.4], [0, 2.15, 0], 32, 0.05),
    path: orbit([0, 2.3, 0], 12.4, [3, 6.8], 32, 0.05),
    // Paths find the sun through the balls by chance alone: a small one takes thousands of samples.
    sky: { ...DAY, sun: { ...SUN, radius: 34, light: [2.2, 1.85, 1.4] } },
    materials,
    objects,
  };
}

/** What glass takes from light, so that it looks amber, rose, teal or nearly clear. */
function tint(x: number, y: number, z: number): Vector {
  const strength = 0.8;
  return [
    strength * (0.05 + 0.9 * (1 - x) * y + 0.2 * z),
    strength * (0.06 + 0.35 * x * (1 - y) + 0.3 * z * x),
    strength * (0.05 + 0.9 * x * (1 - z) * (1 - 0.6 * y)),
  ];
}

/** A knot of brass, a mesh of triangles, on marble. */
function knot(): Scene {
  return {
    camera: camera([2.6, 2.9, 5.2], [0, 1.05, 0], 32, 0.05),
    path: orbit([0, 1.05, 0], 5.9, [2, 3.6], 32, 0.05),
    sky: DAY,
    materials: {
      floor: {
        kind: "diffuse",
        color: {
          pattern: "marble",
          colors: [
            [0.8, 0.79, 0.77],
            [0.22, 0.25, 0.3],
          ],
          size: 1.4,
        },
      },
      brass: { kind: "metal", color: [0.95, 0.7, 0.36], roughness: 0.3 },
      glass: { kind: "glass", index: 1.5, absorption: [0.5, 0.1, 0.05] },
    },
    objects: [
      { kind: "plane", point: [0, 0, 0], normal: [0, 1, 0], material: "floor" },
      {
        kind: "mesh",
        file: "meshes/knot.obj",
        scale: 1,
        position: [0, 1.1, 0],
        turn: 20,
        material: "brass",
      },
      { kind: "sphere", center: [1.7, 0.35, 1.1], radius: 0.35, material: "glass" },
    ],
  };
}

function camera(position: Vector, target: Vector, fov: number, aperture: number): Camera {
  return { position, target, fov, aperture, focus: null };
}

/** Once around a point, at a distance, while the height swings between two. */
function orbit(
  around: Vector,
  distance: number,
  [low, high]: readonly [number, number],
  fov: number,
  aperture: number,
) {
  const stops = 16;
  const cameras = Array.from({ length: stops }, (_, stop) => {
    const angle = (2 * Math.PI * (stop + 1.75)) / stops;
    const height = low + (high - low) * (0.5 - 0.5 * Math.cos(angle));
    const rise = height - around[1];
    const reach = Math.sqrt(distance * distance - rise * rise);
    const position: Vector = [
      around[0] + reach * Math.sin(angle),
      height,
      around[2] + reach * Math.cos(angle),
    ];
    return camera(position, around, fov, aperture);
  });
  return { cameras, loop: true };
}
