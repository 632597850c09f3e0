/**
 * The scene as ../world.ts flattens it: where ../wasm-kernel.ts has put each array in the memory, which
 * it says by setting the variables of the same names, and how the numbers in them are read.
 */

export let shapes: usize = 0;
export let kinds: usize = 0;
export let smooth: usize = 0;
export let planes: usize = 0;
export let materialOf: usize = 0;
export let lightOf: usize = 0;
export let hollow: usize = 0;
export let materials: usize = 0;
export let lights: usize = 0;
export let sky: usize = 0;
/** The tree of ../wide-tree.ts. */
export let tree: usize = 0;
/** The camera of ../view.ts. */
export let view: usize = 0;

export let shapeCount: i32 = 0;
export let planeCount: i32 = 0;
export let lightCount: i32 = 0;

// The constants of ../world.ts.
export const SHAPE_SIZE = 12;
export const PLANE_SIZE = 4;
export const SMOOTH_SIZE = 9;
export const MATERIAL_SIZE = 16;
export const LIGHT_SIZE = 3;

export const SPHERE = 0;
export const SMOOTH_TRIANGLE = 2;

export const METAL = 1;
export const GLASS = 2;
export const LIGHT = 3;

export const PLAIN = 0;
export const CHECKER = 1;

/** Where things are in a material. */
export const COLOR = 1;
export const OTHER_COLOR = 4;
export const PATTERN = 7;
export const PATTERN_SIZE = 8;
export const ROUGHNESS = 9;
export const INDEX = 10;
export const ABSORPTION = 11;

/** Where things are in the sky. */
export const ZENITH = 3;
export const GROUND = 6;
export const SUN = 9;
export const SUN_COSINE = 12;
export const SUN_COLOR = 13;

/** A number of a Float64Array. */
export function float(array: usize, index: i32): f64 {
  return load<f64>(array + ((<usize>index) << 3));
}

/** A number of a Float32Array. */
export function single(array: usize, index: i32): f64 {
  return load<f32>(array + ((<usize>index) << 2));
}

/** A number of an Int32Array. */
export function int(array: usize, index: i32): i32 {
  return load<i32>(array + ((<usize>index) << 2));
}

/** A number of a Uint8Array. */
export function byte(array: usize, index: i32): i32 {
  return load<u8>(array + <usize>index);
}
