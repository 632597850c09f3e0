import { checkOrder } from "../order.ts";
import {
  type Billing,
  type Machine,
  type MachineRequest,
  type Offer,
  type Order,
  type Provider,
  ProviderError,
  type Size,
} from "../provider.ts";
import { checkCount, offerOf } from "../sizes.ts";
import { ask, machineOf, REGION, type Report } from "./host.ts";
import { ANY, type Host, readHosts } from "./list.ts";
import { placeOf } from "./place.ts";
import { listScript, probeScript, releaseScript, reserveScript } from "./script.ts";
import { userEnvironment } from "./ssh.ts";

const BILLING: Billing = {
  minimumSeconds: 0,
  minimumCost: 0,
  currency: "USD",
  stoppedCosts: false,
};

/** A name each: one that finds no host free is refused without the others. */
const BATCH = 1;

/**
 * Hosts of the user's own, reached by SSH as his configuration of ssh says. To rent one is to
 * reserve it, by a file there that others look at; to remove it, to end the containers of the
 * lease's run there and take the file away. Time is the host's: of hosts whose clocks do not agree,
 * deadlines shift by as much. Nothing is connected to yet.
 *
 * @throws ProviderError `invalid` for a list of hosts that is empty or wrong.
 */
export async function hosts(environment: NodeJS.ProcessEnv): Promise<Provider> {
  const all = await readHosts(environment);
  const env = userEnvironment(environment);
  const inquiry: Inquiry = { all, env, silent: new Set() };
  return {
    name: "hosts",
    billing: BILLING,
    batch: BATCH,
    now: (signal) => now(inquiry, signal),
    sizes: async (signal) => {
      const probed = await probe(inquiry, signal);
      if (probed.every(({ report }) => report === null)) throw unusable(probed);
      return sizesOf(probed);
    },
    check: (request, signal) => check(inquiry, request, signal),
    create: (order, signal) => create(inquiry, order, signal),
    list: (signal, ids) => list(inquiry, ids ?? [], signal),
    remove: async (ids, signal) => {
      const places = ids.map(placeOf);
      const ends = await Promise.allSettled(
        places.map(({ target, name }) => ask(target, releaseScript(name), env, signal)),
      );
      signal.throwIfAborted();
      const failed = ends.find((end) => end.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
    power: null,
    [Symbol.asyncDispose]: async () => {},
  };
}

interface Inquiry {
  readonly all: readonly Host[];
  readonly env: NodeJS.ProcessEnv;
  /** Names of hosts that did not answer: they are asked last for the time. */
  readonly silent: Set<string>;
}

/** The clock of the first host that answers. */
async function now({ all, env, silent }: Inquiry, signal: AbortSignal): Promise<number> {
  const order = all.toSorted((a, b) => Number(silent.has(a.name)) - Number(silent.has(b.name)));
  let first: unknown;
  for (const { name, target } of order) {
    try {
      const { time } = await ask(target, listScript, env, signal);
      silent.delete(name);
      return time;
    } catch (error) {
      signal.throwIfAborted();
      silent.add(name);
      first ??= error;
    }
  }
  throw first;
}

/** A host, with what it says or why it says nothing. */
interface Probed {
  readonly host: Host;
  readonly report: Report | null;
  readonly error: ProviderError | null;
}

async function probe({ all, env }: Inquiry, signal: AbortSignal): Promise<Probed[]> {
  return await Promise.all(
    all.map(async (host) => {
      try {
        const report = await ask(host.target, probeScript, env, signal);
        const { trouble } = report;
        const error =
          trouble === null
            ? null
            : new ProviderError("invalid", `${host.name} is no Docker host: ${trouble}.`);
        return { host, report, error };
      } catch (error) {
        if (error instanceof ProviderError) return { host, report: null, error };
        throw error;
      }
    }),
  );
}

/** Each host, and before them the one that stands for all: as the first that is free would be. */
function sizesOf(probed: readonly Probed[]): Size[] {
  const best = probed.find(isFree) ?? probed.find(({ error }) => error === null);
  const any = best === undefined ? [] : [{ ...sizeOf(best), name: ANY, description: "any host" }];
  return [...any, ...probed.map(sizeOf)];
}

function sizeOf({ host, report, error }: Probed): Size {
  const docker = error === null ? (report?.docker ?? null) : null;
  const lease = report?.lease ?? null;
  return {
    name: host.name,
    cpus: docker?.cpus ?? 0,
    memory: docker?.memory ?? 0,
    disk: null,
    pricePerHour: docker === null ? null : 0,
    pricePerMonth: docker === null ? null : 0,
    regions: docker === null ? [] : [REGION],
    available: docker !== null,
    description: error?.message ?? (lease === null ? "free" : `in use ${inUse(lease)}`),
  };
}

function isFree({ report, error }: Probed): boolean {
  if (error !== null || report === null) return false;
  const { lease, time } = report;
  return lease === null || (lease !== "unreadable" && lease.until * 1000 <= time);
}

/** By whom and until when. */
function inUse(lease: Exclude<Report["lease"], null>): string {
  if (lease === "unreadable") return "by a reservation that cannot be read (~/.sim-pipeline/lease)";
  const until = new Date(lease.until * 1000).toISOString();
  return `for ${lease.tags.run ?? lease.name} (${lease.name}) until ${until}`;
}

/**
 * A host that somebody has counts as one that can be had: it may be the request's own, of an earlier,
 * killed start, which is given back or taken over before it is created anew.
 */
async function check(
  inquiry: Inquiry,
  request: MachineRequest,
  signal: AbortSignal,
): Promise<Offer> {
  const { all } = inquiry;
  checkCount(request.count);
  const most = request.size === ANY ? all.length : 1;
  if (request.count > most) {
    throw new ProviderError(
      "limit",
      `${request.count} machines are asked for: ${request.size === ANY ? `there are ${all.length} hosts` : `${JSON.stringify(request.size)} is one`}.\nAsk for fewer, or name more hosts in SIM_PIPELINE_HOSTS.`,
    );
  }
  const probed = await probe(inquiry, signal);
  const named = probed.filter(({ host }) => request.size === ANY || request.size === host.name);
  if (named.length > 0 && named.every(({ error }) => error !== null)) throw unusable(named);
  return offerOf(request, sizesOf(probed), { title: "Your list of hosts", currency: "USD" });
}

/** Why none of these can be used. */
function unusable(probed: readonly Probed[]): ProviderError {
  const errors = probed.flatMap(({ error }) => error ?? []);
  const [first] = errors;
  const told = errors.map(({ message }) => `- ${message}`).join("\n");
  if (first !== undefined && errors.length === 1) return first;
  return new ProviderError(first?.kind ?? "unavailable", `No host can be used:\n${told}`);
}

async function create(inquiry: Inquiry, order: Order, signal: AbortSignal): Promise<Machine[]> {
  checkOrder(order, BATCH);
  const { size, tags } = order;
  const [name = ""] = order.names;
  const minutes = Number(tags.minutes);
  if (!Number.isSafeInteger(minutes) || minutes < 1) {
    throw new ProviderError("invalid", `${tags.minutes} minutes are no time for a reservation.`);
  }
  const wanted = inquiry.all.filter((host) => size === ANY || size === host.name);
  const refused: string[] = [];
  // Of many hosts, one that runs nothing is passed over; after the reservation it is too late.
  const probed = await probe({ ...inquiry, all: wanted }, signal);
  if (probed.length > 0 && probed.every(({ error }) => error !== null)) throw unusable(probed);
  for (const { host, error } of probed) {
    if (error !== null) {
      refused.push(error.message);
      continue;
    }
    const script = reserveScript({ name, size, tags, minutes });
    const { lease, isTaken } = await ask(host.target, script, inquiry.env, signal);
    const machine = isTaken ? null : machineOf(host.target, lease);
    if (machine !== null) return [machine];
    if (lease !== null) refused.push(`${host.name} is in use ${inUse(lease)}`);
  }
  throw new ProviderError(
    "out-of-stock",
    `No host is free for ${name}:\n${refused.map((text) => `- ${text}`).join("\n")}\nWait for one, end what uses it (\`sim-pipeline machines ls\`), or name more hosts in SIM_PIPELINE_HOSTS.`,
  );
}

/**
 * The reservations on all hosts. Hosts that do not answer are left out, unless all do, or `ids`
 * are there: what is not shown would count as gone.
 */
async function list(
  { all, env }: Inquiry,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Machine[]> {
  const asked = ids.map(placeOf).map(({ target }) => target);
  const isAsked = (host: Host) => asked.some((target) => isSame(target, host.target));
  const others = asked.filter((target) => !all.some((host) => isSame(target, host.target)));
  const needed = [...all.filter(isAsked).map(({ target }) => target), ...unique(others)];
  const optional = all.filter((host) => !isAsked(host)).map(({ target }) => target);
  const show = async (target: Host["target"]) => {
    const { lease } = await ask(target, listScript, env, signal);
    return machineOf(target, lease) ?? [];
  };
  const ends = await Promise.allSettled([...needed, ...optional].map(show));
  signal.throwIfAborted();
  const failed = ends.filter((end) => end.status === "rejected");
  const must = ends.slice(0, needed.length).find((end) => end.status === "rejected");
  if (must !== undefined) throw must.reason;
  // Where nobody answers, nothing is known.
  if (failed.length === ends.length) throw failed[0]?.reason;
  return ends.flatMap((end) => (end.status === "fulfilled" ? end.value : []));
}

function isSame(a: Host["target"], b: Host["target"]): boolean {
  return a.host === b.host && a.port === b.port && a.user === b.user;
}

function unique(targets: readonly Host["target"][]): Host["target"][] {
  return targets.filter((one, at) => targets.findIndex((other) => isSame(one, other)) === at);
}
