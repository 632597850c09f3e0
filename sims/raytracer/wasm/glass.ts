/** Glass: reflects or refracts, at random. */
import { dx, dy, dz, enter, turn } from "./ray";
import { draw, drawOne, first } from "./sampler";
import { cosine, nx, ny, nz, outside } from "./surface";
import { byte, float, hollow, INDEX, materials, shapeCount } from "./world";

export function passGlass(shape: i32, material: i32, place: i32, isFirst: bool): void {
  if (isFirst) draw(place);
  else drawOne(place);
  const index = float(materials, material + INDEX);
  const ratio = outside ? 1 / index : index;
  const squaredSine = ratio * ratio * (1 - cosine * cosine);
  let reflects = true;
  let refracted: f64 = 0;
  if (squaredSine < 1) {
    refracted = sqrt(1 - squaredSine);
    // Fresnel's equations for light of no polarisation.
    const across = (ratio * cosine - refracted) / (ratio * cosine + refracted);
    const along = (cosine - ratio * refracted) / (cosine + ratio * refracted);
    reflects = first < 0.5 * (across * across + along * along);
  }
  if (reflects) {
    turn(dx + 2 * cosine * nx, dy + 2 * cosine * ny, dz + 2 * cosine * nz, 0);
  } else {
    const bend = ratio * cosine - refracted;
    turn(ratio * dx + bend * nx, ratio * dy + bend * ny, ratio * dz + bend * nz, 0);
  }
  const inside = outside !== reflects;
  const alone = inside && shape < shapeCount && byte(hollow, shape) === 1;
  enter(inside ? material : -1, alone ? shape : -1);
}
