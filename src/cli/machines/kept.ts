import { money, totalCost } from "../../machines/cost.ts";
import { namesOf } from "../../machines/labels.ts";
import { acquireLease, checkLabel } from "../../machines/lease.ts";
import type { LeasedMachine } from "../../machines/lease-types.ts";
import type { Offer, Provider, ProviderName } from "../../machines/provider.ts";
import { describeSize } from "../../machines/sizes.ts";
import type { Store } from "../../machines/store.ts";
import { isMachineName } from "../../machines/unrecorded.ts";
import { counted, duration } from "../../report/units.ts";
import { DEADLINE_MINUTES } from "../../run/machines.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { say } from "../output.ts";
import { openOwn, ownStore, settle, tell } from "./work.ts";

export interface KeptOptions {
  readonly name: string;
  readonly provider: ProviderName;
  readonly size?: string | undefined;
  readonly region?: string | undefined;
  readonly count?: number | undefined;
  readonly atLeast?: number | undefined;
  /** Minutes. */
  readonly deadline?: number | undefined;
  readonly maxCost?: number | undefined;
}

/** Machines that were rented and are kept. */
export interface Kept {
  readonly name: string;
  readonly provider: ProviderName;
  readonly lease: string;
  /** That were asked for. */
  readonly count: number;
  readonly minutes: number;
  readonly machines: readonly LeasedMachine[];
  /** When the first machine's time is over, by the provider's clock. */
  readonly deadline: number;
  /** By the provider's clock. */
  readonly now: number;
  /** Of all of them, until their deadline; null where no price is known. */
  readonly cost: number | null;
  readonly currency: string;
}

/**
 * Rents machines that are kept beyond this process.
 * @throws what acquireLease throws; ReportedError (2) for a name that is taken, (3) for a cost beyond
 *   what is allowed. Nothing is left then.
 */
export async function createKept(options: KeptOptions, signal: AbortSignal): Promise<Kept> {
  const { name, count = 1, atLeast = count, deadline: minutes = DEADLINE_MINUTES } = options;
  const size = sizeOf(options);
  checkLabel(name);
  if (isMachineName(name)) {
    throw new ReportedError(2, `${name} is what a provider calls a machine: choose another name.`);
  }
  checkAtLeast(atLeast, count);
  const store = await ownStore();
  await checkFree(store, name, count);
  await settle(store, signal);
  await using provider = await openOwn(options.provider);
  const request = { size, region: options.region ?? null, count };
  const offer = await provider.check(request, signal);
  checkCost(options, { offer, count, minutes, provider });
  say(offerText(offer, { count, minutes, provider }));
  await using lease = await acquireLease({
    provider,
    store,
    signal,
    onStep: tell,
    run: name,
    attempt: 1,
    request: { ...request, region: offer.region },
    minutes,
    atLeast,
    label: name,
  });
  const { id, machines, deadline } = lease;
  const rentals = machines.map(({ created, pricePerHour }) => ({
    pricePerHour: pricePerHour ?? offer.size.pricePerHour,
    created,
    gone: created + minutes * 60_000,
  }));
  const now = await provider.now(signal).catch(() => Date.now());
  return {
    name,
    provider: provider.name,
    lease: id,
    count,
    minutes,
    machines,
    deadline,
    now,
    cost: totalCost(rentals, now, provider.billing),
    currency: provider.billing.currency,
  };
}

function sizeOf({ provider, size }: KeptOptions): string {
  if (size !== undefined) return size;
  if (provider === "hosts") return "any";
  throw new ReportedError(
    2,
    `--size is missing: of which size?\n` +
      `\`sim-pipeline machines sizes --provider ${provider}\` lists what there is, with prices.`,
  );
}

function checkAtLeast(atLeast: number, count: number): void {
  if (atLeast <= count) return;
  throw new ReportedError(
    2,
    `--at-least ${atLeast} is more than the ${count} of --count: ask for 1 to ${count}.`,
  );
}

/** So that every name means one machine, or one group of them. */
async function checkFree(store: Store, name: string, count: number): Promise<void> {
  const wanted = new Set(namesOf(name, count));
  const { records } = await store.list();
  for (const { label, count: theirs, id, provider } of records) {
    const taken = label === null ? [id] : namesOf(label, theirs);
    const same = taken.find((one) => wanted.has(one));
    if (same === undefined) continue;
    const whose = label ?? id;
    throw new ReportedError(
      2,
      `There is a machine ${same} already, in lease ${id} (${provider}).\n` +
        `Choose another name, or give it back with \`sim-pipeline machines rm ${whose}\`.`,
    );
  }
}

interface Terms {
  readonly offer: Offer;
  readonly count: number;
  readonly minutes: number;
  readonly provider: Provider;
}

/** Until the deadline, in the provider's currency; null where no price is known. */
function mostCost({ offer, count, minutes, provider }: Terms): number | null {
  const rental = {
    pricePerHour: offer.size.pricePerHour,
    created: 0,
    gone: minutes * 60_000,
  };
  return totalCost(Array(count).fill(rental), 0, provider.billing);
}

function checkCost({ maxCost }: KeptOptions, terms: Terms): void {
  if (maxCost === undefined) return;
  const { name, billing } = terms.provider;
  const cost = mostCost(terms);
  if (cost === null) {
    throw new ReportedError(
      3,
      `${name} tells no price, so --max-cost cannot be kept: leave it out.`,
    );
  }
  if (cost <= maxCost) return;
  throw new ReportedError(
    3,
    `Until the deadline (${duration(terms.minutes * 60)}) this would cost ` +
      `${money(cost, billing.currency)}, and --max-cost is ${money(maxCost, billing.currency)}.\n` +
      "Nothing was rented. A shorter --deadline, a smaller --size or --count costs less.",
  );
}

function offerText(offer: Offer, terms: Omit<Terms, "offer">): string {
  const { count, minutes, provider } = terms;
  const { currency } = provider.billing;
  const what = `${provider.name}: ${counted(count, "machine")}, ${describeSize(offer.size, currency)}, in ${offer.region}`;
  const cost = mostCost({ ...terms, offer });
  if (cost === null || cost === 0) return what;
  const until = `until the deadline in ${duration(minutes * 60)}`;
  return `${what}; at most ${money(cost, currency)} ${until}`;
}
