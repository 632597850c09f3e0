/** The ray of the path that is followed, and what it carries. */

/** Where the ray starts, and its direction, a unit vector. */
export let ox: f64 = 0;
export let oy: f64 = 0;
export let oz: f64 = 0;
export let dx: f64 = 0;
export let dy: f64 = 0;
export let dz: f64 = 0;
/** The density of the direction; 0 where no light could have been aimed at instead. */
export let chance: f64 = 0;
/** Where in `materials` the glass is in which the ray runs, or -1. */
export let medium: i32 = -1;
/** The sphere that a ray inside must meet next, or -1. */
export let within: i32 = -1;

/** The light that the path has found. */
export let red: f64 = 0;
export let green: f64 = 0;
export let blue: f64 = 0;
/** What a surface's light is multiplied with on its way to the camera. */
export let redShare: f64 = 1;
export let greenShare: f64 = 1;
export let blueShare: f64 = 1;

/** Starts a path. */
export function depart(x: f64, y: f64, z: f64): void {
  ox = x;
  oy = y;
  oz = z;
  medium = -1;
  within = -1;
  red = 0;
  green = 0;
  blue = 0;
  redShare = 1;
  greenShare = 1;
  blueShare = 1;
}

/** Goes on along the ray. */
export function advance(distance: f64): void {
  ox += distance * dx;
  oy += distance * dy;
  oz += distance * dz;
}

export function turn(x: f64, y: f64, z: f64, density: f64): void {
  dx = x;
  dy = y;
  dz = z;
  chance = density;
}

/** Says what the ray runs in from here. */
export function enter(glass: i32, sphere: i32): void {
  medium = glass;
  within = sphere;
}

/** Takes light that comes along the path. */
export function gain(r: f64, g: f64, b: f64): void {
  red += redShare * r;
  green += greenShare * g;
  blue += blueShare * b;
}

/** Lets through a part of what comes from here on. */
export function dim(r: f64, g: f64, b: f64): void {
  redShare *= r;
  greenShare *= g;
  blueShare *= b;
}

/** Carries as much more as others carry less. */
export function lift(share: f64): void {
  redShare /= share;
  greenShare /= share;
  blueShare /= share;
}
