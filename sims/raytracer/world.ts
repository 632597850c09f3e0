/**
 * A scene as the kernel reads it: flat arrays over shared memory, so that threads need no copy.
 */
import { BOX_SIZE, buildTree } from "./bvh.ts";
import type { Mesh } from "./obj.ts";
import type { Material, Paint, Scene, SceneObject, Sky, Vector } from "./scene.ts";

/** Numbers of a shape: a sphere's centre and radius, or a triangle's corner, sides and normal. */
export const SHAPE_SIZE = 12;
/** Numbers of a plane: its normal, and its distance from the origin along it. */
export const PLANE_SIZE = 4;
/** Numbers of a corner's normals in `smooth`. */
export const SMOOTH_SIZE = 9;

/** Kinds of a shape, in `kinds`. */
export const SPHERE = 0;
export const TRIANGLE = 1;
/** A triangle with a normal at each corner. */
export const SMOOTH_TRIANGLE = 2;

/** Numbers of a material, and where they are. */
export const MATERIAL_SIZE = 16;
export const MATERIAL = {
  kind: 0,
  color: 1,
  otherColor: 4,
  pattern: 7,
  size: 8,
  roughness: 9,
  index: 10,
  absorption: 11,
} as const;

export const DIFFUSE = 0;
export const METAL = 1;
export const GLASS = 2;
export const LIGHT = 3;

export const PLAIN = 0;
export const CHECKER = 1;
export const MARBLE = 2;

/** Numbers of a light: the sum of shares up to its own, its share, its shape or -1 for the sun. */
export const LIGHT_SIZE = 3;
/** Numbers of the sky, and where they are. */
export const SKY_SIZE = 16;
export const SKY = {
  horizon: 0,
  zenith: 3,
  ground: 6,
  sun: 9,
  sunCosine: 12,
  sunColor: 13,
} as const;

/** All arrays are over SharedArrayBuffers. */
export interface World {
  /** The tree: see bvh.ts. */
  readonly boxes: Float64Array;
  readonly children: Int32Array;
  /** Spheres and triangles in the order of the tree's leaves. */
  readonly shapes: Float64Array;
  readonly kinds: Uint8Array;
  /** The normals of smooth triangles; empty where there is none. */
  readonly smooth: Float32Array;
  /** Planes come behind shapes where both are numbered. */
  readonly planes: Float64Array;
  /** By shape, then plane: the index of its material. */
  readonly materialOf: Int32Array;
  /** By shape: the index of its light, or -1. */
  readonly lightOf: Int32Array;
  /** By shape: 1 for a sphere in which nothing else is, so that a ray inside meets it next. */
  readonly hollow: Uint8Array;
  readonly materials: Float64Array;
  readonly lights: Float64Array;
  readonly sky: Float64Array;
}

interface Primitive {
  readonly kind: number;
  readonly numbers: readonly number[];
  readonly smooth: readonly number[];
  readonly material: number;
}

/** Flattens a scene, whose files `meshOf` reads. */
export function buildWorld(scene: Scene, meshOf: (file: string) => Mesh): World {
  const names = Object.keys(scene.materials);
  const primitives: Primitive[] = [];
  const planes: { numbers: number[]; material: number }[] = [];
  for (const object of scene.objects) {
    const material = names.indexOf(object.material);
    if (material === -1) {
      throw new Error(
        `material ${JSON.stringify(object.material)} is not among ${names.join(", ")}`,
      );
    }
    if (object.kind === "plane") {
      const normal = unit(object.normal);
      planes.push({ numbers: [...normal, dot(normal, object.point)], material });
    } else {
      const shapes = shapesOf(object, meshOf);
      // Scene files with other objects that have no area were refused where they were read.
      if (object.kind === "mesh" && shapes.length === 0) {
        throw new Error(`${object.file}: expected a triangle with an area, got none`);
      }
      for (const shape of shapes) primitives.push({ ...shape, material });
    }
  }

  const count = primitives.length;
  const boxes = shared(Float64Array, count * BOX_SIZE);
  primitives.forEach((primitive, index) => {
    boxes.set(boxOf(primitive), index * BOX_SIZE);
  });
  const tree = buildTree(boxes, count);
  const ordered = Array.from(tree.order, (index) => primitives[index] as Primitive);

  const shapes = shared(Float64Array, count * SHAPE_SIZE);
  const isSmooth = ordered.some(({ kind }) => kind === SMOOTH_TRIANGLE);
  const smooth = shared(Float32Array, isSmooth ? count * SMOOTH_SIZE : 0);
  ordered.forEach((primitive, index) => {
    shapes.set(primitive.numbers, index * SHAPE_SIZE);
    if (isSmooth) smooth.set(primitive.smooth, index * SMOOTH_SIZE);
  });
  const materials = Object.values(scene.materials);
  const { lights, lightOf } = findLights(scene, ordered, materials);
  return {
    boxes: share(tree.boxes),
    children: share(tree.children),
    shapes,
    kinds: share(Uint8Array.from(ordered, ({ kind }) => kind)),
    smooth,
    planes: share(Float64Array.from(planes.flatMap(({ numbers }) => numbers))),
    materialOf: share(Int32Array.from([...ordered, ...planes].map(({ material }) => material))),
    lightOf: share(lightOf),
    hollow: share(findHollow(ordered, planes, materials)),
    materials: share(Float64Array.from(materials.flatMap(materialNumbers))),
    lights: share(Float64Array.from(lights.flat())),
    sky: share(Float64Array.from(skyNumbers(scene.sky))),
  };
}

