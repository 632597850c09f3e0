/** Matt surfaces. */
import { cosineOfTurn, sineOfTurn } from "./fast-math";
import { aim, aimBlue, aimDensity, aimGreen, aimRed, aimX, aimY, aimZ } from "./lights";
import { checker, marble } from "./pattern";
import { dim, dx, dy, dz, gain, ox, oy, oz, turn } from "./ray";
import { draw, first, second } from "./sampler";
import { aims, heuristic, importance, isBlocked } from "./settings";
import { isInto, nx, ny, nz } from "./surface";
import {
  CHECKER,
  COLOR,
  float,
  materials,
  OTHER_COLOR,
  PATTERN,
  PATTERN_SIZE,
  PLAIN,
} from "./world";

/** @returns false where the path ends */
export function scatterDiffuse(material: i32, place: i32): bool {
  let r = float(materials, material + COLOR);
  let g = float(materials, material + COLOR + 1);
  let b = float(materials, material + COLOR + 2);
  const pattern = <i32>float(materials, material + PATTERN);
  if (pattern !== PLAIN) {
    const size = float(materials, material + PATTERN_SIZE);
    const share = pattern === CHECKER ? checker(ox, oy, oz, size) : marble(ox, oy, oz, size);
    r += share * (float(materials, material + OTHER_COLOR) - r);
    g += share * (float(materials, material + OTHER_COLOR + 1) - g);
    b += share * (float(materials, material + OTHER_COLOR + 2) - b);
  }
  dim(r, g, b);
  if (aims) {
    draw(place + 1);
    if (aim(ox, oy, oz, first, second)) {
      const facing = nx * aimX + ny * aimY + nz * aimZ;
      if (facing > 0 && !isInto(aimX, aimY, aimZ) && !isBlocked()) {
        const followed = importance ? facing / Math.PI : 1 / (2 * Math.PI);
        const scale = (facing / Math.PI / aimDensity) * heuristic(aimDensity, followed);
        gain(scale * aimRed, scale * aimGreen, scale * aimBlue);
      }
    }
  }
  draw(place);
  // A point of the unit sphere.
  const height = 1 - 2 * first;
  const radius = 2 * sqrt(first * (1 - first));
  const x = radius * cosineOfTurn(second);
  const y = radius * sineOfTurn(second);
  return importance ? byCosine(x, y, height) : evenly(x, y, height);
}

/** The point on the sphere that touches the surface: directions by their cosine. */
function byCosine(pointX: f64, pointY: f64, pointZ: f64): bool {
  const x = nx + pointX;
  const y = ny + pointY;
  const z = nz + pointZ;
  const square = x * x + y * y + z * z;
  if (square < 1e-12) return false;
  const length = 1 / sqrt(square);
  turn(x * length, y * length, z * length, 0);
  if (aims) turn(dx, dy, dz, (nx * dx + ny * dy + nz * dz) / Math.PI);
  return !isInto(dx, dy, dz);
}

function evenly(x: f64, y: f64, z: f64): bool {
  const facing = nx * x + ny * y + nz * z;
  const sign: f64 = facing < 0 ? -1 : 1;
  const factor = 2 * abs(facing);
  dim(factor, factor, factor);
  turn(sign * x, sign * y, sign * z, aims ? 1 / (2 * Math.PI) : 0);
  return !isInto(dx, dy, dz);
}
