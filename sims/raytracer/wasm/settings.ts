/** What ../path.ts calls its settings, and what all materials ask. */
import { aimFar, aimX, aimY, aimZ, findSun } from "./lights";
import { ox, oy, oz } from "./ray";
import { blocked } from "./traverse";
import { lightCount } from "./world";

/** Most rays along a path. */
export let depth: i32 = 0;
/** Whether surfaces look at lights, too. */
export let nextEvent: bool = false;
/** Whether a diffuse surface follows directions by their cosine, else all alike. */
export let importance: bool = false;
/** Whether paths that carry little light end early, at random. */
export let roulette: bool = false;

/** Whether there are lights to look at, if that is wanted. */
export let aims: bool = false;

/** How many rays were traced so far, those to lights included. */
export let rays: f64 = 0;

/** To be called when all is set. */
export function prepare(): void {
  aims = nextEvent && lightCount > 0;
  findSun();
}

export function count(): void {
  rays += 1;
}

/** Whether anything stands before the light that was aimed at. */
export function isBlocked(): bool {
  count();
  return blocked(ox, oy, oz, aimX, aimY, aimZ, aimFar);
}

/** What a sample of one way counts that could have come by another. */
export function heuristic(density: f64, other: f64): f64 {
  const ratio = other / density;
  return 1 / (1 + ratio * ratio);
}
