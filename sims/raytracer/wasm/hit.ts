/** Where a ray hits one shape or plane, in 64 bits: the arithmetic of ../traverse.ts. */
import { byte, kinds, PLANE_SIZE, planes, SHAPE_SIZE, SPHERE, shapes } from "./world";

/** Hits closer than this are the surface that the ray starts from. */
export const NEAR: f64 = 1e-6;

/** Where on the triangle the last hit of one was. */
export let hitU: f64 = 0;
export let hitV: f64 = 0;

/** The distance to a plane, which may be below `NEAR` or not a number. */
export function hitPlane(plane: i32, ox: f64, oy: f64, oz: f64, dx: f64, dy: f64, dz: f64): f64 {
  const at = planes + ((<usize>plane * PLANE_SIZE) << 3);
  const nx = load<f64>(at);
  const ny = load<f64>(at, 8);
  const nz = load<f64>(at, 16);
  return (load<f64>(at, 24) - ox * nx - oy * ny - oz * nz) / (dx * nx + dy * ny + dz * nz);
}

/** The distance to a shape; infinite where the ray misses it, or hits a triangle behind `far`. */
export function hitShape(
  shape: i32,
  ox: f64,
  oy: f64,
  oz: f64,
  dx: f64,
  dy: f64,
  dz: f64,
  far: f64,
): f64 {
  const at = shapes + ((<usize>shape * SHAPE_SIZE) << 3);
  const x = load<f64>(at) - ox;
  const y = load<f64>(at, 8) - oy;
  const z = load<f64>(at, 16) - oz;
  if (byte(kinds, shape) === SPHERE) {
    const radius = load<f64>(at, 24);
    const along = x * dx + y * dy + z * dz;
    const px = x - along * dx;
    const py = y - along * dy;
    const pz = z - along * dz;
    const square = radius * radius - (px * px + py * py + pz * pz);
    if (square > 0) {
      const half = sqrt(square);
      const enter = along - half;
      if (enter > NEAR) return enter;
      const leave = along + half;
      if (leave > NEAR) return leave;
    }
    return Infinity;
  }
  const nx = load<f64>(at, 72);
  const ny = load<f64>(at, 80);
  const nz = load<f64>(at, 88);
  const distance = (x * nx + y * ny + z * nz) / (dx * nx + dy * ny + dz * nz);
  if (distance > NEAR && distance < far) {
    const ax = load<f64>(at, 24);
    const ay = load<f64>(at, 32);
    const az = load<f64>(at, 40);
    const bx = load<f64>(at, 48);
    const by = load<f64>(at, 56);
    const bz = load<f64>(at, 64);
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
        hitU = u;
        hitV = v;
        return distance;
      }
    }
  }
  return Infinity;
}
