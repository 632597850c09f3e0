import { warning } from "@actions/core";
import type { Runners } from "../github/runners.ts";
import { money, totalCost } from "../machines/cost.ts";
import type { UsedMachine } from "../machines/lease-types.ts";
import type { Billing, Provider } from "../machines/provider.ts";
import { removeRun } from "../machines/run-machines.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Pool } from "./pool.ts";

export interface DownStep {
  readonly pool: Pool;
  readonly provider: Provider;
  /** Null without a token for them. */
  readonly runners: Runners | null;
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

/** What is gone, and what it cost as a person reads it. */
export interface Downed {
  readonly removed: readonly UsedMachine[];
  readonly cost: string;
}

/**
 * Gives back every machine of a workflow run, of whichever attempt, as the provider's list shows them:
 * nothing of another job is needed. Then ends the runners' registrations.
 *
 * @throws ReportedError naming what is still there; ProviderError where the provider refuses.
 */
export async function down({ pool, provider, runners, stop, say }: DownStep): Promise<Downed> {
  const { removed, left } = await removeRun({
    provider,
    run: pool.run,
    signal: stop,
    onStep: ({ text }) => say(text),
  });
  if (runners === null) {
    warning(
      'Registrations of runners that took no job stay for a day: "runner-token" is missing here.',
    );
  } else {
    const busy = await removeRegistrations(runners, pool, stop).catch((error: unknown) => {
      stop.throwIfAborted();
      // The machines are what costs.
      warning(error instanceof Error ? error.message : String(error));
      return [];
    });
    if (busy.length > 0) {
      say(`${busy.join(", ")} had a job: GitHub removes their registration by itself`);
    }
  }
  if (left.length > 0) throw stillThere(left);
  return { removed, cost: costText(removed, provider.billing) };
}

/** Ends the registrations of a pool's runners; the names of those that GitHub keeps for their job. */
export async function removeRegistrations(
  runners: Runners,
  pool: Pool,
  signal: AbortSignal,
): Promise<string[]> {
  const kept: string[] = [];
  for (const { id, name } of await runners.list(pool.isLabel, signal)) {
    if (!(await runners.remove(id, signal))) kept.push(name);
  }
  return kept;
}

/** What machines cost, as a person reads it. */
export function costText(used: readonly UsedMachine[], billing: Billing): string {
  const cost = totalCost(used, 0, billing);
  return cost === null ? "no price is known" : money(cost, billing.currency);
}

/** What could not be removed, with what to do. */
export function stillThere(
  left: readonly { readonly machine: { readonly name: string }; readonly reason: string }[],
): ReportedError {
  const lines = left.map(({ machine, reason }) => `- ${machine.name}: ${reason}`).join("\n");
  return new ReportedError(
    3,
    `Not removed, and costing money, ${left.length} of the machines:\n${lines}\n` +
      "Run this job again, and look into the provider's control panel.",
  );
}
