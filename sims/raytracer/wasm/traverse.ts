/**
 * Where rays meet the scene: the closest hit, and whether anything is in the way.
 *
 * The tree has four children a node (../wide-tree.ts); one visit tests their four boxes side by side,
 * in 32 bits. No box is missed: boxes are rounded outwards, the ray's origin is moved away from the
 * side it looks at by more than its rounding, and what the three roundings of a distance may be wrong
 * by, 3 parts in 2^24, is given back by `SLACK`. Shapes are then hit in 64 bits.
 */
import { hitPlane, hitShape, NEAR } from "./hit";
import { planeCount, shapeCount, tree } from "./world";

/** Of ../wide-tree.ts: bytes of a node, and where its children's numbers begin behind the boxes. */
const NODE_SHIFT = 7;
const CHILDREN = 96;
const LEAF_COUNT_BITS = 3;
const LEAF_COUNT_MASK = 7;

/** A distance of 32 bits is wrong by less than this. */
const SLACK: f64 = 1.000001;
/** For a direction of 0, whose inverse would give 0 · ∞. */
const TINY: f64 = 1e-200;
/** The greatest inverse of a direction that 32 bits hold, with room to multiply it. */
const STEEPEST: f64 = 1e30;

/** Nodes that wait, each behind the distance at which the ray enters its box; 8 bytes each. */
export let stack: usize = 0;
/** 16 bytes, to take a vector of four apart. */
export let scratch: usize = 0;

/** The distance of the last closest hit. */
export let far: f64 = 0;

/** The shape or plane that the ray hits first, or -1; `far` is then its distance. */
export function closest(ox: f64, oy: f64, oz: f64, dx: f64, dy: f64, dz: f64): i32 {
  return search<i32>(ox, oy, oz, dx, dy, dz, Infinity);
}

/** Whether anything is in the ray's way before `limit`. */
export function blocked(ox: f64, oy: f64, oz: f64, dx: f64, dy: f64, dz: f64, limit: f64): bool {
  return search<bool>(ox, oy, oz, dx, dy, dz, limit);
}

/** What `closest` and `blocked` do, told apart by what they give while this is compiled. */
function search<Found>(ox: f64, oy: f64, oz: f64, dx: f64, dy: f64, dz: f64, limit: f64): Found {
  let best = limit;
  let found = -1;
  for (let plane = 0; plane < planeCount; plane++) {
    const distance = hitPlane(plane, ox, oy, oz, dx, dy, dz);
    if (distance > NEAR && distance < best) {
      if (isBoolean<Found>()) return <Found>true;
      best = distance;
      found = shapeCount + plane;
    }
  }

  const ix = 1 / (dx === 0 ? TINY : dx);
  const iy = 1 / (dy === 0 ? TINY : dy);
  const iz = 1 / (dz === 0 ? TINY : dz);
  const inverseX = f32x4.splat(inverse(ix));
  const inverseY = f32x4.splat(inverse(iy));
  const inverseZ = f32x4.splat(inverse(iz));
  const enterFromX = f32x4.splat(<f32>(ox + shift(ox, ix)));
  const enterFromY = f32x4.splat(<f32>(oy + shift(oy, iy)));
  const enterFromZ = f32x4.splat(<f32>(oz + shift(oz, iz)));
  const leaveFromX = f32x4.splat(<f32>(ox - shift(ox, ix)));
  const leaveFromY = f32x4.splat(<f32>(oy - shift(oy, iy)));
  const leaveFromZ = f32x4.splat(<f32>(oz - shift(oz, iz)));
  // Where the near sides of the boxes are in a node; the far sides are the other ones.
  const lowX: usize = ix < 0 ? 48 : 0;
  const lowY: usize = iy < 0 ? 64 : 16;
  const lowZ: usize = iz < 0 ? 80 : 32;
  const highX: usize = 48 - lowX;
  const highY: usize = 80 - lowY;
  const highZ: usize = 112 - lowZ;

  const bottom = stack;
  let top = bottom;
  let node = 0;
  let beyond = <f32>(best * SLACK);
  for (;;) {
    if (node >= 0) {
      const at = tree + ((<usize>node) << NODE_SHIFT);
      const enterX = f32x4.mul(f32x4.sub(v128.load(at + lowX), enterFromX), inverseX);
      const enterY = f32x4.mul(f32x4.sub(v128.load(at + lowY), enterFromY), inverseY);
      const enterZ = f32x4.mul(f32x4.sub(v128.load(at + lowZ), enterFromZ), inverseZ);
      const leaveX = f32x4.mul(f32x4.sub(v128.load(at + highX), leaveFromX), inverseX);
      const leaveY = f32x4.mul(f32x4.sub(v128.load(at + highY), leaveFromY), inverseY);
      const leaveZ = f32x4.mul(f32x4.sub(v128.load(at + highZ), leaveFromZ), inverseZ);
      const enter = f32x4.pmax(f32x4.pmax(enterX, enterY), enterZ);
      const least = f32x4.pmin(f32x4.pmin(leaveX, leaveY), leaveZ);
      const leave = f32x4.mul(least, f32x4.splat(<f32>SLACK));
      const ahead = v128.and(f32x4.le(enter, leave), f32x4.gt(leave, f32x4.splat(0)));
      const near = f32x4.lt(enter, f32x4.splat(beyond));
      // A bit for each child that the ray may hit.
      let hits = i32x4.bitmask(v128.and(ahead, near));
      if (hits !== 0) {
        const child = <usize>ctz(hits);
        hits &= hits - 1;
        node = load<i32>(at + (child << 2), CHILDREN);
        if (hits === 0) continue;
        v128.store(scratch, enter);
        let distance = load<f32>(scratch + (child << 2));
        const floor = top;
        do {
          const child = <usize>ctz(hits);
          hits &= hits - 1;
          let other = load<i32>(at + (child << 2), CHILDREN);
          let place = top;
          if (!isBoolean<Found>()) {
            let later = load<f32>(scratch + (child << 2));
            if (later < distance) {
              const sooner = later;
              later = distance;
              distance = sooner;
              const next = other;
              other = node;
              node = next;
            }
            // Sorted in, the nearest on top.
            while (place > floor && load<f32>(place - 8) < later) {
              store<u64>(place, load<u64>(place - 8));
              place -= 8;
            }
            store<f32>(place, later);
          }
          store<i32>(place, other, 4);
          top += 8;
        } while (hits !== 0);
        continue;
      }
    } else {
      const leaf = ~node;
      const first = leaf >> LEAF_COUNT_BITS;
      const end = first + (leaf & LEAF_COUNT_MASK);
      for (let shape = first; shape < end; shape++) {
        const distance = hitShape(shape, ox, oy, oz, dx, dy, dz, best);
        if (distance < best) {
          if (isBoolean<Found>()) return <Found>true;
          best = distance;
          beyond = <f32>(best * SLACK);
          found = shape;
        }
      }
    }

    // What waits, if it is still near enough.
    if (!isBoolean<Found>()) while (top > bottom && load<f32>(top - 8) >= beyond) top -= 8;
    if (top === bottom) break;
    top -= 8;
    node = load<i32>(top, 4);
  }
  if (isBoolean<Found>()) return <Found>false;
  far = best;
  return <Found>found;
}

/** The inverse of a direction in 32 bits. */
function inverse(exact: f64): f32 {
  return <f32>max<f64>(-STEEPEST, min<f64>(STEEPEST, exact));
}

/** How far the origin is moved, so that its rounding to 32 bits cannot move it the other way. */
function shift(origin: f64, direction: f64): f64 {
  return copysign<f64>(abs(origin) * 2.4e-7, direction);
}
