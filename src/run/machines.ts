import { existsSync } from "node:fs";
import { z } from "zod";
import type { Engine } from "../engines/engine.ts";
import { money } from "../machines/cost.ts";
import { type RentedEngine, rentedEngine } from "../machines/engine.ts";
import { type Estimate, estimateRun, type Measured } from "../machines/estimate.ts";
import { acquireLease, takeUpLease } from "../machines/lease.ts";
import type { Lease, Released } from "../machines/lease-types.ts";
import type { MachineRequest, Offer, Provider, ProviderName } from "../machines/provider.ts";
import { openProvider } from "../machines/providers.ts";
import { pinImage } from "../machines/registry-image.ts";
import { settleLeases } from "../machines/settle.ts";
import { openStore, type Store, storeFolder } from "../machines/store.ts";
import type { Plan } from "../plan/plan.ts";
import { openDatabase, readDatabase } from "../results/database.ts";
import { createRunFolder, type RunFolder, runFolder } from "../results/folder.ts";
import { lockRunFolder } from "../results/lock.ts";
import { type MachineRow, machinesOf, recordMachines } from "../results/machines.ts";
import { measuredPoints } from "../results/measured.ts";
import { ReportedError } from "../sweep/errors.ts";
import { measuredSeconds } from "./earlier.ts";
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

/** A machine takes two minutes to start, and the run ends two minutes before its deadline. */
const LEAST_MINUTES = 5;

/** Milliseconds for writing down, at the end, what became of earlier machines. */
const NOTING_MS = 30_000;

export interface MachineContext {
  /** Absolute path of the run folder. */
  readonly out: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** The engine that the variables lead to. */
  readonly engineOn: (env: NodeJS.ProcessEnv) => Promise<Engine>;
  /** Whether points run again that have succeeded. */
  readonly again: boolean;
  /** Called when money or time have run out: the run is to end. */
  readonly onLimit: (reason: string) => void;
  /** Called where a machine could not be given back, with what to do. */
  readonly onUnreleased: (problem: string) => void;
}

/** A machine that is rented when a run needs it, and given back at disposal. */
export interface RentedMachine extends AsyncDisposable {
  readonly engine: RentedEngine;
  /** To be told before the first point starts how many there are: what they will cost is judged anew. */
  planned(points: number): void;
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
  const earlier = measuredIn(folder);
  const provider = await openProvider(options.provider, env);
  try {
    const store = await openStore(storeFolder(env));
    // What is there already needs neither stock nor room in the account's limit.
    const offer =
      (await ownOffer(folder, request, provider, store, signal)) ??
      (await provider.check(request, signal));
    const estimateOf = (points: number) => {
      const { billing } = provider;
      return estimateRun({ points, earlier, offer, count: request.count, minutes, billing });
    };
    const estimate = estimateOf(
      context.again || earlier === null ? plan.count : pointsLeft(plan, folder),
    );
    checkCost(estimate, options, provider, minutes);
    let planned: number | null = null;

    const { id: run, attempt } = identify(folder, plan.sweep.name);
    const told = (text: string): void => {
      emit({ type: "machines", message: text, machines: rows });
    };
    let rows: MachineRow[] = [];
    let ahead = 0;
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
    for (const message of settled.problems) emit({ type: "warning", message });
    await noteEnds(folder, provider, store, signal);
    told(offerText(offer, estimate, provider));

    const onEnd = ({ used }: Pick<Released, "used">): void => {
      try {
        note(used.map((one) => row(one, { offer, provider, ahead })));
      } catch (error) {
        // As on a full disk. What matters is done.
        const why = error instanceof Error ? error.message : String(error);
        emit({ type: "warning", message: `The machines' cost could not be written: ${why}` });
      }
    };
    const acquiring = (stop: AbortSignal) => ({
      ...tools,
      onEnd,
      provider,
      signal: stop,
      run,
      attempt,
      request: { ...request, region: offer.region },
      minutes,
      atLeast: request.count,
      label: null,
    });
    const engine = rentedEngine({
      provider,
      offer,
      request,
      maxCost: options.maxCost ?? null,
      signal,
      hasEarlier: async () => (await store.list()).records.some((record) => record.run === run),
      acquire: async (stop) => {
        // Another image or command lets points run again that have the names of those that ran.
        if (planned !== null) checkCost(estimateOf(planned), options, provider, minutes);
        return await acquireLease(acquiring(stop));
      },
      takeUp: async (stop) => await takeUpLease(acquiring(stop)),
      engineOn: async (own) => await context.engineOn({ ...env, ...own }),
      identify: async (sweep, platform, stop) => await pinImage(sweep, platform, env, stop),
      onLease: (lease, by) => {
        ahead = by;
        note(lease.machines.map((one) => row({ ...one, gone: null }, { offer, provider, ahead })));
        told(
          `${namesOf(lease)} powers itself off ${timeText(minutes)} after its creation (--deadline)`,
        );
      },
      onReleased: onEnd,
      onStep: ({ text }) => told(text),
      onLimit: context.onLimit,
    });
    return {
      engine,
      planned: (points) => {
        planned = points;
      },
      [Symbol.asyncDispose]: async () => {
        await using _provider = provider;
        try {
          await engine[Symbol.asyncDispose]();
          await noteEnds(folder, provider, store, AbortSignal.timeout(NOTING_MS));
        } catch (error) {
          // Beside what the run has come to, which it is not to hide.
          if (!(error instanceof ReportedError)) throw error;
          context.onUnreleased(error.message);
        }
      },
    };
  } catch (error) {
    await provider[Symbol.asyncDispose]();
    throw error;
  }
}

