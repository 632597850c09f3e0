/**
 * What a picture is made of, as scenes.ts and scene files say it. y points up; lengths have no unit;
 * colours are linear red, green and blue.
 */

export type Vector = readonly [x: number, y: number, z: number];

export interface Scene {
  readonly camera: Camera;
  /** Where the camera goes in the course of the frames; without it every frame is the same. */
  readonly path?: CameraPath | undefined;
  readonly sky: Sky;
  readonly materials: Readonly<Record<string, Material>>;
  readonly objects: readonly SceneObject[];
}

export interface Camera {
  readonly position: Vector;
  readonly target: Vector;
  /** Degrees from the bottom of the picture to its top. */
  readonly fov: number;
  /** Width of the lens; 0 shows everything sharp. */
  readonly aperture: number;
  /** Distance at which all is sharp; null for that of the target. */
  readonly focus: number | null;
}

export const LEAST_FOV = 1;
export const MOST_FOV = 170;

export interface CameraPath {
  /** Cameras at equal times, joined by a smooth curve. */
  readonly cameras: readonly Camera[];
  /** Whether the last one is followed by the first: such an animation can be repeated. */
  readonly loop: boolean;
}

export interface Sky {
  readonly horizon: Vector;
  readonly zenith: Vector;
  /** What is seen below the horizon. */
  readonly ground: Vector;
  readonly sun?: Sun | undefined;
}

export interface Sun {
  /** Towards the sun; of any length. */
  readonly direction: Vector;
  /** Degrees from its middle, where it is brightest, to where its light ends. */
  readonly radius: number;
  /** What it lights a surface with that faces it, whatever its radius. */
  readonly light: Vector;
}

export type Material =
  | { readonly kind: "diffuse"; readonly color: Paint }
  /** `color` is reflected head-on; `roughness` goes from 0, a mirror, to 1. */
  | { readonly kind: "metal"; readonly color: Vector; readonly roughness: number }
  /** `index` is that of refraction; light fades by e^-absorption on a length of 1. */
  | { readonly kind: "glass"; readonly index: number; readonly absorption: Vector }
  | { readonly kind: "light"; readonly color: Vector };

export type Paint = Vector | Texture;

/** Two colours in a pattern in space: squares of an edge of `size`, or veins about that far apart. */
export interface Texture {
  readonly pattern: "checker" | "marble";
  readonly colors: readonly [Vector, Vector];
  readonly size: number;
}

export type SceneObject = Shape & { readonly material: string };

export type Shape =
  | { readonly kind: "sphere"; readonly center: Vector; readonly radius: number }
  /** Without end. */
  | { readonly kind: "plane"; readonly point: Vector; readonly normal: Vector }
  /** A parallelogram. */
  | { readonly kind: "quad"; readonly corner: Vector; readonly sides: readonly [Vector, Vector] }
  /** `turn` is in degrees around the upright axis through its middle. */
  | { readonly kind: "box"; readonly center: Vector; readonly size: Vector; readonly turn: number }
  | {
      readonly kind: "mesh";
      /** An OBJ file, beside the scene file. */
      readonly file: string;
      readonly scale: number;
      readonly position: Vector;
      readonly turn: number;
    };

/** The camera of a frame of `frames`. */
export function cameraAt({ camera, path }: Scene, frame: number, frames: number): Camera {
  if (path === undefined) return camera;
  const { cameras, loop } = path;
  const segments = loop ? cameras.length : cameras.length - 1;
  // A loop's last frame is the one before its first, another's is its end.
  const time = (frame / (loop ? frames : Math.max(1, frames - 1))) * segments;
  const segment = Math.min(Math.floor(time), Math.max(0, segments - 1));
  const part = time - segment;
  const near = [-1, 0, 1, 2].map((step) => {
    const index = segment + step;
    const last = cameras.length - 1;
    const found = loop
      ? (index + cameras.length) % cameras.length
      : Math.max(0, Math.min(last, index));
    return cameras[found] ?? camera;
  });
  const number = (read: (camera: Camera) => number) => curve(near.map(read), part);
  const vector = (read: (camera: Camera) => Vector): Vector => [
    number((one) => read(one)[0]),
    number((one) => read(one)[1]),
    number((one) => read(one)[2]),
  ];
  return {
    position: vector((one) => one.position),
    target: vector((one) => one.target),
    // The curve may swing beyond the cameras that it joins.
    fov: Math.min(
      MOST_FOV,
      Math.max(
        LEAST_FOV,
        number((one) => one.fov),
      ),
    ),
    aperture: Math.max(
      0,
      number((one) => one.aperture),
    ),
    focus: Math.max(Number.EPSILON, number(focusOf)),
  };
}

/** The distance at which a camera's picture is sharp. */
export function focusOf({ focus, position, target }: Camera): number {
  return (
    focus ?? Math.hypot(target[0] - position[0], target[1] - position[1], target[2] - position[2])
  );
}

/** Catmull and Rom's curve through four values, `part` of the way from the second to the third. */
function curve([before = 0, from = 0, to = 0, after = 0]: readonly number[], part: number): number {
  const slope = to - before;
  const square = 2 * before - 5 * from + 4 * to - after;
  const cube = 3 * (from - to) + after - before;
  return from + (part / 2) * (slope + part * (square + part * cube));
}
