import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { rentalCost } from "../machines/cost.ts";
import { hasTable } from "./database.ts";

/** A machine that was rented for a run, as run.db has it. Times are the provider's, in ms. */
const ROW = z.object({
  name: z.string(),
  provider: z.string(),
  size: z.string(),
  region: z.string(),
  cpus: z.number(),
  /** Null where the provider tells no price. */
  pricePerHour: z.number().nullable(),
  currency: z.string(),
  minimumSeconds: z.number(),
  minimumCost: z.number(),
  created: z.number(),
  /** Null while it is rented, or where nobody has seen its end. */
  gone: z.number().nullable(),
  /** Milliseconds by which the provider's clock was ahead of this computer's. */
  ahead: z.number().default(0),
});
export type MachineRow = Readonly<z.infer<typeof ROW>>;

/** What the machines of a run cost together. */
export interface RunCost {
  readonly machines: number;
  /** Null where a price is not known. */
  readonly amount: number | null;
  readonly currency: string;
  /** Seconds for which they were rented, added up. */
  readonly seconds: number;
  /** Whether one is rented still, or its end was not seen: the amount grows. */
  readonly open: boolean;
}

/** Writes machines down, or what has become of them. */
export function recordMachines(database: DatabaseSync, rows: readonly MachineRow[]): void {
  const insert = database.prepare("INSERT OR REPLACE INTO machines (name, document) VALUES (?, ?)");
  for (const row of rows) insert.run(row.name, JSON.stringify(row));
}

/** The machines of all executions of a run, the oldest first; none in folders of older versions. */
export function machinesOf(database: DatabaseSync): MachineRow[] {
  if (!hasTable(database, "machines")) return [];
  return database
    .prepare("SELECT document FROM machines")
    .all()
    .map(({ document }) => ROW.parse(JSON.parse(z.string().parse(document))))
    .sort((a, b) => a.created - b.created);
}

/** Null for a run without machines. `now` in ms, by our clock, for those that are rented still. */
export function runCost(machines: readonly MachineRow[], now: number): RunCost | null {
  const [first] = machines;
  if (first === undefined) return null;
  const costs = machines.map((machine) => rentalCost(machine, now + machine.ahead, machine));
  const mixed = machines.some(({ currency }) => currency !== first.currency);
  return {
    machines: machines.length,
    amount:
      mixed || costs.includes(null)
        ? null
        : costs.reduce((sum: number, one) => sum + (one ?? 0), 0),
    currency: first.currency,
    seconds: machines.reduce(
      (sum, { created, gone, ahead }) => sum + Math.max(0, (gone ?? now + ahead) - created) / 1000,
      0,
    ),
    open: machines.some(({ gone }) => gone === null),
  };
}
