/** Directions towards lights, and how likely each is. */
import { cosineOfTurn, sineOfTurn } from "./fast-math.ts";
import { RAY } from "./traverse.ts";
import {
  LIGHT_SIZE,
  MATERIAL,
  MATERIAL_SIZE,
  SHAPE_SIZE,
  SKY,
  SPHERE,
  type World,
} from "./world.ts";

/** A light is hit a little before its surface, which would otherwise be in its own way. */
const BEFORE = 1 - 1e-6;

export interface LightSampler {
  /** The density of the direction that `aim` chose, over solid angle, then the light's radiance. */
  readonly aimed: Float64Array;
  /**
   * Turns `ray`, whose origin is set, to a random point of a random light and ends it there.
   *
   * @returns false where the light that was chosen cannot be sampled from the origin
   */
  aim(u: number, v: number): boolean;
  /** How likely `aim` takes the direction of `ray`, which has hit that light. */
  density(light: number): number;
  /** How likely `aim` takes a direction to the sun: this times `sunFade` of it. */
  readonly sunDensity: number;
}

export function makeLightSampler(world: World, ray: Float64Array): LightSampler {
  const { shapes, kinds, lights, sky, materials, materialOf } = world;
  const aimed = new Float64Array(4);
  const count = lights.length / LIGHT_SIZE;
  const sunCosine = sky[SKY.sunCosine] as number;
  let sunDensity = 0;
  for (let light = 0; light < count; light++) {
    const at = light * LIGHT_SIZE;
    if ((lights[at + 2] as number) < 0) {
      sunDensity = (3 * (lights[at + 1] as number)) / (2 * Math.PI * (1 - sunCosine));
    }
  }

  /** Turns the ray into the cone around a unit vector, evenly over its solid angle for even `u`. */
  function aimIntoCone(
    x: number,
    y: number,
    z: number,
    cosine: number,
    u: number,
    v: number,
  ): void {
    const height = 1 - u * (1 - cosine);
    const radius = Math.sqrt(Math.max(0, 1 - height * height));
    const a = radius * cosineOfTurn(v);
    const b = radius * sineOfTurn(v);
    // Tom Duff et al., "Building an Orthonormal Basis, Revisited", JCGT 6(1), 2017.
    const sign = z < 0 ? -1 : 1;
    const p = -1 / (sign + z);
    const q = x * y * p;
    ray[RAY.direction] = a * (1 + sign * x * x * p) + b * q + height * x;
    ray[RAY.direction + 1] = a * sign * q + b * (sign + y * y * p) + height * y;
    ray[RAY.direction + 2] = -a * sign * x - b * y + height * z;
  }

  function aim(u: number, v: number): boolean {
    let light = 0;
    while (light < count - 1 && u >= (lights[light * LIGHT_SIZE] as number)) light++;
    const share = lights[light * LIGHT_SIZE + 1] as number;
    const shape = lights[light * LIGHT_SIZE + 2] as number;
    // What is left of u, once it has chosen the light, is even again.
    const rest = Math.min(
      0.9999999999,
      Math.max(0, (u - (lights[light * LIGHT_SIZE] as number) + share) / share),
    );
    if (shape < 0) {
      // In proportion to the radiance, which is the square of this.
      const height = Math.cbrt(rest);
      aimIntoCone(
        sky[SKY.sun] as number,
        sky[SKY.sun + 1] as number,
        sky[SKY.sun + 2] as number,
        sunCosine,
        1 - height,
        v,
      );
      ray[RAY.far] = Number.POSITIVE_INFINITY;
      const fade = Math.max(height * height, 1e-12);
      aimed[0] = sunDensity * fade;
      aimed[1] = fade * (sky[SKY.sunColor] as number);
      aimed[2] = fade * (sky[SKY.sunColor + 1] as number);
      aimed[3] = fade * (sky[SKY.sunColor + 2] as number);
      return true;
    }
    const material = (materialOf[shape] as number) * MATERIAL_SIZE + MATERIAL.color;
    aimed[1] = materials[material] as number;
    aimed[2] = materials[material + 1] as number;
    aimed[3] = materials[material + 2] as number;
    const at = shape * SHAPE_SIZE;
    const x = (shapes[at] as number) - (ray[0] as number);
    const y = (shapes[at + 1] as number) - (ray[1] as number);
    const z = (shapes[at + 2] as number) - (ray[2] as number);
    if (kinds[shape] === SPHERE) {
      const radius = shapes[at + 3] as number;
      const square = x * x + y * y + z * z;
      if (square <= radius * radius * 1.000001) return false;
      const distance = Math.sqrt(square);
      const cosine = Math.sqrt(1 - (radius * radius) / square);
      aimIntoCone(x / distance, y / distance, z / distance, cosine, rest, v);
      const along = x * (ray[3] as number) + y * (ray[4] as number) + z * (ray[5] as number);
      const half = radius * radius - (square - along * along);
      ray[RAY.far] = (along - Math.sqrt(Math.max(0, half))) * BEFORE;
      aimed[0] = share / (2 * Math.PI * coneOf(cosine, (radius * radius) / square));
      return true;
    }
    // Evenly over the triangle.
    const root = Math.sqrt(rest);
    const a = root * (1 - v);
    const b = root * v;
    const dx = x + a * (shapes[at + 3] as number) + b * (shapes[at + 6] as number);
    const dy = y + a * (shapes[at + 4] as number) + b * (shapes[at + 7] as number);
    const dz = z + a * (shapes[at + 5] as number) + b * (shapes[at + 8] as number);
    const distance = Math.sqrt(dx * dx + dy * dy + dz * dz);
    ray[RAY.direction] = dx / distance;
    ray[RAY.direction + 1] = dy / distance;
    ray[RAY.direction + 2] = dz / distance;
    ray[RAY.far] = distance;
    aimed[0] = density(light);
    ray[RAY.far] = distance * BEFORE;
    const facing =
      dx * (shapes[at + 9] as number) +
      dy * (shapes[at + 10] as number) +
      dz * (shapes[at + 11] as number);
    // Triangles give light on one side.
    return facing < 0 && Number.isFinite(aimed[0]);
  }

  function density(light: number): number {
    const share = lights[light * LIGHT_SIZE + 1] as number;
    const shape = lights[light * LIGHT_SIZE + 2] as number;
    const at = shape * SHAPE_SIZE;
    if (kinds[shape] === SPHERE) {
      const radius = shapes[at + 3] as number;
      const x = (shapes[at] as number) - (ray[0] as number);
      const y = (shapes[at + 1] as number) - (ray[1] as number);
      const z = (shapes[at + 2] as number) - (ray[2] as number);
      const sine = (radius * radius) / (x * x + y * y + z * z);
      if (sine >= 0.999999) return 0;
      return share / (2 * Math.PI * coneOf(Math.sqrt(1 - sine), sine));
    }
    const ax = shapes[at + 3] as number;
    const ay = shapes[at + 4] as number;
    const az = shapes[at + 5] as number;
    const bx = shapes[at + 6] as number;
    const by = shapes[at + 7] as number;
    const bz = shapes[at + 8] as number;
    // Twice the area along the normal, seen from the ray.
    const seen = Math.abs(
      (ay * bz - az * by) * (ray[3] as number) +
        (az * bx - ax * bz) * (ray[4] as number) +
        (ax * by - ay * bx) * (ray[5] as number),
    );
    const distance = ray[RAY.far] as number;
    return (2 * share * distance * distance) / seen;
  }

  return { aimed, aim, density, sunDensity };
}

/** What is left of the radiance of the sun's middle where the cosine of the angle to it is this. */
export function sunFade(cosine: number, edge: number): number {
  const height = (cosine - edge) / (1 - edge);
  return height * height;
}

/** 1 - cosine, also for narrow cones, where the difference would lose its digits. */
function coneOf(cosine: number, squaredSine: number): number {
  return squaredSine / (1 + cosine);
}
