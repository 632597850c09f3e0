import { warning } from "@actions/core";
import type { WorkflowContext } from "../github/context.ts";
import { firstRunnerEnded, installRunner, runnerLog, startRunners } from "../github/runner-host.ts";
import type { RunnerRelease } from "../github/runner-release.ts";
import { awaitOnline, type JitRunner, type Runners } from "../github/runners.ts";
import { type LastSuccess, lastSuccess } from "../github/scheduled.ts";
import { realClock } from "../machines/clock.ts";
import { money, totalCost } from "../machines/cost.ts";
import { acquireLease } from "../machines/lease.ts";
import type { Lease, LeasedMachine } from "../machines/lease-types.ts";
import type { MachineRequest, Offer, Provider } from "../machines/provider.ts";
import type { Remote } from "../machines/remote.ts";
import { removeListed } from "../machines/remove.ts";
import { removeRun } from "../machines/run-machines.ts";
import type { Store } from "../machines/store.ts";
import { ReportedError } from "../sweep/errors.ts";
import { removeRegistrations } from "./machines-down.ts";
import type { Pool } from "./pool.ts";

export interface UpJob {
  readonly request: MachineRequest;
  /** Machines, from 1 to the request's count. */
  readonly atLeast: number;
  /** Runners, and so jobs, that each machine serves one after the other. */
  readonly runnersEach: number;
  readonly minutes: number;
  readonly maxCost: number | null;
}

export interface UpStep {
  readonly context: WorkflowContext;
  readonly token: string | null;
  readonly pool: Pool;
  readonly provider: Provider;
  readonly runners: Runners;
  readonly release: RunnerRelease;
  readonly store: Store;
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
  /** Called before anything is registered or rented. */
  started(): void;
}

export interface RaisedPool {
  /** How many jobs they take. */
  readonly runners: number;
  /** Names of the machines. */
  readonly machines: readonly string[];
}

/** Milliseconds from the start of a runner's process until GitHub shows it as online. */
const ONLINE_PATIENCE = 5 * 60_000;

/** A day, and what GitHub may be late with a scheduled workflow. */
const REAP_EVERY = 26 * 60 * 60_000;
const REAPER = "reap.yml";

/** What was rented is given back whatever else is asked for. */
const never = () => new AbortController().signal;

/**
 * Rents machines and resolves when each has a runner that GitHub shows as online. Whatever fails, and
 * an abort, gives back everything before this rejects.
 *
 * @throws ReportedError as `acquireLease` and `Runners` do, and where it would cost more than it may.
 */
export async function up(job: UpJob, on: UpStep): Promise<RaisedPool> {
  const { context, pool, provider, runners, stop, say } = on;
  warnOfReaper(await lastSuccess(context, on.token, REAPER, REAP_EVERY), context);
  await endEarlierAttempts(on);
  const offer = await provider.check(job.request, stop);
  checkCost(job, offer, provider, say);
  on.started();
  let lease: Lease | null = null;
  try {
    // The first one before anything costs: it proves that the token may register runners.
    const first = await runners.create(`${pool.label}-1`, [pool.label], stop);
    lease = await acquireLease({
      provider,
      store: on.store,
      signal: stop,
      onStep: ({ text }) => say(text),
      run: pool.run,
      attempt: context.runAttempt,
      request: { ...job.request, region: offer.region },
      minutes: job.minutes,
      atLeast: job.atLeast,
      label: pool.label,
    });
    return await raise(lease, first, job, on);
  } catch (error) {
    throw await undone(error, lease, on);
  }
}

/** A machine of the pool with the runners that are its. */
interface Host {
  readonly machine: LeasedMachine;
  readonly remote: Remote;
  readonly runners: readonly JitRunner[];
}

