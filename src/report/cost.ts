import { money } from "../machines/cost.ts";
import type { RunCost } from "../results/machines.ts";
import { counted, duration } from "./quantities.ts";

/** `$0.12 for 2 machines, 14 min together`. */
export function costText({ amount, currency, machines, seconds }: RunCost): string {
  const price = amount === null ? "unknown" : money(amount, currency);
  const time = `${duration(seconds)}${machines > 1 ? " together" : ""}`;
  return `${price} for ${counted(machines, "machine")}, ${time}`;
}
