/** Directions towards lights, and how likely each is, as in ../lights.ts. */
import { cosineOfTurn, sineOfTurn } from "./fast-math";
import {
  byte,
  COLOR,
  float,
  int,
  kinds,
  LIGHT_SIZE,
  lightCount,
  lights,
  MATERIAL_SIZE,
  materialOf,
  materials,
  SHAPE_SIZE,
  SPHERE,
  SUN,
  SUN_COLOR,
  SUN_COSINE,
  shapes,
  sky,
} from "./world";

const TURN: f64 = 2 * Math.PI;
/** A light is hit a little before its surface, which would otherwise be in its own way. */
const BEFORE: f64 = 1 - 1e-6;

/** The direction that `aim` chose, where the light is on it, how likely it is, and its radiance. */
export let aimX: f64 = 0;
export let aimY: f64 = 0;
export let aimZ: f64 = 0;
export let aimFar: f64 = 0;
export let aimDensity: f64 = 0;
export let aimRed: f64 = 0;
export let aimGreen: f64 = 0;
export let aimBlue: f64 = 0;

/** How likely `aim` takes a direction to the sun: this times `sunFade` of it. */
export let sunDensity: f64 = 0;

/** Sets `sunDensity`. */
export function findSun(): void {
  for (let light = 0; light < lightCount; light++) {
    const at = light * LIGHT_SIZE;
    if (float(lights, at + 2) < 0) {
      sunDensity = (3 * float(lights, at + 1)) / (TURN * (1 - float(sky, SUN_COSINE)));
    }
  }
}

/**
 * Chooses a random point of a random light, as seen from a point.
 *
 * @returns false where the light that was chosen cannot be sampled from there
 */
export function aim(ox: f64, oy: f64, oz: f64, u: f64, v: f64): bool {
  let light = 0;
  while (light < lightCount - 1 && u >= float(lights, light * LIGHT_SIZE)) light++;
  const share = float(lights, light * LIGHT_SIZE + 1);
  const shape = <i32>float(lights, light * LIGHT_SIZE + 2);
  // What is left of u, once it has chosen the light, is even again.
  const rest = min<f64>(
    0.9999999999,
    max<f64>(0, (u - float(lights, light * LIGHT_SIZE) + share) / share),
  );
  if (shape < 0) {
    // In proportion to the radiance, which is the square of this.
    const height = Math.cbrt(rest);
    const cosine = float(sky, SUN_COSINE);
    aimIntoCone(float(sky, SUN), float(sky, SUN + 1), float(sky, SUN + 2), cosine, 1 - height, v);
    const fade = max<f64>(height * height, 1e-12);
    aimFar = Infinity;
    aimDensity = sunDensity * fade;
    aimRed = fade * float(sky, SUN_COLOR);
    aimGreen = fade * float(sky, SUN_COLOR + 1);
    aimBlue = fade * float(sky, SUN_COLOR + 2);
    return true;
  }
  const material = int(materialOf, shape) * MATERIAL_SIZE + COLOR;
  aimRed = float(materials, material);
  aimGreen = float(materials, material + 1);
  aimBlue = float(materials, material + 2);
  const at = shape * SHAPE_SIZE;
  const x = float(shapes, at) - ox;
  const y = float(shapes, at + 1) - oy;
  const z = float(shapes, at + 2) - oz;
  if (byte(kinds, shape) === SPHERE) {
    const radius = float(shapes, at + 3);
    const square = x * x + y * y + z * z;
    if (square <= radius * radius * 1.000001) return false;
    const distance = sqrt(square);
    const cosine = sqrt(1 - (radius * radius) / square);
    aimIntoCone(x / distance, y / distance, z / distance, cosine, rest, v);
    const along = x * aimX + y * aimY + z * aimZ;
    const half = radius * radius - (square - along * along);
    aimFar = (along - sqrt(max<f64>(0, half))) * BEFORE;
    aimDensity = share / (TURN * coneOf(cosine, (radius * radius) / square));
    return true;
  }
  // Evenly over the triangle.
  const root = sqrt(rest);
  const a = root * (1 - v);
  const b = root * v;
  const dx = x + a * float(shapes, at + 3) + b * float(shapes, at + 6);
  const dy = y + a * float(shapes, at + 4) + b * float(shapes, at + 7);
  const dz = z + a * float(shapes, at + 5) + b * float(shapes, at + 8);
  const distance = sqrt(dx * dx + dy * dy + dz * dz);
  aimX = dx / distance;
  aimY = dy / distance;
  aimZ = dz / distance;
  aimFar = distance * BEFORE;
  aimDensity = density(light, ox, oy, oz, aimX, aimY, aimZ, distance);
  const facing =
    dx * float(shapes, at + 9) + dy * float(shapes, at + 10) + dz * float(shapes, at + 11);
  // Triangles give light on one side.
  return facing < 0 && aimDensity < Infinity;
}

/** How likely `aim` takes the direction of a ray that has hit that light at a distance. */
export function density(
  light: i32,
  ox: f64,
  oy: f64,
  oz: f64,
  dx: f64,
  dy: f64,
  dz: f64,
  distance: f64,
): f64 {
  const share = float(lights, light * LIGHT_SIZE + 1);
  const shape = <i32>float(lights, light * LIGHT_SIZE + 2);
  const at = shape * SHAPE_SIZE;
  if (byte(kinds, shape) === SPHERE) {
    const radius = float(shapes, at + 3);
    const x = float(shapes, at) - ox;
    const y = float(shapes, at + 1) - oy;
    const z = float(shapes, at + 2) - oz;
    const sine = (radius * radius) / (x * x + y * y + z * z);
    if (sine >= 0.999999) return 0;
    return share / (TURN * coneOf(sqrt(1 - sine), sine));
  }
  const ax = float(shapes, at + 3);
  const ay = float(shapes, at + 4);
  const az = float(shapes, at + 5);
  const bx = float(shapes, at + 6);
  const by = float(shapes, at + 7);
  const bz = float(shapes, at + 8);
  // Twice the area along the normal, seen from the ray.
  const seen = abs((ay * bz - az * by) * dx + (az * bx - ax * bz) * dy + (ax * by - ay * bx) * dz);
  return (2 * share * distance * distance) / seen;
}

/** What is left of the radiance of the sun's middle where the cosine of the angle to it is this. */
export function sunFade(cosine: f64, edge: f64): f64 {
  const height = (cosine - edge) / (1 - edge);
  return height * height;
}

/** Aims into the cone around a unit vector, evenly over its solid angle for even `u`. */
function aimIntoCone(x: f64, y: f64, z: f64, cosine: f64, u: f64, v: f64): void {
  const height = 1 - u * (1 - cosine);
  const radius = sqrt(max<f64>(0, 1 - height * height));
  const a = radius * cosineOfTurn(v);
  const b = radius * sineOfTurn(v);
  const sign: f64 = z < 0 ? -1 : 1;
  const p = -1 / (sign + z);
  const q = x * y * p;
  aimX = a * (1 + sign * x * x * p) + b * q + height * x;
  aimY = a * sign * q + b * (sign + y * y * p) + height * y;
  aimZ = -a * sign * x - b * y + height * z;
}

/** 1 - cosine, also for narrow cones, where the difference would lose its digits. */
function coneOf(cosine: f64, squaredSine: f64): f64 {
  return squaredSine / (1 + cosine);
}
