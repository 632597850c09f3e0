/**
 * Light along paths from the camera, by Monte Carlo: at every surface one direction is followed.
 *
 * With `nextEvent` a surface that scatters also looks at one point of a light, and both ways to find
 * light are weighed by the power heuristic (Eric Veach, "Robust Monte Carlo Methods for Light
 * Transport Simulation", 1997, chapter 9). See traverse.ts on why numbers are in arrays.
 */

import { cosineOfTurn, fade, sineOfTurn } from "./fast-math.ts";
import { makeLightSampler, sunFade } from "./lights.ts";
import { checker, marble } from "./pattern.ts";
import type { Sampler } from "./sampler.ts";
import { makeTraversal } from "./traverse.ts";
import {
  CHECKER,
  GLASS,
  LIGHT,
  MATERIAL,
  MATERIAL_SIZE,
  METAL,
  PLAIN,
  PLANE_SIZE,
  SHAPE_SIZE,
  SKY,
  SMOOTH_SIZE,
  SMOOTH_TRIANGLE,
  SPHERE,
  type World,
} from "./world.ts";

export interface PathSettings {
  /** Most rays along a path. */
  readonly depth: number;
  /** Whether surfaces look at lights, too. */
  readonly nextEvent: boolean;
  /** Whether a diffuse surface follows directions by their cosine, else all alike. */
  readonly importance: boolean;
  /** Whether paths that carry little light end early, at random. */
  readonly roulette: boolean;
}

export interface PathTracer {
  /** The path's first ray goes in here: its origin, then its direction, a unit vector. */
  readonly ray: Float64Array;
  /** Red, green and blue of the last path. */
  readonly color: Float64Array;
  /** At 0, how many rays were traced, those to lights included. */
  readonly counts: Float64Array;
  /** Follows a path; the sampler stands at a sample. */
  trace(): void;
}

/** Places of the sampler: 0 and 1 are the camera's, then come so many for each bounce. */
const CAMERA_PLACES = 2;
const BOUNCE_PLACES = 3;
/** Bounces before roulette begins. */
const SAFE_BOUNCES = 3;
/** A metal as smooth as this is a mirror. */
const MIRROR = 0.02;

