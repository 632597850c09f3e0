/** Metal: a mirror, or microfacets by Trowbridge and Reitz (GGX). */
import { cosineOfTurn, sineOfTurn } from "./fast-math";
import { aim, aimBlue, aimDensity, aimGreen, aimRed, aimX, aimY, aimZ } from "./lights";
import { dim, dx, dy, dz, gain, ox, oy, oz, turn } from "./ray";
import { draw, first, second } from "./sampler";
import { aims, heuristic, isBlocked } from "./settings";
import { cosine, isInto, nx, ny, nz } from "./surface";
import { COLOR, float, materials, ROUGHNESS } from "./world";

/** A metal as smooth as this is a mirror. */
const MIRROR: f64 = 0.02;

/** @returns false where the path ends */
export function reflectMetal(material: i32, place: i32): bool {
  const r = float(materials, material + COLOR);
  const g = float(materials, material + COLOR + 1);
  const b = float(materials, material + COLOR + 2);
  const roughness = float(materials, material + ROUGHNESS);
  if (roughness >= MIRROR) return scatter(roughness * roughness, r, g, b, place);
  const rim = rimOf(cosine);
  dim(r + (1 - r) * rim, g + (1 - g) * rim, b + (1 - b) * rim);
  turn(dx + 2 * cosine * nx, dy + 2 * cosine * ny, dz + 2 * cosine * nz, 0);
  return !isInto(dx, dy, dz);
}

function scatter(alpha: f64, r: f64, g: f64, b: f64, place: i32): bool {
  const square = alpha * alpha;
  // A frame whose z is the normal.
  const sign: f64 = nz < 0 ? -1 : 1;
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
  const vz = max<f64>(1e-6, cosine);
  const shadowing = sqrt(1 + (square * (vx * vx + vy * vy)) / (vz * vz));

  if (aims) {
    draw(place + 1);
    if (aim(ox, oy, oz, first, second)) {
      const facing = nx * aimX + ny * aimY + nz * aimZ;
      if (facing > 0 && !isInto(aimX, aimY, aimZ) && !isBlocked()) {
        let hx = aimX - dx;
        let hy = aimY - dy;
        let hz = aimZ - dz;
        const length = 1 / sqrt(hx * hx + hy * hy + hz * hz);
        hx *= length;
        hy *= length;
        hz *= length;
        const facets = facetsOf(square, nx * hx + ny * hy + nz * hz);
        const otherShadowing = sqrt(1 + (square * (1 - facing * facing)) / (facing * facing));
        const visible = 2 / (shadowing + otherShadowing);
        const sampled = (facets * 2) / (1 + shadowing) / (4 * vz);
        const weight = heuristic(aimDensity, sampled);
        const scale = ((facets * visible) / (4 * vz) / aimDensity) * weight;
        const rim = rimOf(-(hx * dx + hy * dy + hz * dz));
        gain(
          (r + (1 - r) * rim) * scale * aimRed,
          (g + (1 - g) * rim) * scale * aimGreen,
          (b + (1 - b) * rim) * scale * aimBlue,
        );
      }
    }
  }

  // Jonathan Dupuy and Anis Benyoub, "Sampling Visible GGX Normals with Spherical Caps", 2023.
  draw(place);
  let wx = alpha * vx;
  let wy = alpha * vy;
  let wz = vz;
  let length = 1 / sqrt(wx * wx + wy * wy + wz * wz);
  wx *= length;
  wy *= length;
  wz *= length;
  const height = (1 - second) * (1 + wz) - wz;
  const radius = sqrt(max<f64>(0, 1 - height * height));
  let hx = alpha * (wx + radius * cosineOfTurn(first));
  let hy = alpha * (wy + radius * sineOfTurn(first));
  let hz = max<f64>(1e-9, wz + height);
  length = 1 / sqrt(hx * hx + hy * hy + hz * hz);
  hx *= length;
  hy *= length;
  hz *= length;
  const along = vx * hx + vy * hy + vz * hz;
  const lx = 2 * along * hx - vx;
  const ly = 2 * along * hy - vy;
  const lz = 2 * along * hz - vz;
  if (lz <= 0) return false;
  const otherShadowing = sqrt(1 + (square * (lx * lx + ly * ly)) / (lz * lz));
  const kept = (1 + shadowing) / (shadowing + otherShadowing);
  const rim = rimOf(along);
  dim((r + (1 - r) * rim) * kept, (g + (1 - g) * rim) * kept, (b + (1 - b) * rim) * kept);
  turn(
    sx * lx + tx * ly + nx * lz,
    sy * lx + ty * ly + ny * lz,
    sz * lx + tz * ly + nz * lz,
    aims ? (facetsOf(square, hz) * 2) / (1 + shadowing) / (4 * vz) : 0,
  );
  return !isInto(dx, dy, dz);
}

/** How many microfacets look that way, by the cosine of the angle to the normal. */
function facetsOf(square: f64, tilt: f64): f64 {
  const base = tilt * tilt * (square - 1) + 1;
  return square / (Math.PI * base * base);
}

/** What a metal reflects beyond its colour at an angle, by Schlick. */
function rimOf(cosine: f64): f64 {
  const rest = 1 - max<f64>(0, cosine);
  const square = rest * rest;
  return square * square * rest;
}
