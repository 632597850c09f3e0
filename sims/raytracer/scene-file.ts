/** Reads a scene from a JSON file; scene.schema.json is made from what stands here. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type JsonNode, PlacedError, parseJson } from "./json.ts";
import { type Mesh, parseObj } from "./obj.ts";
import {
  type Camera,
  type CameraPath,
  LEAST_FOV,
  type Material,
  MOST_FOV,
  type Scene,
  type SceneObject,
  type Sky,
  type Sun,
  type Texture,
} from "./scene.ts";
import { scenes } from "./scenes.ts";
import {
  checked,
  choice,
  direction,
  flag,
  list,
  listOr,
  number,
  object,
  optional,
  pair,
  record,
  required,
  type Shape,
  text,
  union,
  vector,
} from "./shape.ts";
import { cross } from "./world.ts";

/** A scene, and how the files that it names are read. */
export interface LoadedScene {
  readonly scene: Scene;
  meshOf(file: string): Mesh;
}

const share = vector({ least: 0, most: 1 });
const brightness = vector({ least: 0 });
const positive = number({ above: 0 });

const camera = checked(
  object<Camera>({
    position: required(vector()),
    target: required(vector()),
    fov: optional(number({ least: LEAST_FOV, most: MOST_FOV }), 40),
    aperture: optional(number({ least: 0 }), 0),
    focus: optional<number | null>(positive, null),
  }),
  ({ position, target }) => position.some((one, axis) => one !== target[axis]),
  "a camera that looks elsewhere than where it stands",
);

const sun = object<Sun>({
  direction: required(direction()),
  radius: optional(number({ least: 0.1, most: 45 }), 1),
  light: required(brightness),
});

const sky = object<Sky>({
  horizon: required(brightness),
  zenith: required(brightness),
  ground: required(brightness),
  sun: optional<Sun | undefined>(sun, undefined),
});

const texture = object<Texture>({
  pattern: required(choice("checker", "marble")),
  colors: required(pair(share)),
  size: required(positive),
});

/** Every kind of a union has its own name in the field `kind`. */
const kind = <Name extends string>(name: Name) => required<Name>(choice(name));
type Kind<Union, Name> = Union & { readonly kind: Name };

const material = union<Material>({
  diffuse: object<Kind<Material, "diffuse">>({
    kind: kind("diffuse"),
    color: required(listOr(share, texture)),
  }),
  metal: object<Kind<Material, "metal">>({
    kind: kind("metal"),
    color: required(share),
    roughness: optional(number({ least: 0, most: 1 }), 0),
  }),
  glass: object<Kind<Material, "glass">>({
    kind: kind("glass"),
    index: optional(number({ least: 1, most: 4 }), 1.5),
    absorption: optional(brightness, [0, 0, 0]),
  }),
  light: object<Kind<Material, "light">>({ kind: kind("light"), color: required(brightness) }),
});

const sides = checked(
  pair(direction()),
  ([first, second]) => cross(first, second).some((one) => one !== 0),
  "two sides that are not parallel",
);
const boxSize = checked(
  vector({ least: 0 }),
  (size) => size.filter((one) => one === 0).length <= 1,
  "a size of which at most one number is 0",
);

const on = { material: required(text()) };
const turn = optional(number(), 0);
const sceneObject = union<SceneObject>({
  sphere: object<Kind<SceneObject, "sphere">>({
    kind: kind("sphere"),
    center: required(vector()),
    radius: required(positive),
    ...on,
  }),
  plane: object<Kind<SceneObject, "plane">>({
    kind: kind("plane"),
    point: required(vector()),
    normal: required(direction()),
    ...on,
  }),
  quad: object<Kind<SceneObject, "quad">>({
    kind: kind("quad"),
    corner: required(vector()),
    sides: required(sides),
    ...on,
  }),
  box: object<Kind<SceneObject, "box">>({
    kind: kind("box"),
    center: required(vector()),
    size: required(boxSize),
    turn,
    ...on,
  }),
  mesh: object<Kind<SceneObject, "mesh">>({
    kind: kind("mesh"),
    file: required(text()),
    scale: optional(positive, 1),
    position: optional(vector(), [0, 0, 0]),
    turn,
    ...on,
  }),
});

const shape = object<Scene>({
  camera: required(camera),
  path: optional<CameraPath | undefined>(
    object<CameraPath>({ cameras: required(list(camera, 2)), loop: optional(flag(), false) }),
    undefined,
  ),
  sky: required(sky),
  materials: required(record(material)),
  objects: required(list(sceneObject, 1)),
});

export const sceneSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "A scene of the raytracer",
  ...withEditorsKey(shape.schema),
};

/** Lets a file name its schema, as editors ask. */
function withEditorsKey(schema: Shape<Scene>["schema"]) {
  const properties = typeof schema.properties === "object" ? schema.properties : {};
  return { ...schema, properties: { $schema: { type: "string" }, ...properties } };
}

/**
 * The scene of that name, or of that file where the name ends in `.json`.
 *
 * @throws Error that names the file, the line and what was expected
 */
export function loadScene(name: string): LoadedScene {
  if (!name.endsWith(".json")) {
    const make = Object.hasOwn(scenes, name) ? scenes[name] : undefined;
    if (make) return { scene: make(), meshOf: meshReader(import.meta.dirname) };
    const known = Object.keys(scenes).join(", ");
    throw new Error(`--scene: expected ${known} or a .json file, got ${JSON.stringify(name)}`);
  }
  const node = placed(name, () => withoutSchema(parseJson(readText(name))));
  const scene = placed(name, () => {
    const read = shape.read(node);
    checkMaterials(node, read);
    return read;
  });
  return { scene, meshOf: meshReader(dirname(resolve(name))) };
}

/** Also NaN would be no JSON, and infinity is written as 1e999: `number` refuses it. */
function placed<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PlacedError)) throw error;
    const { line, column } = error.place;
    throw new Error(`${file}:${line}:${column}: ${error.message}`);
  }
}

function withoutSchema(node: JsonNode): JsonNode {
  if (!(node.value instanceof Map)) return node;
  return { ...node, value: new Map([...node.value].filter(([name]) => name !== "$schema")) };
}

/** Each object's material must be one of the scene's. */
function checkMaterials(node: JsonNode, { materials }: Scene): void {
  const objects = node.value instanceof Map ? node.value.get("objects")?.node.value : undefined;
  for (const one of Array.isArray(objects) ? objects : []) {
    const name = one.value instanceof Map ? one.value.get("material")?.node : undefined;
    if (name && !Object.hasOwn(materials, String(name.value))) {
      const known = Object.keys(materials).join(", ") || "none";
      throw new PlacedError(
        name,
        `unknown material ${JSON.stringify(name.value)}; there are ${known}`,
      );
    }
  }
}

function meshReader(folder: string): LoadedScene["meshOf"] {
  return (file) => parseObj(readText(resolve(folder, file)), file);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file}: cannot be read: ${why}`);
  }
}
