import { existsSync } from "node:fs";
import type { Engine } from "../engines/engine.ts";
import { money } from "../machines/cost.ts";
import { type RentedEngine, rentedEngine } from "../machines/engine.ts";
import { type Estimate, estimateRun, type Measured } from "../machines/estimate.ts";
import { acquireLease } from "../machines/lease.ts";
import type { Lease, Released } from "../machines/lease-types.ts";
import type { MachineRequest, Offer, Provider, ProviderName } from "../machines/provider.ts";
import { openProvider } from "../machines/providers.ts";
import { pinImage } from "../machines/registry-image.ts";
import { type Settled, settleLeases } from "../machines/settle.ts";
import { damagedText, openStore, storeFolder } from "../machines/store.ts";
import type { Plan } from "../plan/plan.ts";
import { openDatabase, readDatabase } from "../results/database.ts";
import { createRunFolder, type RunFolder, runFolder } from "../results/folder.ts";
import { lockRunFolder } from "../results/lock.ts";
import { type MachineRow, machinesOf, recordMachines } from "../results/machines.ts";
import { measuredPoints } from "../results/measured.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Emit } from "./events.ts";
import { runId } from "./journal.ts";

/** Machines to rent for a run. */
export interface MachineOptions {
  readonly provider: ProviderName;
  /** As the provider calls it; for `hosts` a host, or by default any. */
  readonly size?: string;
  /** Default: the provider's first that has the size. */
  readonly region?: string;
  /** Default 1; more than one serve a sweep as GitHub runners only. */
  readonly count?: number;
  /** Minutes after which a machine powers itself off; default 480. */
  readonly deadline?: number;
  /** In the provider's currency: refuses to start, or stops, what would cost more. */
  readonly maxCost?: number;
}

/** Eight hours: a working day, or a night. */
export const DEADLINE_MINUTES = 480;

export interface MachineContext {
  /** Absolute path of the run folder. */
  readonly out: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** The engine that the variables lead to. */
  readonly engineOn: (env: NodeJS.ProcessEnv) => Promise<Engine>;
  /** Called when money or time have run out: the run is to end. */
  readonly onLimit: (reason: string) => void;
}

/** A machine that is rented when a run needs it, and given back at disposal. */
export interface RentedMachine extends AsyncDisposable {
  readonly engine: RentedEngine;
}

/**
 * Makes ready to rent a machine for a plan's run: everything that can be wrong is found here, and
 * nothing is rented yet. Machines that killed starts left are given back, or taken up by the run
 * whose they are.
 *
 * @throws ReportedError (2) for a request that cannot be; (3) where the provider refuses, or where
 *   it would cost more than it may.
 */