async function raise(
  lease: Lease,
  first: JitRunner,
  { runnersEach, atLeast }: UpJob,
  on: UpStep,
): Promise<RaisedPool> {
  const { pool, runners, stop, say } = on;
  say(`runners to register: ${lease.machines.length * runnersEach}`);
  const registered = [first];
  while (registered.length < lease.machines.length * runnersEach) {
    const name = `${pool.label}-${registered.length + 1}`;
    registered.push(await runners.create(name, [pool.label], stop));
  }
  const hosts = lease.machines.map((machine, i) => ({
    machine,
    remote: { name: machine.name, sshConfig: on.store.sshConfig },
    runners: registered.slice(i * runnersEach, (i + 1) * runnersEach),
  }));
  const failures = await start(hosts, on);
  const good = hosts.filter((host) => !failures.has(host));
  if (good.length < atLeast) throw tooFew(failures, hosts.length, atLeast);
  if (failures.size > 0) await discard(failures, on);
  return {
    runners: good.length * runnersEach,
    machines: good.map(({ machine }) => machine.name),
  };
}

/** Starts the runners of all machines at once. Which machines have none online, and why. */
async function start(hosts: readonly Host[], on: UpStep): Promise<Map<Host, string>> {
  const { stop, say } = on;
  const tools = { signal: stop, clock: realClock };
  const failures = new Map<Host, string>();
  await Promise.all(
    hosts.map(async (host) => {
      const { machine, remote } = host;
      try {
        say(`installing GitHub's runner on ${machine.name}`);
        await installRunner(remote, on.release, tools);
        const configs = host.runners.map(({ config }) => config);
        await startRunners(remote, configs, tools);
      } catch (error) {
        stop.throwIfAborted();
        failures.set(host, error instanceof Error ? error.message : String(error));
      }
    }),
  );
  const started = hosts.filter((host) => !failures.has(host));
  if (started.length > 0) say("waiting for the runners to be online");
  for (const host of await notOnline(started, on)) {
    failures.set(
      host,
      `GitHub does not show its runner ${firstOf(host)} as online; it printed:\n` +
        (await runnerLog(host.remote, stop)),
    );
  }
  return failures;
}

function firstOf({ runners }: Host): string {
  return runners[0]?.name ?? "";
}

/** Waits for the first runner of each machine; which are not online. */
async function notOnline(hosts: readonly Host[], on: UpStep): Promise<Host[]> {
  const { pool, runners, stop } = on;
  const over = new AbortController();
  const gone = new Set<string>();
  const watches = hosts.map(async (host) => {
    try {
      await firstRunnerEnded(host.remote, AbortSignal.any([stop, over.signal]));
      gone.add(firstOf(host));
    } catch {
      // One that is not known to have ended is waited for.
    }
  });
  try {
    const missing = await awaitOnline(runners, hosts.map(firstOf), pool.label, {
      ...{ signal: stop, clock: realClock, patience: ONLINE_PATIENCE },
      isGone: (name) => gone.has(name),
    });
    return hosts.filter((host) => missing.includes(firstOf(host)));
  } finally {
    over.abort();
    await Promise.all(watches);
  }
}

/** Gives back machines that are of no use, where enough others are. */
async function discard(failures: ReadonlyMap<Host, string>, on: UpStep): Promise<void> {
  const { provider, runners, stop, say } = on;
  warning(`Given back at once, ${failures.size} of the machines:\n${failureLines(failures)}`);
  const ids = new Set([...failures.keys()].map(({ machine }) => machine.id));
  const shown = (await provider.list(stop)).filter(({ id }) => ids.has(id));
  const tell = (_step: string, _machines: readonly string[], text: string) => say(text);
  const removing = { provider, clock: realClock, signal: stop, tell };
  const rest = await removeListed(shown, "no runner came online", removing);
  if (rest.ids.size > 0) {
    const names = shown.filter(({ id }) => rest.ids.has(id)).map(({ name }) => name);
    warning(`${names.join(", ")} may still be there: ${rest.reason}. \`down\` tries again.`);
  }
  for (const { runners: unused } of failures.keys()) {
    for (const { id } of unused) await runners.remove(id, stop);
  }
}