export function makePathTracer(
  world: World,
  sampler: Sampler,
  { depth, nextEvent, importance, roulette }: PathSettings,
): PathTracer {
  const { shapes, kinds, smooth, planes, materialOf, lightOf, hollow, materials, lights, sky } =
    world;
  const { ray, closest, blocked } = makeTraversal(world);
  const { aimed, aim, density, sunDensity } = makeLightSampler(world, ray);
  const { pair, draw, drawOne } = sampler;
  const shapeCount = kinds.length;
  const aims = nextEvent && lights.length > 0;
  const color = new Float64Array(3);
  const counts = new Float64Array(1);
  /** A vector that a helper has computed. */
  const vector = new Float64Array(3);

  /** Puts a unit vector into `vector`, even over the sphere. */
  function sphere(u: number, v: number): void {
    const height = 1 - 2 * u;
    const radius = 2 * Math.sqrt(u * (1 - u));
    vector[0] = radius * cosineOfTurn(v);
    vector[1] = radius * sineOfTurn(v);
    vector[2] = height;
  }

  /** Whether a triangle that the ray hits is seen from its front, where alone it gives light. */
  function shines(shape: number): boolean {
    const at = shape * SHAPE_SIZE + 9;
    return (
      (shapes[at] as number) * (ray[3] as number) +
        (shapes[at + 1] as number) * (ray[4] as number) +
        (shapes[at + 2] as number) * (ray[5] as number) <
      0
    );
  }

  function trace(): void {
    let ox = ray[0] as number;
    let oy = ray[1] as number;
    let oz = ray[2] as number;
    let dx = ray[3] as number;
    let dy = ray[4] as number;
    let dz = ray[5] as number;
    let [red, green, blue] = [0, 0, 0];
    // What a surface's light is multiplied with on its way to the camera.
    let [redShare, greenShare, blueShare] = [1, 1, 1];
    /** The density of the last direction; 0 where no light could have been aimed at instead. */
    let chance = 0;
    /** Where in `materials` the glass is in which the ray runs, or -1. */
    let medium = -1;
    /** The sphere that a ray inside must meet next, or -1. */
    let within = -1;
    let rays = 0;

    for (let bounce = 0; bounce < depth; bounce++) {
      const place = CAMERA_PLACES + bounce * BOUNCE_PLACES;
      let shape = within;
      let distance: number;
      rays++;
      if (shape >= 0) {
        const at = shape * SHAPE_SIZE;
        distance =
          2 *
          (((shapes[at] as number) - ox) * dx +
            ((shapes[at + 1] as number) - oy) * dy +
            ((shapes[at + 2] as number) - oz) * dz);
      } else {
        ray[0] = ox;
        ray[1] = oy;
        ray[2] = oz;
        ray[3] = dx;
        ray[4] = dy;
        ray[5] = dz;
        ray[6] = Number.POSITIVE_INFINITY;
        shape = closest();
        distance = ray[6] as number;
      }

      if (shape < 0) {
        const up = dy > 0 ? dy * (2 - dy) : Math.min(1, -8 * dy);
        const other = dy > 0 ? SKY.zenith : SKY.ground;
        const rest = 1 - up;
        let r = rest * (sky[0] as number) + up * (sky[other] as number);
        let g = rest * (sky[1] as number) + up * (sky[other + 1] as number);
        let b = rest * (sky[2] as number) + up * (sky[other + 2] as number);
        const cosine =
          dx * (sky[SKY.sun] as number) +
          dy * (sky[SKY.sun + 1] as number) +
          dz * (sky[SKY.sun + 2] as number);
        if (cosine > (sky[SKY.sunCosine] as number)) {
          const rest = sunFade(cosine, sky[SKY.sunCosine] as number);
          const weight = chance > 0 ? rest * heuristic(chance, sunDensity * rest) : rest;
          r += weight * (sky[SKY.sunColor] as number);
          g += weight * (sky[SKY.sunColor + 1] as number);
          b += weight * (sky[SKY.sunColor + 2] as number);
        }
        red += redShare * r;
        green += greenShare * g;
        blue += blueShare * b;
        break;
      }

      if (medium >= 0) {
        redShare *= fade(distance * (materials[medium + MATERIAL.absorption] as number));
        greenShare *= fade(distance * (materials[medium + MATERIAL.absorption + 1] as number));
        blueShare *= fade(distance * (materials[medium + MATERIAL.absorption + 2] as number));
      }

      const material = (materialOf[shape] as number) * MATERIAL_SIZE;
      const kind = materials[material] as number;
      if (kind === LIGHT) {
        if (shape < shapeCount && kinds[shape] !== SPHERE && !shines(shape)) break;
        const light = lightOf[shape] as number;
        const weight = chance > 0 && light >= 0 ? heuristic(chance, density(light)) : 1;
        red += weight * redShare * (materials[material + MATERIAL.color] as number);
        green += weight * greenShare * (materials[material + MATERIAL.color + 1] as number);
        blue += weight * blueShare * (materials[material + MATERIAL.color + 2] as number);
        break;
      }

      ox += distance * dx;
      oy += distance * dy;
      oz += distance * dz;

      let nx: number;
      let ny: number;
      let nz: number;
      // Against which a smooth triangle's directions are checked: they must not run into it.
      let bent = false;
      let fx = 0;
      let fy = 0;
      let fz = 0;
      if (shape >= shapeCount) {
        const at = (shape - shapeCount) * PLANE_SIZE;
        nx = planes[at] as number;
        ny = planes[at + 1] as number;
        nz = planes[at + 2] as number;
      } else {
        const at = shape * SHAPE_SIZE;
        const shapeKind = kinds[shape] as number;
        if (shapeKind === SPHERE) {
          const inverse = 1 / (shapes[at + 3] as number);
          nx = (ox - (shapes[at] as number)) * inverse;
          ny = (oy - (shapes[at + 1] as number)) * inverse;
          nz = (oz - (shapes[at + 2] as number)) * inverse;
        } else {
          nx = shapes[at + 9] as number;
          ny = shapes[at + 10] as number;
          nz = shapes[at + 11] as number;
          if (shapeKind === SMOOTH_TRIANGLE) {
            const from = shape * SMOOTH_SIZE;
            const u = ray[7] as number;
            const v = ray[8] as number;
            const w = 1 - u - v;
            fx = nx;
            fy = ny;
            fz = nz;
            nx =
              w * (smooth[from] as number) +
              u * (smooth[from + 3] as number) +
              v * (smooth[from + 6] as number);
            ny =
              w * (smooth[from + 1] as number) +
              u * (smooth[from + 4] as number) +
              v * (smooth[from + 7] as number);
            nz =
              w * (smooth[from + 2] as number) +
              u * (smooth[from + 5] as number) +
              v * (smooth[from + 8] as number);
            const length = 1 / Math.sqrt(nx * nx + ny * ny + nz * nz);
            nx *= length;
            ny *= length;
            nz *= length;
            const agrees = (fx * dx + fy * dy + fz * dz) * (nx * dx + ny * dy + nz * dz) > 0;
            if (agrees) bent = true;
            else [nx, ny, nz] = [fx, fy, fz];
          }
        }
      }
      let cosine = -(nx * dx + ny * dy + nz * dz);
      const outside = cosine > 0;
      if (!outside) {
        // From here on the normal is on the side that the ray comes from.
        nx = -nx;
        ny = -ny;
        nz = -nz;
        cosine = -cosine;
      }

      if (kind === GLASS) {
        if (bounce === 0) draw(place);
        else drawOne(place);
        const index = materials[material + MATERIAL.index] as number;
        const ratio = outside ? 1 / index : index;
        const squaredSine = ratio * ratio * (1 - cosine * cosine);
        let reflects = true;
        let refracted = 0;
        if (squaredSine < 1) {
          refracted = Math.sqrt(1 - squaredSine);
          // Fresnel's equations for light of no polarisation.
          const across = (ratio * cosine - refracted) / (ratio * cosine + refracted);
          const along = (cosine - ratio * refracted) / (cosine + ratio * refracted);
          reflects = (pair[0] as number) < 0.5 * (across * across + along * along);
        }
        if (reflects) {
          dx += 2 * cosine * nx;
          dy += 2 * cosine * ny;
          dz += 2 * cosine * nz;
        } else {
          const bend = ratio * cosine - refracted;
          dx = ratio * dx + bend * nx;
          dy = ratio * dy + bend * ny;
          dz = ratio * dz + bend * nz;
        }
        const inside = outside !== reflects;
        medium = inside ? material : -1;
        within = inside && shape < shapeCount && hollow[shape] === 1 ? shape : -1;
        chance = 0;
      } else if (kind === METAL) {
        const roughness = materials[material + MATERIAL.roughness] as number;
        let r = materials[material + MATERIAL.color] as number;
        let g = materials[material + MATERIAL.color + 1] as number;
        let b = materials[material + MATERIAL.color + 2] as number;
        if (roughness < MIRROR) {
          const rim = (1 - cosine) ** 5;
          redShare *= r + (1 - r) * rim;
          greenShare *= g + (1 - g) * rim;
          blueShare *= b + (1 - b) * rim;
          dx += 2 * cosine * nx;
          dy += 2 * cosine * ny;
          dz += 2 * cosine * nz;
          chance = 0;
        } else {
          // Trowbridge and Reitz' (GGX) microfacets, in a frame whose z is the normal.
          const alpha = roughness * roughness;
          const sign = nz < 0 ? -1 : 1;
          const p = -1 / (sign + nz);
          const q = nx * ny * p;
          const sx = 1 + sign * nx * nx * p;
          const sy = sign * q;
          const sz = -sign * nx;
          const tx = q;
          const ty = sign + ny * ny * p;
          const tz = -ny;
          const vx = -(sx * dx + sy * dy + sz * dz);
          const vy = -(tx * dx + ty * dy + tz * dz);
          const vz = Math.max(1e-6, cosine);
          const square = alpha * alpha;
          const shadowing = Math.sqrt(1 + (square * (vx * vx + vy * vy)) / (vz * vz));
          if (aims) {
            draw(place + 1);
            ray[0] = ox;
            ray[1] = oy;
            ray[2] = oz;
            if (aim(pair[0] as number, pair[1] as number)) {
              const lx = ray[3] as number;
              const ly = ray[4] as number;
              const lz = ray[5] as number;
              const facing = nx * lx + ny * ly + nz * lz;
              if (facing > 0 && (!bent || fx * lx + fy * ly + fz * lz > 0 === outside)) {
                let hx = lx - dx;
                let hy = ly - dy;
                let hz = lz - dz;
                const length = 1 / Math.sqrt(hx * hx + hy * hy + hz * hz);
                hx *= length;
                hy *= length;
                hz *= length;
                const tilt = nx * hx + ny * hy + nz * hz;
                const base = tilt * tilt * (square - 1) + 1;
                const facets = square / (Math.PI * base * base);
                const otherShadowing = Math.sqrt(
                  1 + (square * (1 - facing * facing)) / (facing * facing),
                );
                const visible = 2 / (shadowing + otherShadowing);
                const sampled = (facets * 2) / (1 + shadowing) / (4 * vz);
                rays++;
                if (!blocked()) {
                  const rim = (1 - Math.max(0, -(hx * dx + hy * dy + hz * dz))) ** 5;
                  const lit = aimed[0] as number;
                  const scale = ((facets * visible) / (4 * vz) / lit) * heuristic(lit, sampled);
                  red += redShare * (r + (1 - r) * rim) * scale * (aimed[1] as number);
                  green += greenShare * (g + (1 - g) * rim) * scale * (aimed[2] as number);
                  blue += blueShare * (b + (1 - b) * rim) * scale * (aimed[3] as number);
                }
              }
            }
          }
          // Jonathan Dupuy and Anis Benyoub, "Sampling Visible GGX Normals with Spherical Caps", 2023.
          draw(place);
          let wx = alpha * vx;
          let wy = alpha * vy;
          let wz = vz;
          let length = 1 / Math.sqrt(wx * wx + wy * wy + wz * wz);
          wx *= length;
          wy *= length;
          wz *= length;
          const angle = pair[0] as number;
          const height = (1 - (pair[1] as number)) * (1 + wz) - wz;
          const radius = Math.sqrt(Math.max(0, 1 - height * height));
          let hx = alpha * (wx + radius * cosineOfTurn(angle));
          let hy = alpha * (wy + radius * sineOfTurn(angle));
          let hz = Math.max(1e-9, wz + height);
          length = 1 / Math.sqrt(hx * hx + hy * hy + hz * hz);
          hx *= length;
          hy *= length;
          hz *= length;
          const along = vx * hx + vy * hy + vz * hz;
          const lx = 2 * along * hx - vx;
          const ly = 2 * along * hy - vy;
          const lz = 2 * along * hz - vz;
          if (lz <= 0) break;
          const base = hz * hz * (square - 1) + 1;
          const facets = square / (Math.PI * base * base);
          const otherShadowing = Math.sqrt(1 + (square * (lx * lx + ly * ly)) / (lz * lz));
          const kept = (1 + shadowing) / (shadowing + otherShadowing);
          const rim = (1 - Math.max(0, along)) ** 5;
          r = (r + (1 - r) * rim) * kept;
          g = (g + (1 - g) * rim) * kept;
          b = (b + (1 - b) * rim) * kept;
          redShare *= r;
          greenShare *= g;
          blueShare *= b;
          dx = sx * lx + tx * ly + nx * lz;
          dy = sy * lx + ty * ly + ny * lz;
          dz = sz * lx + tz * ly + nz * lz;
          chance = aims ? (facets * 2) / (1 + shadowing) / (4 * vz) : 0;
        }
        // A smooth surface's direction may run into its flat triangle.
        if (bent && fx * dx + fy * dy + fz * dz > 0 !== outside) break;
        within = -1;
      } else {
        let r = materials[material + MATERIAL.color] as number;
        let g = materials[material + MATERIAL.color + 1] as number;
        let b = materials[material + MATERIAL.color + 2] as number;
        const pattern = materials[material + MATERIAL.pattern] as number;
        if (pattern !== PLAIN) {
          const size = materials[material + MATERIAL.size] as number;
          const share = pattern === CHECKER ? checker(ox, oy, oz, size) : marble(ox, oy, oz, size);
          r += share * ((materials[material + MATERIAL.otherColor] as number) - r);
          g += share * ((materials[material + MATERIAL.otherColor + 1] as number) - g);
          b += share * ((materials[material + MATERIAL.otherColor + 2] as number) - b);
        }
        redShare *= r;
        greenShare *= g;
        blueShare *= b;
        if (aims) {
          draw(place + 1);
          ray[0] = ox;
          ray[1] = oy;
          ray[2] = oz;
          if (aim(pair[0] as number, pair[1] as number)) {
            const lx = ray[3] as number;
            const ly = ray[4] as number;
            const lz = ray[5] as number;
            const facing = nx * lx + ny * ly + nz * lz;
            if (facing > 0 && (!bent || fx * lx + fy * ly + fz * lz > 0 === outside)) {
              rays++;
              if (!blocked()) {
                const lit = aimed[0] as number;
                const followed = importance ? facing / Math.PI : 1 / (2 * Math.PI);
                const scale = (facing / Math.PI / lit) * heuristic(lit, followed);
                red += redShare * scale * (aimed[1] as number);
                green += greenShare * scale * (aimed[2] as number);
                blue += blueShare * scale * (aimed[3] as number);
              }
            }
          }
        }
        draw(place);
        sphere(pair[0] as number, pair[1] as number);
        if (importance) {
          // A point of the sphere that touches the surface: directions by their cosine.
          dx = nx + (vector[0] as number);
          dy = ny + (vector[1] as number);
          dz = nz + (vector[2] as number);
          const square = dx * dx + dy * dy + dz * dz;
          if (square < 1e-12) break;
          const length = 1 / Math.sqrt(square);
          dx *= length;
          dy *= length;
          dz *= length;
          chance = aims ? (nx * dx + ny * dy + nz * dz) / Math.PI : 0;
        } else {
          dx = vector[0] as number;
          dy = vector[1] as number;
          dz = vector[2] as number;
          let facing = nx * dx + ny * dy + nz * dz;
          if (facing < 0) {
            dx = -dx;
            dy = -dy;
            dz = -dz;
            facing = -facing;
          }
          redShare *= 2 * facing;
          greenShare *= 2 * facing;
          blueShare *= 2 * facing;
          chance = aims ? 1 / (2 * Math.PI) : 0;
        }
        if (bent && fx * dx + fy * dy + fz * dz > 0 !== outside) break;
        within = -1;
      }

      if (roulette && bounce >= SAFE_BOUNCES) {
        const most = Math.max(redShare, greenShare, blueShare);
        if (most < 1) {
          drawOne(place + 2);
          if (!((pair[0] as number) < most)) break;
          redShare /= most;
          greenShare /= most;
          blueShare /= most;
        }
      }
    }

    color[0] = red;
    color[1] = green;
    color[2] = blue;
    counts[0] = (counts[0] as number) + rays;
  }

  return { ray, color, counts, trace };
}

/** What a sample of one way counts that could have come by another. */
function heuristic(density: number, other: number): number {
  return 1 / (1 + (other / density) ** 2);
}