export async function rentFor(
  plan: Plan,
  options: MachineOptions,
  context: MachineContext,
): Promise<RentedMachine> {
  const { env, signal, emit } = context;
  const minutes = options.deadline ?? DEADLINE_MINUTES;
  const request = requestOf(options);
  const folder = runFolder(context.out);
  const earlier = earlierRun(folder);
  const provider = await openProvider(options.provider, env);
  try {
    const offer = await provider.check(request, signal);
    const estimate = estimateRun({
      points: plan.count - (earlier?.succeeded ?? 0),
      earlier: earlier?.measured ?? null,
      offer,
      count: request.count,
      minutes,
      billing: provider.billing,
    });
    checkCost(estimate, options, provider, minutes);

    const store = await openStore(storeFolder(env));
    const { id: run, attempt } = identify(folder, plan.sweep.name);
    const told = (text: string): void => {
      emit({ type: "machines", message: text, machines: rows });
    };
    let rows: MachineRow[] = [];
    const note = (changed: readonly MachineRow[]): void => {
      const names = new Set(changed.map(({ name }) => name));
      rows = [...rows.filter(({ name }) => !names.has(name)), ...changed];
      using database = openDatabase(folder);
      recordMachines(database, changed);
    };
    const tools = { store, signal, onStep: ({ text }: { readonly text: string }) => told(text) };
    const settled = await settleLeases({
      ...tools,
      keepRun: run,
      openProvider: async (name) =>
        name === provider.name ? borrowed(provider) : await openProvider(name, env),
    });
    for (const message of problemsOf(settled)) emit({ type: "warning", message });
    told(offerText(offer, estimate, provider));

    const engine = rentedEngine({
      provider,
      offer,
      request,
      maxCost: options.maxCost ?? null,
      signal,
      hasEarlier: async () => (await store.list()).records.some((record) => record.run === run),
      acquire: async (stop) =>
        await acquireLease({
          ...tools,
          provider,
          signal: stop,
          run,
          attempt,
          request: { ...request, region: offer.region },
          minutes,
          atLeast: request.count,
          label: null,
        }),
      engineOn: async (own) => await context.engineOn({ ...env, ...own }),
      identify: async (sweep, platform, stop) => await pinImage(sweep, platform, env, stop),
      onLease: (lease) => note(rentedRows(lease, offer, provider)),
      onReleased: (released) => note(releasedRows(released, offer, provider)),
      onStep: ({ text }) => told(text),
      onLimit: context.onLimit,
    });
    return {
      engine,
      [Symbol.asyncDispose]: async () => {
        await using _provider = provider;
        await engine[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await provider[Symbol.asyncDispose]();
    throw error;
  }
}

/** What killed starts left, of this run or others, and could not be given back. */
function problemsOf({ unsettled, damaged }: Settled): string[] {
  return [
    ...unsettled.map(
      ({ lease, machines, provider, reason }) =>
        `Lease ${lease} at ${provider} could not be ended (${machines.join(", ")}): ${reason}. ` +
        "It may cost money: `sim-pipeline machines reap`.",
    ),
    ...damaged.map(({ path, problem }) => damagedText(path, problem)),
  ];
}

/** The same provider for somebody who ends his own after use. */
function borrowed(provider: Provider): Provider {
  return { ...provider, [Symbol.asyncDispose]: async () => {} };
}

function requestOf({ provider, size, region, count = 1 }: MachineOptions): MachineRequest {
  if (count !== 1) {
    throw new ReportedError(
      2,
      `--count ${count}: one machine serves one run here.\n` +
        "Take one of a larger size, or let more of them serve the sweep as GitHub runners: the " +
        "machines action, docs/machines.md. `sim-pipeline machines create --count` rents them " +
        "without a run.",
    );
  }
  if (size === undefined && provider !== "hosts") {
    throw new ReportedError(
      2,
      `--machines ${provider} needs --size.\n` +
        `\`sim-pipeline machines sizes --provider ${provider}\` lists what there is, with prices.`,
    );
  }
  return { size: size ?? "any", region: region ?? null, count };
}

interface EarlierRun {
  readonly succeeded: number;
  readonly measured: Measured | null;
}

function earlierRun(folder: RunFolder): EarlierRun | null {
  if (!existsSync(folder.database)) return null;
  using database = readDatabase(folder);
  const measured = measuredPoints(database);
  return { succeeded: measured?.points ?? 0, measured };
}

/** The run's id, and the number of the lease that comes now; held by no other orchestrator. */
function identify(
  folder: RunFolder,
  sweep: string,
): { readonly id: string; readonly attempt: number } {
  createRunFolder(folder);
  using _lock = lockRunFolder(folder);
  using database = openDatabase(folder);
  return { id: runId(database, sweep), attempt: machinesOf(database).length + 1 };
}

function checkCost(
  { cost, basis }: Estimate,
  { maxCost }: MachineOptions,
  { billing, name }: Provider,
  minutes: number,
): void {
  if (maxCost === undefined) return;
  if (cost === null) {
    throw new ReportedError(
      3,
      `${name} tells no price, so --max-cost cannot be kept: leave it out.`,
    );
  }
  if (cost <= maxCost) return;
  const [most, limit] = [money(cost, billing.currency), money(maxCost, billing.currency)];
  throw new ReportedError(
    3,
    basis === "measured"
      ? `This run would cost about ${most}, by what its earlier points took, and --max-cost is ${limit}.\n` +
          "Nothing was rented. Raise it, or choose another size: `sim-pipeline plan --machines`."
      : `Until its deadline (${minutes} min) a machine would cost ${most}, and --max-cost is ${limit}.\n` +
          "Nothing was rented. A shorter --deadline costs less at most; once some points have run, " +
          "here or on this computer, the estimate comes from them.",
  );
}

function offerText(
  { size, region }: Offer,
  estimate: Estimate,
  { billing, name }: Provider,
): string {
  const what = `${name} ${size.name} in ${region}, ${size.cpus} CPUs`;
  if (size.pricePerHour === null) return `${what}; no price is known`;
  if (size.pricePerHour === 0) return what;
  const price = `${money(size.pricePerHour, billing.currency)} an hour`;
  const cost = money(estimate.cost ?? 0, billing.currency);
  return estimate.basis === "measured"
    ? `${what}, ${price}: about ${cost} by what earlier points took`
    : `${what}, ${price}: at most ${cost} until its deadline`;
}

type Rented = Pick<MachineRow, "name" | "size" | "region" | "pricePerHour" | "created">;

function row(
  machine: Rented,
  gone: number | null,
  { size }: Offer,
  provider: Provider,
): MachineRow {
  const { name, region, pricePerHour, created } = machine;
  const { currency, minimumSeconds, minimumCost } = provider.billing;
  return {
    name,
    provider: provider.name,
    size: machine.size,
    region,
    cpus: size.cpus,
    pricePerHour: pricePerHour ?? size.pricePerHour,
    currency,
    minimumSeconds,
    minimumCost,
    created,
    gone,
  };
}

function rentedRows(lease: Lease, offer: Offer, provider: Provider): MachineRow[] {
  return lease.machines.map((machine) => row(machine, null, offer, provider));
}

function releasedRows(released: Released, offer: Offer, provider: Provider): MachineRow[] {
  return released.used.map((machine) => row(machine, machine.gone, offer, provider));
}