function tooFew(failures: ReadonlyMap<Host, string>, count: number, atLeast: number): Error {
  const good = count - failures.size;
  return new ReportedError(
    3,
    `${good} of ${count} machines have a runner online, at least ${atLeast} are wanted: all are given back.\n` +
      `${failureLines(failures)}\n` +
      "A runner has to reach github.com, api.github.com and *.actions.githubusercontent.com from the " +
      "machine. See https://www.githubstatus.com, and the repository's Settings, Actions, Runners.",
  );
}

function failureLines(failures: ReadonlyMap<Host, string>): string {
  return [...failures].map(([{ machine }, why]) => `- ${machine.name}: ${why}`).join("\n");
}

/** The error to throw, once nothing is rented or registered any more. */
async function undone(error: unknown, lease: Lease | null, on: UpStep): Promise<unknown> {
  const problems: string[] = [];
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (failure) {
      problems.push(failure instanceof Error ? failure.message : String(failure));
    }
  };
  await attempt(async () => await lease?.release(never()));
  await attempt(async () => await removeRegistrations(on.runners, on.pool, never()));
  if (problems.length === 0) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ReportedError(3, [text, ...problems].join("\n"), { cause: error });
}

/** What an earlier attempt of this run left: it is over, or this one would not run. */
async function endEarlierAttempts({ context, provider, pool, stop, say }: UpStep): Promise<void> {
  const { runAttempt } = context;
  if (runAttempt === 1) return;
  const { left } = await removeRun({
    provider,
    run: pool.run,
    attempts: (attempt) => attempt < runAttempt,
    signal: stop,
    onStep: ({ text }) => say(text),
  });
  for (const { machine, reason } of left) {
    warning(`${machine.name} of an earlier attempt is still there: ${reason}.`);
  }
}

function checkCost(
  { request, minutes, maxCost }: UpJob,
  { size, region }: Offer,
  { billing, name }: Provider,
  say: (line: string) => void,
): void {
  const { count } = request;
  const { pricePerHour } = size;
  const rental = { pricePerHour, created: 0, gone: minutes * 60_000 };
  const cost = totalCost(Array(count).fill(rental), 0, billing);
  const what = `${count} × ${size.name} of ${name} in ${region}`;
  if (cost === null) {
    say(`${what}; no price is known`);
    if (maxCost === null) return;
    throw new ReportedError(
      3,
      `${name} tells no price for ${size.name}, so "max-cost" cannot be kept: leave it out.`,
    );
  }
  const most = money(cost, billing.currency);
  say(`${what}: at most ${most} until the deadline, in ${minutes} min`);
  if (maxCost === null || cost <= maxCost) return;
  throw new ReportedError(
    3,
    `${what} would cost ${most} until the deadline (${minutes} min), and "max-cost" is ` +
      `${money(maxCost, billing.currency)}.\nNothing was rented. Set a shorter deadline, fewer or ` +
      "smaller machines, or a higher max-cost.",
  );
}

/** The last net under machines that leak has to be there before there are any. */
function warnOfReaper(reaper: LastSuccess, { repository, defaultBranch }: WorkflowContext): void {
  if (reaper.is === "recent") return;
  const branch = defaultBranch ?? "the default branch";
  const what = {
    missing: `${repository} has no workflow ${REAPER}`,
    old: `the workflow ${REAPER} has not succeeded ${
      reaper.is === "old" && reaper.last !== null
        ? `since ${reaper.last.toISOString().slice(0, 16).replace("T", " ")} UTC`
        : "yet"
    }`,
    unknown: `it is not known whether the workflow ${REAPER} runs (give the job \`actions: read\`)`,
  }[reaper.is];
  warning(
    `No reaper: ${what}. It removes machines that outlived their deadline, should everything else ` +
      "fail; a machine that is powered off still costs with most providers. Put it on " +
      `${branch}, or enable it again (docs/machines.md).`,
  );
}
