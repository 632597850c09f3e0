/** The kernel of ../kernel.ts for WebAssembly. */
import { cosineOfTurn, sineOfTurn } from "./fast-math";
import { trace } from "./path";
import { blue, depart, green, red, turn } from "./ray";
import { draw, first, second, startPixel, startSample } from "./sampler";
import { float, view } from "./world";

// What ../wasm-kernel.ts sets, all of it before the first sample, and what tests look at.
export { start, stratify } from "./sampler";
export { depth, importance, nextEvent, prepare, rays, roulette } from "./settings";
export { blocked, closest, far, scratch, stack } from "./traverse";
export {
  hollow,
  kinds,
  lightCount,
  lightOf,
  lights,
  materialOf,
  materials,
  planeCount,
  planes,
  shapeCount,
  shapes,
  sky,
  smooth,
  tree,
  view,
} from "./world";
/** Of the whole picture, in pixels. */
export let width: i32 = 0;
export let height: i32 = 0;
/** Four numbers a pixel: sums of red, green, blue, and of the square of luminance. */
export let sums: usize = 0;

/** Adds the samples `from` to `to` of a pixel to the sums at `at`. */
export function sample(pixelX: i32, pixelY: i32, at: i32, from: i32, to: i32): void {
  const inverseWidth = 1 / <f64>width;
  const inverseHeight = 1 / <f64>height;
  const sum = sums + ((<usize>at) << 3);
  startPixel(pixelY * width + pixelX);
  for (let index = from; index < to; index++) {
    startSample(index);
    draw(0);
    const x = (<f64>pixelX + first) * inverseWidth;
    const y = (<f64>pixelY + second) * inverseHeight;
    draw(1);
    aimCamera(x, y, first, second);
    trace();
    const bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    store<f64>(sum, load<f64>(sum) + red);
    store<f64>(sum, load<f64>(sum, 8) + green, 8);
    store<f64>(sum, load<f64>(sum, 16) + blue, 16);
    store<f64>(sum, load<f64>(sum, 24) + bright * bright, 24);
  }
}

/** Lets a path depart from a point of the picture: see ../view.ts. */
function aimCamera(x: f64, y: f64, u: f64, v: f64): void {
  const radius = sqrt(u);
  const lensX = radius * cosineOfTurn(v);
  const lensY = radius * sineOfTurn(v);
  const shiftX = lensX * float(view, 12) + lensY * float(view, 15);
  const shiftY = lensX * float(view, 13) + lensY * float(view, 16);
  const shiftZ = lensX * float(view, 14) + lensY * float(view, 17);
  const dx = float(view, 3) + x * float(view, 6) + y * float(view, 9) - shiftX;
  const dy = float(view, 4) + x * float(view, 7) + y * float(view, 10) - shiftY;
  const dz = float(view, 5) + x * float(view, 8) + y * float(view, 11) - shiftZ;
  const length = 1 / sqrt(dx * dx + dy * dy + dz * dz);
  depart(float(view, 0) + shiftX, float(view, 1) + shiftY, float(view, 2) + shiftZ);
  turn(dx * length, dy * length, dz * length, 0);
}
