/** Light along paths from the camera: the method of ../path.ts, a file for each material. */
import { scatterDiffuse } from "./diffuse";
import { fade } from "./fast-math";
import { passGlass } from "./glass";
import { density, sunDensity, sunFade } from "./lights";
import { reflectMetal } from "./metal";
import {
  advance,
  blueShare,
  chance,
  dim,
  dx,
  dy,
  dz,
  enter,
  gain,
  greenShare,
  lift,
  medium,
  ox,
  oy,
  oz,
  redShare,
  within,
} from "./ray";
import { drawOne, first } from "./sampler";
import { count, depth, heuristic, roulette } from "./settings";
import { meet } from "./surface";
import { closest, far } from "./traverse";
import {
  ABSORPTION,
  byte,
  COLOR,
  float,
  GLASS,
  GROUND,
  int,
  kinds,
  LIGHT,
  lightOf,
  MATERIAL_SIZE,
  METAL,
  materialOf,
  materials,
  SHAPE_SIZE,
  SPHERE,
  SUN,
  SUN_COLOR,
  SUN_COSINE,
  shapeCount,
  shapes,
  sky,
  ZENITH,
} from "./world";

/** Places of the sampler: 0 and 1 are the camera's, then come so many for each bounce. */
const CAMERA_PLACES = 2;
const BOUNCE_PLACES = 3;
/** Bounces before roulette begins. */
const SAFE_BOUNCES = 3;

/** Follows the path whose first ray departs. */
export function trace(): void {
  for (let bounce = 0; bounce < depth; bounce++) {
    count();
    let shape = within;
    let distance: f64;
    if (shape >= 0) {
      distance = chord(shape);
    } else {
      shape = closest(ox, oy, oz, dx, dy, dz);
      distance = far;
    }
    if (shape < 0) {
      seeSky();
      return;
    }
    if (medium >= 0) {
      const at = medium + ABSORPTION;
      dim(
        fade(distance * float(materials, at)),
        fade(distance * float(materials, at + 1)),
        fade(distance * float(materials, at + 2)),
      );
    }
    const material = int(materialOf, shape) * MATERIAL_SIZE;
    const kind = <i32>float(materials, material);
    if (kind === LIGHT) {
      seeLight(shape, material, distance);
      return;
    }

    advance(distance);
    meet(shape);
    const place = CAMERA_PLACES + bounce * BOUNCE_PLACES;
    if (kind === GLASS) {
      passGlass(shape, material, place, bounce === 0);
    } else {
      if (!(kind === METAL ? reflectMetal(material, place) : scatterDiffuse(material, place))) {
        return;
      }
      enter(medium, -1);
    }
    if (roulette && bounce >= SAFE_BOUNCES && !survives(place + 2)) return;
  }
}

/** How far a ray that starts at a sphere runs inside of it. */
function chord(sphere: i32): f64 {
  const at = sphere * SHAPE_SIZE;
  const x = float(shapes, at) - ox;
  const y = float(shapes, at + 1) - oy;
  const z = float(shapes, at + 2) - oz;
  return 2 * (x * dx + y * dy + z * dz);
}

function seeSky(): void {
  const up = dy > 0 ? dy * (2 - dy) : min<f64>(1, -8 * dy);
  const other = dy > 0 ? ZENITH : GROUND;
  const rest = 1 - up;
  let r = rest * float(sky, 0) + up * float(sky, other);
  let g = rest * float(sky, 1) + up * float(sky, other + 1);
  let b = rest * float(sky, 2) + up * float(sky, other + 2);
  const cosine = dx * float(sky, SUN) + dy * float(sky, SUN + 1) + dz * float(sky, SUN + 2);
  if (cosine > float(sky, SUN_COSINE)) {
    const fade = sunFade(cosine, float(sky, SUN_COSINE));
    const weight = chance > 0 ? fade * heuristic(chance, sunDensity * fade) : fade;
    r += weight * float(sky, SUN_COLOR);
    g += weight * float(sky, SUN_COLOR + 1);
    b += weight * float(sky, SUN_COLOR + 2);
  }
  gain(r, g, b);
}

function seeLight(shape: i32, material: i32, distance: f64): void {
  if (shape < shapeCount && byte(kinds, shape) !== SPHERE) {
    // Triangles give light on one side.
    const at = shape * SHAPE_SIZE + 9;
    const x = float(shapes, at);
    const y = float(shapes, at + 1);
    const z = float(shapes, at + 2);
    if (!(x * dx + y * dy + z * dz < 0)) return;
  }
  let weight: f64 = 1;
  if (chance > 0) {
    const light = int(lightOf, shape);
    if (light >= 0) {
      weight = heuristic(chance, density(light, ox, oy, oz, dx, dy, dz, distance));
    }
  }
  const at = material + COLOR;
  gain(
    weight * float(materials, at),
    weight * float(materials, at + 1),
    weight * float(materials, at + 2),
  );
}

/** Roulette: what survives it carries the light of what does not. */
function survives(place: i32): bool {
  const most = max(redShare, max(greenShare, blueShare));
  if (most < 1) {
    drawOne(place);
    if (!(first < most)) return false;
    lift(most);
  }
  return true;
}
