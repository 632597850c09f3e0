import { money, rentalCost } from "../../machines/cost.ts";
import type { Machine } from "../../machines/provider.ts";
import { unsettledText } from "../../machines/settle.ts";
import { damagedText } from "../../machines/store.ts";
import { duration } from "../../report/units.ts";
import { isoOf } from "./listed.ts";
import type { Reaped } from "./reap-all.ts";

/** What was done at a provider, a line for each machine. */
export function reapedText(report: Reaped): readonly string[] {
  const { provider, removed, kept, foreign, overdue, unsettled, damaged, billing } = report;
  const lines = [
    ...removed.map(({ name, run, why, created, gone, pricePerHour }) => {
      const cost = rentalCost({ pricePerHour, created, gone }, gone, billing);
      const price = cost === null || cost === 0 ? "" : `, ${money(cost, billing.currency)}`;
      const age = duration(Math.max(0, gone - created) / 1000);
      return `removed  ${name}  ${REASONS[why]}, of ${run}; after ${age}${price}`;
    }),
    ...kept.map(({ machine, why }) => `kept     ${machine.name}  ${why}`),
    ...foreign.map(({ name }) => `foreign  ${name}  only carries our tag: not touched`),
    ...overdue.map(
      ({ machine, reason }) => `LEFT     ${machine.name}  over its deadline: ${reason}`,
    ),
    ...unsettled.map((lease) => `LEFT     ${unsettledText(lease)}`),
    ...damaged.map(({ path, problem }) => damagedText(path, problem)),
  ];
  return lines.length === 0 ? [`${provider}: no machines`] : [`${provider}:`, ...lines];
}

const REASONS = { overdue: "over its deadline", abandoned: "left of a dead process" } as const;

/** The same for other programs. */
export function reapedJson(report: Reaped) {
  const { provider, now, removed, kept, foreign, overdue, unsettled, damaged, billing } = report;
  return {
    provider,
    now: isoOf(now),
    removed: removed.map((one) => ({
      ...one,
      created: isoOf(one.created),
      gone: isoOf(one.gone),
      cost: rentalCost(one, one.gone, billing),
      currency: billing.currency,
    })),
    kept: kept.map(({ machine, why }) => ({ ...machineJson(machine), why })),
    foreign: foreign.map(machineJson),
    overdue: overdue.map(({ machine, reason }) => ({ ...machineJson(machine), reason })),
    unsettled,
    damaged,
  };
}

function machineJson({ tags: _, ...machine }: Machine) {
  return { ...machine, created: isoOf(machine.created) };
}