/** What an earlier start of the run rented and left, as an offer; null where there is nothing. */
async function ownOffer(
  folder: RunFolder,
  { size: asked, region }: MachineRequest,
  provider: Provider,
  store: Store,
  signal: AbortSignal,
): Promise<Offer | null> {
  const run = existsSync(folder.database) ? knownRun(folder) : null;
  const own = (await store.list()).records.find(
    (record) =>
      record.run === run &&
      record.provider === provider.name &&
      record.size === asked &&
      (region === null || record.region === region),
  );
  if (own === undefined) return null;
  const size = (await provider.sizes(signal)).find(({ name }) => name === own.size);
  return size === undefined ? null : { size, region: own.region };
}

function knownRun(folder: RunFolder): string | null {
  using database = readDatabase(folder);
  const row = database.prepare("SELECT id FROM run").get();
  return z.object({ id: z.string() }).optional().parse(row)?.id ?? null;
}

/** The same provider for somebody who ends his own after use. */
function borrowed(provider: Provider): Provider {
  return { ...provider, [Symbol.asyncDispose]: async () => {} };
}

function requestOf(options: MachineOptions): MachineRequest {
  const { provider, size, region, count = 1, deadline = DEADLINE_MINUTES } = options;
  if (deadline < LEAST_MINUTES) {
    throw new ReportedError(
      2,
      `--deadline: ${deadline} min is too short for a machine to run anything: it takes about two ` +
        `to start, and is given back two before its deadline.\nGive it ${LEAST_MINUTES}m or more.`,
    );
  }
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

function measuredIn(folder: RunFolder): Measured | null {
  if (!existsSync(folder.database)) return null;
  using database = readDatabase(folder);
  return measuredPoints(database);
}

/** Points of which none of that name has succeeded: before the image is known, the best guess. */
function pointsLeft(plan: Plan, folder: RunFolder): number {
  const done = measuredSeconds(folder.root);
  let left = 0;
  for (const { name } of plan.points()) if (!done.has(name)) left++;
  return left;
}

/** `8 h`, `90 min`. */
function timeText(minutes: number): string {
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
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
          `Nothing was rented. Raise it, or choose another size: \`sim-pipeline plan --machines ${name}\`.`
      : `Until its deadline, ${timeText(minutes)}, a machine would cost ${most}, and --max-cost is ${limit}.\n` +
          "Nothing was rented. A shorter --deadline costs less at most; once some points have run " +
          "(`sim-pipeline run --param …`), the estimate comes from them.",
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
  if (estimate.seconds === 0) return `${what}, ${price}: rented only if a point has to run again`;
  const cost = money(estimate.cost ?? 0, billing.currency);
  return estimate.basis === "measured"
    ? `${what}, ${price}: about ${cost} by what earlier points took`
    : `${what}, ${price}: at most ${cost} until its deadline`;
}

type Noted = Pick<MachineRow, "name" | "size" | "region" | "pricePerHour" | "created" | "gone">;

function row(
  { name, size, region, pricePerHour, created, gone }: Noted,
  {
    offer,
    provider,
    ahead,
  }: { readonly offer: Offer; readonly provider: Provider; readonly ahead: number },
): MachineRow {
  const { currency, minimumSeconds, minimumCost } = provider.billing;
  return {
    name,
    provider: provider.name,
    size,
    region,
    cpus: offer.size.cpus,
    pricePerHour: pricePerHour ?? offer.size.pricePerHour,
    currency,
    minimumSeconds,
    minimumCost,
    created,
    gone,
    ahead,
  };
}

function namesOf({ machines }: Lease): string {
  return machines.map(({ name }) => name).join(", ");
}

/**
 * Writes down that machines of earlier starts are gone, which another process gave back, and of
 * which no lease is recorded any more: until now at the latest, since nobody wrote when.
 */
async function noteEnds(
  folder: RunFolder,
  provider: Provider,
  store: Store,
  signal: AbortSignal,
): Promise<void> {
  using database = openDatabase(folder);
  const open = machinesOf(database).filter(
    (machine) => machine.gone === null && machine.provider === provider.name,
  );
  if (open.length === 0) return;
  const { records, damaged } = await store.list();
  if (damaged.length > 0) return;
  const there = new Set([
    ...records.flatMap(({ machines }) => machines.map(({ name }) => name)),
    ...(await provider.list(signal)).map(({ name }) => name),
  ]);
  const ended = open.filter(({ name }) => !there.has(name));
  if (ended.length === 0) return;
  const gone = await provider.now(signal);
  recordMachines(
    database,
    ended.map((machine) => ({ ...machine, gone: Math.max(machine.created, gone) })),
  );
}