type Solid = Exclude<SceneObject, { kind: "plane" }>;

function shapesOf(object: Solid, meshOf: (file: string) => Mesh): Omit<Primitive, "material">[] {
  switch (object.kind) {
    case "sphere":
      return [{ kind: SPHERE, numbers: [...object.center, object.radius], smooth: [] }];
    case "quad":
      return quad(object.corner, ...object.sides);
    case "box":
      return boxSides(object);
    case "mesh": {
      const place = ([x, y, z]: Vector): Vector =>
        add(
          turned([x * object.scale, y * object.scale, z * object.scale], object.turn),
          object.position,
        );
      return meshOf(object.file).triangles.flatMap(({ corners: [a, b, c], normals }) => {
        const found = triangle(place(a), place(b), place(c));
        const smooth = normals?.flatMap((normal) => turned(unit(normal), object.turn));
        if (smooth === undefined) return found;
        // The flat normal looks the way that the corners' do, whichever way round the corners go.
        const [x = 0, y = 0, z = 0] = smooth;
        return found.map(({ numbers }) => {
          const flat = numbers.slice(-3);
          const [a = 0, b = 0, c = 0] = flat;
          const front = a * x + b * y + c * z < 0 ? flat.map((one) => -one) : flat;
          return { kind: SMOOTH_TRIANGLE, numbers: [...numbers.slice(0, -3), ...front], smooth };
        });
      });
    }
  }
}

/** None for three corners on a line, which cannot be seen. */
function triangle(a: Vector, b: Vector, c: Vector): Omit<Primitive, "material">[] {
  const [first, second] = [subtract(b, a), subtract(c, a)];
  const normal = cross(first, second);
  if (!(Math.hypot(...normal) > 0)) return [];
  return [{ kind: TRIANGLE, numbers: [...a, ...first, ...second, ...unit(normal)], smooth: [] }];
}

function quad(corner: Vector, first: Vector, second: Vector) {
  const opposite = add(add(corner, first), second);
  return [
    ...triangle(corner, add(corner, first), opposite),
    ...triangle(corner, opposite, add(corner, second)),
  ];
}

function boxSides({ center, size: [width, height, depth], turn }: Solid & { kind: "box" }) {
  const x = turned([width, 0, 0], turn);
  const y: Vector = [0, height, 0];
  const z = turned([0, 0, depth], turn);
  const low = subtract(center, scaled(add(add(x, y), z), 0.5));
  const high = add(center, scaled(add(add(x, y), z), 0.5));
  const back = ([a, b, c]: Vector): Vector => [-a, -b, -c];
  return [
    ...quad(low, y, x),
    ...quad(low, z, y),
    ...quad(low, x, z),
    ...quad(high, back(x), back(y)),
    ...quad(high, back(y), back(z)),
    ...quad(high, back(z), back(x)),
  ];
}

