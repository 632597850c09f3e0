/** The surface that the ray has met: which way it looks. */
import { hitU, hitV } from "./hit";
import { dx, dy, dz, ox, oy, oz } from "./ray";
import {
  byte,
  float,
  kinds,
  PLANE_SIZE,
  planes,
  SHAPE_SIZE,
  SMOOTH_SIZE,
  SMOOTH_TRIANGLE,
  SPHERE,
  shapeCount,
  shapes,
  single,
  smooth,
} from "./world";

/** The normal on the side that the ray comes from, and the cosine of the angle between the two. */
export let nx: f64 = 0;
export let ny: f64 = 0;
export let nz: f64 = 0;
export let cosine: f64 = 0;
/** Whether the ray comes from where the surface's own normal points. */
export let outside: bool = false;

/** Whether the normal is not that of the flat triangle, which then is this. */
let bent: bool = false;
let flatX: f64 = 0;
let flatY: f64 = 0;
let flatZ: f64 = 0;

/** Looks at a shape or plane at the ray's origin. */
export function meet(shape: i32): void {
  bent = false;
  if (shape >= shapeCount) {
    const at = (shape - shapeCount) * PLANE_SIZE;
    nx = float(planes, at);
    ny = float(planes, at + 1);
    nz = float(planes, at + 2);
  } else {
    const at = shape * SHAPE_SIZE;
    const kind = byte(kinds, shape);
    if (kind === SPHERE) {
      const inverse = 1 / float(shapes, at + 3);
      nx = (ox - float(shapes, at)) * inverse;
      ny = (oy - float(shapes, at + 1)) * inverse;
      nz = (oz - float(shapes, at + 2)) * inverse;
    } else {
      nx = float(shapes, at + 9);
      ny = float(shapes, at + 10);
      nz = float(shapes, at + 11);
      if (kind === SMOOTH_TRIANGLE) bend(shape * SMOOTH_SIZE);
    }
  }
  cosine = -(nx * dx + ny * dy + nz * dz);
  outside = cosine > 0;
  if (!outside) {
    nx = -nx;
    ny = -ny;
    nz = -nz;
    cosine = -cosine;
  }
}

/** Whether a direction from the surface runs into its flat triangle. */
export function isInto(x: f64, y: f64, z: f64): bool {
  return bent && flatX * x + flatY * y + flatZ * z > 0 !== outside;
}

/** Takes the normal between those of the corners, unless the ray sees its back alone. */
function bend(at: i32): void {
  flatX = nx;
  flatY = ny;
  flatZ = nz;
  const w = 1 - hitU - hitV;
  let x = w * single(smooth, at) + hitU * single(smooth, at + 3) + hitV * single(smooth, at + 6);
  let y =
    w * single(smooth, at + 1) + hitU * single(smooth, at + 4) + hitV * single(smooth, at + 7);
  let z =
    w * single(smooth, at + 2) + hitU * single(smooth, at + 5) + hitV * single(smooth, at + 8);
  const length = 1 / sqrt(x * x + y * y + z * z);
  x *= length;
  y *= length;
  z *= length;
  bent = (flatX * dx + flatY * dy + flatZ * dz) * (x * dx + y * dy + z * dz) > 0;
  if (bent) {
    nx = x;
    ny = y;
    nz = z;
  }
}
