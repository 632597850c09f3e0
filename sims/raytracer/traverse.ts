/**
 * Where rays meet the scene: the closest hit, and whether anything is in the way.
 *
 * Numbers go in and out by the array `ray`, as V8 puts every fraction that is handed to a function
 * on the heap. The rest is written out flat for the same reason.
 */
import { BOX_SIZE, DEEPEST, LEAF_COUNT_BITS, NODE_SIZE } from "./bvh.ts";
import { PLANE_SIZE, SHAPE_SIZE, SPHERE, type World } from "./world.ts";

/** Where things are in `Traversal.ray`. `far` is where the ray ends, and after a hit where it hit. */
export const RAY = { origin: 0, direction: 3, far: 6, u: 7, v: 8 } as const;

/** Hits closer than this are the surface that the ray starts from. */
const NEAR = 1e-6;
const LEAF_COUNT_MASK = (1 << LEAF_COUNT_BITS) - 1;
/** For a direction of 0, whose inverse would give 0 · ∞. */
const TINY = 1e-200;

export interface Traversal {
  /** The ray; for a hit on a triangle, `u` and `v` say where. */
  readonly ray: Float64Array;
  /** The shape or plane that the ray hits first, or -1; `ray[RAY.far]` is then its distance. */
  closest(): number;
  /** Whether anything is in the ray's way before `ray[RAY.far]`. */
  blocked(): boolean;
}

