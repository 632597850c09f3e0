import { makePlan, type Plan } from "../../src/plan/plan.ts";
import { sweepFromObject } from "../../src/sweep/load.ts";
import type { Sweep } from "../../src/sweep/sweep.ts";

/** A sweep of the keys that a test is about; relative paths begin in this folder. */
export function sweepOf(keys: Readonly<Record<string, unknown>>): Sweep {
  const whole = { name: "test", image: "alpine", command: [], ...keys };
  return sweepFromObject(whole, import.meta.dirname, { allowOutside: true });
}

export function planOf(keys: Readonly<Record<string, unknown>>): Plan {
  return makePlan(sweepOf(keys), { confirmed: false });
}

export function namesOf(keys: Readonly<Record<string, unknown>>): string[] {
  return Array.from(planOf(keys).points(), ({ name }) => name);
}
