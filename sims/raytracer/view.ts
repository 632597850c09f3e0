/** Which ray a point of the picture sees: a thin lens. */
import { cosineOfTurn, sineOfTurn } from "./fast-math.ts";
import { type Camera, focusOf, type Vector } from "./scene.ts";
import { cross, unit } from "./world.ts";

/** Where things are in a view. */
const POSITION = 0;
const LEFT_TOP = 3;
const TO_RIGHT = 6;
const TO_BOTTOM = 9;
const LENS_X = 12;
const LENS_Y = 15;
const SIZE = 18;

/**
 * The numbers of a camera whose picture is `aspect` times as wide as high.
 *
 * @throws Error where the camera stands at what it looks at
 */
export function buildView(camera: Camera, aspect: number): Float64Array {
  const { position, target, fov, aperture } = camera;
  if (position.every((one, axis) => one === target[axis])) {
    throw new Error(`the camera stands at its target, ${position.join(", ")}: it looks nowhere`);
  }
  const forward = unit([target[0] - position[0], target[1] - position[1], target[2] - position[2]]);
  // Straight up or down, "up" of the picture is any direction.
  const up: Vector = Math.abs(forward[1]) > 0.999999 ? [0, 0, -1] : [0, 1, 0];
  const right = unit(cross(forward, up));
  const down = cross(forward, right);
  const focus = focusOf(camera);
  const halfHeight = focus * Math.tan((fov * Math.PI) / 360);
  const halfWidth = halfHeight * aspect;
  const view = new Float64Array(SIZE);
  for (let axis = 0; axis < 3; axis++) {
    const [r, d] = [right[axis] ?? 0, down[axis] ?? 0];
    view[POSITION + axis] = position[axis] ?? 0;
    view[LEFT_TOP + axis] = focus * (forward[axis] ?? 0) - halfWidth * r - halfHeight * d;
    view[TO_RIGHT + axis] = 2 * halfWidth * r;
    view[TO_BOTTOM + axis] = 2 * halfHeight * d;
    view[LENS_X + axis] = (aperture / 2) * r;
    view[LENS_Y + axis] = (aperture / 2) * d;
  }
  return view;
}

/**
 * Puts the ray of a point of the picture into `ray`: x and y go from 0 at the left and top to 1, u
 * and v choose a point of the lens.
 */
export function aimCamera(
  view: Float64Array,
  ray: Float64Array,
  x: number,
  y: number,
  u: number,
  v: number,
): void {
  const radius = Math.sqrt(u);
  const lensX = radius * cosineOfTurn(v);
  const lensY = radius * sineOfTurn(v);
  let square = 0;
  for (let axis = 0; axis < 3; axis++) {
    const shift = lensX * (view[LENS_X + axis] as number) + lensY * (view[LENS_Y + axis] as number);
    const direction =
      (view[LEFT_TOP + axis] as number) +
      x * (view[TO_RIGHT + axis] as number) +
      y * (view[TO_BOTTOM + axis] as number) -
      shift;
    ray[axis] = (view[POSITION + axis] as number) + shift;
    ray[axis + 3] = direction;
    square += direction * direction;
  }
  const length = 1 / Math.sqrt(square);
  for (let axis = 3; axis < 6; axis++) ray[axis] = (ray[axis] as number) * length;
}
