import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { z } from "zod";
import {
  compareSizes,
  parallelShare,
  type Scaling,
  type SizeForecast,
} from "../machines/compare.ts";
import type { ProviderName } from "../machines/provider.ts";
import { openProvider } from "../machines/providers.ts";
import type { Plan } from "../plan/plan.ts";
import { readDatabase } from "../results/database.ts";
import { runFolder } from "../results/folder.ts";
import { machinesOf } from "../results/machines.ts";
import { measuredPoints, measuredScaling } from "../results/measured.ts";
import { ReportedError } from "../sweep/errors.ts";

/** What all points of a sweep would take on each size of a provider. */
export interface MachineComparison {
  readonly provider: ProviderName;
  readonly currency: string;
  readonly points: number;
  /** Of the points that were measured: the mean of their CPU seconds, and their parallel share. */
  readonly cpuSeconds: number;
  readonly parallelShare: number;
  /** The cheapest first. */
  readonly forecasts: readonly SizeForecast[];
}

const EXECUTION = z.object({ workers: z.number() });

/**
 * Compares a provider's sizes for a plan, by what its points took in an earlier run. Nothing is
 * rented.
 *
 * @param options.out absolute path of the earlier run's folder.
 * @throws ReportedError (2) where no run was measured, (3) where the provider refuses.
 */
export async function compareMachines(
  plan: Plan,
  options: {
    readonly provider: ProviderName;
    /** Only what can be rented there; null: anywhere. */
    readonly region: string | null;
    readonly out: string;
    readonly env: NodeJS.ProcessEnv;
    readonly signal: AbortSignal;
  },
): Promise<MachineComparison> {
  const { out, region, signal } = options;
  const scaling = scalingOf(out);
  await using provider = await openProvider(options.provider, options.env);
  const sizes = await provider.sizes(signal);
  const there = region === null ? sizes : sizes.filter(({ regions }) => regions.includes(region));
  const { cpus, memory } = plan.sweep.resources;
  return {
    provider: provider.name,
    currency: provider.billing.currency,
    points: plan.count,
    cpuSeconds: scaling.cpuSeconds,
    parallelShare: parallelShare(scaling),
    forecasts: compareSizes(
      there,
      { points: plan.count, cpus: cpus ?? null, memory },
      scaling,
      provider.billing,
    ),
  };
}

function scalingOf(out: string): Scaling {
  const folder = runFolder(out);
  if (!existsSync(folder.database)) throw notMeasured(out);
  using database = readDatabase(folder);
  const last = EXECUTION.optional().parse(
    database.prepare("SELECT workers FROM executions ORDER BY number DESC LIMIT 1").get(),
  );
  if (last === undefined || measuredPoints(database) === null) throw notMeasured(out);
  const cpus = machinesOf(database).at(-1)?.cpus ?? availableParallelism();
  const scaling = measuredScaling(database, { cpus, workers: last.workers });
  if (scaling !== null) return scaling;
  throw new ReportedError(
    2,
    `Of the points that succeeded in ${out} nobody knows the CPU time, by which sizes are compared: ` +
      "they were too short for that, or ran where it cannot be told.\n" +
      "Run some that take more than a few seconds, with Docker, and name their folder with --out.",
  );
}

function notMeasured(out: string): ReportedError {
  return new ReportedError(
    2,
    `No point of this sweep has been measured in ${out}.\n` +
      "Run some here first, as `sim-pipeline run --param seed=1`, or name their folder with " +
      "--out: sizes are compared by the time that these took.",
  );
}