export function makeTraversal(world: World): Traversal {
  const { boxes, children, shapes, kinds, planes } = world;
  const shapeCount = kinds.length;
  const planeNumbers = planes.length;
  const ray = new Float64Array(9);
  const stack = new Int32Array(DEEPEST + 1);
  const distances = new Float64Array(DEEPEST + 1);

  function closest(): number {
    const ox = ray[0] as number;
    const oy = ray[1] as number;
    const oz = ray[2] as number;
    const dx = ray[3] as number;
    const dy = ray[4] as number;
    const dz = ray[5] as number;
    let far = ray[6] as number;
    let found = -1;

    for (let at = 0; at < planeNumbers; at += PLANE_SIZE) {
      const nx = planes[at] as number;
      const ny = planes[at + 1] as number;
      const nz = planes[at + 2] as number;
      const distance =
        ((planes[at + 3] as number) - ox * nx - oy * ny - oz * nz) / (dx * nx + dy * ny + dz * nz);
      if (distance > NEAR && distance < far) {
        far = distance;
        found = shapeCount + at / PLANE_SIZE;
      }
    }

    const ix = 1 / (dx || TINY);
    const iy = 1 / (dy || TINY);
    const iz = 1 / (dz || TINY);
    // Where the near side of a box is among its numbers; the far side is the other one.
    const lowX = ix < 0 ? 3 : 0;
    const lowY = iy < 0 ? 4 : 1;
    const lowZ = iz < 0 ? 5 : 2;
    const highX = 3 - lowX;
    const highY = 5 - lowY;
    const highZ = 7 - lowZ;

    let top = 0;
    let node = 0;
    for (;;) {
      while (node >= 0) {
        const left = node * NODE_SIZE;
        const right = left + BOX_SIZE;
        let enterLeft = ((boxes[left + lowX] as number) - ox) * ix;
        let leaveLeft = ((boxes[left + highX] as number) - ox) * ix;
        const enterLeftY = ((boxes[left + lowY] as number) - oy) * iy;
        const leaveLeftY = ((boxes[left + highY] as number) - oy) * iy;
        const enterLeftZ = ((boxes[left + lowZ] as number) - oz) * iz;
        const leaveLeftZ = ((boxes[left + highZ] as number) - oz) * iz;
        let enterRight = ((boxes[right + lowX] as number) - ox) * ix;
        let leaveRight = ((boxes[right + highX] as number) - ox) * ix;
        const enterRightY = ((boxes[right + lowY] as number) - oy) * iy;
        const leaveRightY = ((boxes[right + highY] as number) - oy) * iy;
        const enterRightZ = ((boxes[right + lowZ] as number) - oz) * iz;
        const leaveRightZ = ((boxes[right + highZ] as number) - oz) * iz;
        if (enterLeftY > enterLeft) enterLeft = enterLeftY;
        if (enterLeftZ > enterLeft) enterLeft = enterLeftZ;
        if (leaveLeftY < leaveLeft) leaveLeft = leaveLeftY;
        if (leaveLeftZ < leaveLeft) leaveLeft = leaveLeftZ;
        if (enterRightY > enterRight) enterRight = enterRightY;
        if (enterRightZ > enterRight) enterRight = enterRightZ;
        if (leaveRightY < leaveRight) leaveRight = leaveRightY;
        if (leaveRightZ < leaveRight) leaveRight = leaveRightZ;
        const hitsLeft = enterLeft <= leaveLeft && leaveLeft > 0 && enterLeft < far;
        const hitsRight = enterRight <= leaveRight && leaveRight > 0 && enterRight < far;
        const child = node * 2;
        if (hitsLeft) {
          node = children[child] as number;
          if (hitsRight) {
            let later = children[child + 1] as number;
            let enterLater = enterRight;
            if (enterRight < enterLeft) {
              const sooner = later;
              later = node;
              node = sooner;
              enterLater = enterLeft;
            }
            stack[top] = later;
            distances[top] = enterLater;
            top++;
          }
        } else if (hitsRight) {
          node = children[child + 1] as number;
        } else {
          // Nothing below: what waits on the stack, if it is still near enough.
          do {
            if (top === 0) {
              ray[6] = far;
              return found;
            }
            top--;
          } while ((distances[top] as number) >= far);
          node = stack[top] as number;
        }
      }

      const leaf = ~node;
      const first = leaf >> LEAF_COUNT_BITS;
      const end = first + (leaf & LEAF_COUNT_MASK);
      for (let shape = first; shape < end; shape++) {
        const at = shape * SHAPE_SIZE;
        const x = (shapes[at] as number) - ox;
        const y = (shapes[at + 1] as number) - oy;
        const z = (shapes[at + 2] as number) - oz;
        if (kinds[shape] === SPHERE) {
          const radius = shapes[at + 3] as number;
          const along = x * dx + y * dy + z * dz;
          // From the ray's point next to the centre: exact for small spheres far away.
          const px = x - along * dx;
          const py = y - along * dy;
          const pz = z - along * dz;
          const square = radius * radius - (px * px + py * py + pz * pz);
          if (square > 0) {
            const half = Math.sqrt(square);
            const enter = along - half;
            if (enter > NEAR) {
              if (enter < far) {
                far = enter;
                found = shape;
              }
            } else {
              const leave = along + half;
              if (leave > NEAR && leave < far) {
                far = leave;
                found = shape;
              }
            }
          }
        } else {
          // Möller and Trumbore, with the normal already there.
          const nx = shapes[at + 9] as number;
          const ny = shapes[at + 10] as number;
          const nz = shapes[at + 11] as number;
          const facing = dx * nx + dy * ny + dz * nz;
          const distance = (x * nx + y * ny + z * nz) / facing;
          if (distance > NEAR && distance < far) {
            const ax = shapes[at + 3] as number;
            const ay = shapes[at + 4] as number;
            const az = shapes[at + 5] as number;
            const bx = shapes[at + 6] as number;
            const by = shapes[at + 7] as number;
            const bz = shapes[at + 8] as number;
            const hx = dy * bz - dz * by;
            const hy = dz * bx - dx * bz;
            const hz = dx * by - dy * bx;
            const scale = 1 / (ax * hx + ay * hy + az * hz);
            const u = -(x * hx + y * hy + z * hz) * scale;
            if (u >= 0 && u <= 1) {
              const qx = z * ay - y * az;
              const qy = x * az - z * ax;
              const qz = y * ax - x * ay;
              const v = (dx * qx + dy * qy + dz * qz) * scale;
              if (v >= 0 && u + v <= 1) {
                far = distance;
                found = shape;
                ray[7] = u;
                ray[8] = v;
              }
            }
          }
        }
      }
      do {
        if (top === 0) {
          ray[6] = far;
          return found;
        }
        top--;
      } while ((distances[top] as number) >= far);
      node = stack[top] as number;
    }
  }

  function blocked(): boolean {
    const ox = ray[0] as number;
    const oy = ray[1] as number;
    const oz = ray[2] as number;
    const dx = ray[3] as number;
    const dy = ray[4] as number;
    const dz = ray[5] as number;
    const far = ray[6] as number;

    for (let at = 0; at < planeNumbers; at += PLANE_SIZE) {
      const nx = planes[at] as number;
      const ny = planes[at + 1] as number;
      const nz = planes[at + 2] as number;
      const distance =
        ((planes[at + 3] as number) - ox * nx - oy * ny - oz * nz) / (dx * nx + dy * ny + dz * nz);
      if (distance > NEAR && distance < far) return true;
    }

    const ix = 1 / (dx || TINY);
    const iy = 1 / (dy || TINY);
    const iz = 1 / (dz || TINY);
    const lowX = ix < 0 ? 3 : 0;
    const lowY = iy < 0 ? 4 : 1;
    const lowZ = iz < 0 ? 5 : 2;
    const highX = 3 - lowX;
    const highY = 5 - lowY;
    const highZ = 7 - lowZ;

    let top = 0;
    let node = 0;
    for (;;) {
      while (node >= 0) {
        const left = node * NODE_SIZE;
        const right = left + BOX_SIZE;
        let enterLeft = ((boxes[left + lowX] as number) - ox) * ix;
        let leaveLeft = ((boxes[left + highX] as number) - ox) * ix;
        const enterLeftY = ((boxes[left + lowY] as number) - oy) * iy;
        const leaveLeftY = ((boxes[left + highY] as number) - oy) * iy;
        const enterLeftZ = ((boxes[left + lowZ] as number) - oz) * iz;
        const leaveLeftZ = ((boxes[left + highZ] as number) - oz) * iz;
        let enterRight = ((boxes[right + lowX] as number) - ox) * ix;
        let leaveRight = ((boxes[right + highX] as number) - ox) * ix;
        const enterRightY = ((boxes[right + lowY] as number) - oy) * iy;
        const leaveRightY = ((boxes[right + highY] as number) - oy) * iy;
        const enterRightZ = ((boxes[right + lowZ] as number) - oz) * iz;
        const leaveRightZ = ((boxes[right + highZ] as number) - oz) * iz;
        if (enterLeftY > enterLeft) enterLeft = enterLeftY;
        if (enterLeftZ > enterLeft) enterLeft = enterLeftZ;
        if (leaveLeftY < leaveLeft) leaveLeft = leaveLeftY;
        if (leaveLeftZ < leaveLeft) leaveLeft = leaveLeftZ;
        if (enterRightY > enterRight) enterRight = enterRightY;
        if (enterRightZ > enterRight) enterRight = enterRightZ;
        if (leaveRightY < leaveRight) leaveRight = leaveRightY;
        if (leaveRightZ < leaveRight) leaveRight = leaveRightZ;
        const hitsLeft = enterLeft <= leaveLeft && leaveLeft > 0 && enterLeft < far;
        const hitsRight = enterRight <= leaveRight && leaveRight > 0 && enterRight < far;
        const child = node * 2;
        if (hitsLeft) {
          node = children[child] as number;
          if (hitsRight) stack[top++] = children[child + 1] as number;
        } else if (hitsRight) {
          node = children[child + 1] as number;
        } else {
          if (top === 0) return false;
          node = stack[--top] as number;
        }
      }

      const leaf = ~node;
      const first = leaf >> LEAF_COUNT_BITS;
      const end = first + (leaf & LEAF_COUNT_MASK);
      for (let shape = first; shape < end; shape++) {
        const at = shape * SHAPE_SIZE;
        const x = (shapes[at] as number) - ox;
        const y = (shapes[at + 1] as number) - oy;
        const z = (shapes[at + 2] as number) - oz;
        if (kinds[shape] === SPHERE) {
          const radius = shapes[at + 3] as number;
          const along = x * dx + y * dy + z * dz;
          const px = x - along * dx;
          const py = y - along * dy;
          const pz = z - along * dz;
          const square = radius * radius - (px * px + py * py + pz * pz);
          if (square > 0) {
            const half = Math.sqrt(square);
            const enter = along - half;
            if (enter > NEAR ? enter < far : along + half > NEAR && along + half < far) return true;
          }
        } else {
          const nx = shapes[at + 9] as number;
          const ny = shapes[at + 10] as number;
          const nz = shapes[at + 11] as number;
          const distance = (x * nx + y * ny + z * nz) / (dx * nx + dy * ny + dz * nz);
          if (distance > NEAR && distance < far) {
            const ax = shapes[at + 3] as number;
            const ay = shapes[at + 4] as number;
            const az = shapes[at + 5] as number;
            const bx = shapes[at + 6] as number;
            const by = shapes[at + 7] as number;
            const bz = shapes[at + 8] as number;
            const hx = dy * bz - dz * by;
            const hy = dz * bx - dx * bz;
            const hz = dx * by - dy * bx;
            const scale = 1 / (ax * hx + ay * hy + az * hz);
            const u = -(x * hx + y * hy + z * hz) * scale;
            if (u >= 0 && u <= 1) {
              const v =
                (dx * (z * ay - y * az) + dy * (x * az - z * ax) + dz * (y * ax - x * ay)) * scale;
              if (v >= 0 && u + v <= 1) return true;
            }
          }
        }
      }
      if (top === 0) return false;
      node = stack[--top] as number;
    }
  }

  return { ray, closest, blocked };
}