/** The box of a shape: see `BOX_SIZE`. */
export function boxOf({ kind, numbers }: { kind: number; numbers: Iterable<number> }): number[] {
  const [x = 0, y = 0, z = 0, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
  if (kind === SPHERE) return [x - a, y - a, z - a, x + a, y + a, z + a];
  return [
    x + Math.min(0, a, d),
    y + Math.min(0, b, e),
    z + Math.min(0, c, f),
    x + Math.max(0, a, d),
    y + Math.max(0, b, e),
    z + Math.max(0, c, f),
  ];
}

function materialNumbers(material: Material): number[] {
  const numbers = new Array<number>(MATERIAL_SIZE).fill(0);
  const put = (at: number, values: readonly number[]) =>
    numbers.splice(at, values.length, ...values);
  const kinds = { diffuse: DIFFUSE, metal: METAL, glass: GLASS, light: LIGHT };
  put(MATERIAL.kind, [kinds[material.kind]]);
  switch (material.kind) {
    case "glass":
      put(MATERIAL.index, [material.index]);
      put(MATERIAL.absorption, material.absorption);
      break;
    case "metal":
      put(MATERIAL.roughness, [material.roughness]);
      put(MATERIAL.color, material.color);
      break;
    case "diffuse":
      putPaint(material.color, put);
      break;
    case "light":
      put(MATERIAL.color, material.color);
  }
  return numbers;
}

function putPaint(paint: Paint, put: (at: number, values: readonly number[]) => void): void {
  if (!("pattern" in paint)) {
    put(MATERIAL.color, paint);
    return;
  }
  put(MATERIAL.color, paint.colors[0]);
  put(MATERIAL.otherColor, paint.colors[1]);
  put(MATERIAL.pattern, [paint.pattern === "checker" ? CHECKER : MARBLE]);
  put(MATERIAL.size, [paint.size]);
}

/** Lights get samples in proportion to the light that they send out. */
function findLights(scene: Scene, shapes: readonly Primitive[], materials: readonly Material[]) {
  const found: { shape: number; power: number }[] = [];
  shapes.forEach(({ kind, numbers, material: index }, shape) => {
    const material = materials[index];
    if (material?.kind !== "light") return;
    const [, , , a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
    const area = kind === SPHERE ? 4 * Math.PI * a * a : Math.hypot(...cross([a, b, c], [d, e, f]));
    found.push({ shape, power: area * Math.PI * luminance(material.color) });
  });
  const { sun } = scene.sky;
  if (sun !== undefined) {
    const size = shapes.map(boxOf).reduce((most, box) => Math.max(most, ...box.map(Math.abs)), 1);
    found.push({ shape: -1, power: Math.PI * size * size * luminance(sun.light) });
  }
  const lit = found.filter(({ power }) => power > 0);
  const total = lit.reduce((sum, { power }) => sum + power, 0);
  const lightOf = new Int32Array(shapes.length).fill(-1);
  let sum = 0;
  const lights = lit.map(({ shape, power }, light) => {
    if (shape >= 0) lightOf[shape] = light;
    sum += power / total;
    return [light === lit.length - 1 ? 1 : sum, power / total, shape];
  });
  return { lights, lightOf };
}

/** Pairs of shapes to look at before a scene has no hollow spheres, which only makes it slower. */
const MOST_PAIRS = 2e7;

/** Spheres of glass that no other shape reaches into; touching is allowed. */
function findHollow(
  shapes: readonly Primitive[],
  planes: readonly { numbers: readonly number[] }[],
  materials: readonly Material[],
): Uint8Array {
  const isBall = ({ kind, material }: Primitive) =>
    kind === SPHERE && materials[material]?.kind === "glass";
  if (shapes.filter(isBall).length * shapes.length > MOST_PAIRS)
    return new Uint8Array(shapes.length);
  const near = shapes.map(boxOf);
  return Uint8Array.from(shapes, (shape, index) => {
    if (!isBall(shape)) return 0;
    const [x = 0, y = 0, z = 0, radius = 0] = shape.numbers;
    const slack = radius * 1e-9;
    const cut = planes.some(
      ({ numbers: [a = 0, b = 0, c = 0, distance = 0] }) =>
        Math.abs(a * x + b * y + c * z - distance) < radius - slack,
    );
    const entered = shapes.some((other, otherIndex) => {
      if (otherIndex === index) return false;
      const [u = 0, v = 0, w = 0, otherRadius = 0] = other.numbers;
      if (other.kind === SPHERE) {
        return Math.hypot(u - x, v - y, w - z) < radius + otherRadius - slack;
      }
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = near[otherIndex] ?? [];
      const gap = (at: number, low: number, high: number) => Math.max(low - at, at - high, 0);
      return Math.hypot(gap(x, a, d), gap(y, b, e), gap(z, c, f)) < radius;
    });
    return cut || entered ? 0 : 1;
  });
}

function skyNumbers({ horizon, zenith, ground, sun }: Sky): number[] {
  if (sun === undefined) return [...horizon, ...zenith, ...ground, 0, 1, 0, 2, 0, 0, 0];
  const cosine = Math.cos((sun.radius * Math.PI) / 180);
  // The radiance fades to the edge by the square of what the cosine is above the edge's; over the
  // disk, seen head-on, it adds up to `light`.
  const sum = 2 * Math.PI * (1 - cosine) * (cosine / 3 + (1 - cosine) / 4);
  const radiance = scaled(sun.light, 1 / sum);
  return [...horizon, ...zenith, ...ground, ...unit(sun.direction), cosine, ...radiance];
}

/** How bright linear red, green and blue are together, by ITU-R BT.709. */
export function luminance([red, green, blue]: Vector): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function shared<Numbers>(
  type: new (buffer: SharedArrayBuffer) => Numbers,
  length: number,
): Numbers {
  const bytes = { Float64Array: 8, Float32Array: 4 }[type.name] ?? 1;
  return new type(new SharedArrayBuffer(length * bytes));
}

/** A copy in shared memory. */
function share<Numbers extends Float64Array | Int32Array | Uint8Array>(numbers: Numbers): Numbers {
  const buffer = new SharedArrayBuffer(numbers.byteLength);
  const copy = Reflect.construct(numbers.constructor, [buffer]);
  copy.set(numbers);
  return copy;
}

function add(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

function subtract(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function scaled([x, y, z]: Vector, by: number): Vector {
  return [x * by, y * by, z * by];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function unit(vector: Vector): Vector {
  return scaled(vector, 1 / Math.hypot(...vector));
}

/** Turned by degrees around the upright axis. */
function turned([x, y, z]: Vector, degrees: number): Vector {
  const angle = (degrees * Math.PI) / 180;
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  return [x * cosine + z * sine, y, z * cosine - x * sine];
}
