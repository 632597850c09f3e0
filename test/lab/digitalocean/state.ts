/** What the stand-in knows, and how it comes to be what it is as time and calls go by. */

import { randomBytes } from "node:crypto";
import { type CatalogSize, images, regions, sizes } from "./catalog.ts";
import { type RunningLag, startLag } from "./lag.ts";
import type * as official from "./official.ts";
import type { Whole } from "./payloads.ts";
import type { Clock, Droplet, Host, Lags, SeededDroplet } from "./types.ts";

export interface Token {
  readonly owner: string;
  /** Null: every one. */
  readonly scopes: ReadonlySet<string> | null;
}

export interface Addresses {
  readonly address: string;
  readonly privateAddress: string;
}

export interface DropletRecord {
  readonly id: number;
  readonly name: string;
  readonly size: CatalogSize;
  readonly region: string;
  readonly image: Whole<official.Image>;
  readonly tags: readonly string[];
  readonly userData: string;
  readonly owner: string;
  readonly created: number;
  removed: number | null;
  /** What it really is; null until its host is up. */
  power: "on" | "off" | null;
  addresses: Addresses | null;
  /** As the API shows it, some time later. */
  shown: "new" | "active" | "off";
  readonly listed: RunningLag;
  gone: RunningLag | null;
  /** Settled when its host is up; null where it has none. */
  host: Promise<Host | null> | null;
}

export interface ActionRecord {
  readonly id: number;
  readonly type: "create" | "power_on" | "power_off" | "shutdown";
  readonly droplet: DropletRecord;
  readonly started: number;
  /** What came of it; null until then. */
  result: "completed" | "errored" | null;
  /** How long the API goes on telling that it is in progress. */
  readonly lag: RunningLag;
  completed: number | null;
  status: "in-progress" | "completed" | "errored";
}

export interface Key {
  readonly id: number;
  readonly name: string;
  readonly fingerprint: string;
  readonly publicKey: string;
}

export interface Ordered {
  readonly name: string;
  readonly size: CatalogSize;
  readonly region: string;
  readonly image: Whole<official.Image>;
  readonly tags: readonly string[];
  readonly userData: string;
  readonly owner: string;
}

export interface State {
  readonly clock: Clock;
  readonly lags: Lags;
  readonly droplets: DropletRecord[];
  readonly actions: ActionRecord[];
  readonly keys: Key[];
  readonly tokens: Map<string, Token>;
  /** Where a size can be had now, as the API tells it. */
  stock(size: CatalogSize): readonly string[];
  /** The slugs of what can be had in a region, as the API tells it. */
  sizesIn(region: string): readonly string[];
  /** Whether it really can be had there. */
  has(size: CatalogSize, region: string): boolean;
  sellOut(size: string, region: string | undefined, shown: boolean): void;
  nextId(): number;
  /** In one of the documentation's three networks. */
  nextAddresses(): Addresses;
}

export function newState(clock: Clock, lags: Partial<Lags>): State {
  const soldOut: { size: string; region: string | undefined; shown: boolean }[] = [];
  let ids = 512_000_000;
  let addresses = 0;
  const isSoldOut = (size: CatalogSize, region: string, shownOnly: boolean) =>
    soldOut.some(
      (one) =>
        one.size === size.slug && (one.region ?? region) === region && (one.shown || !shownOnly),
    );
  const state: State = {
    clock,
    lags: {
      boot: { calls: 1 },
      power: { calls: 1 },
      listed: { calls: 0 },
      gone: { calls: 1 },
      ...lags,
    },
    droplets: [],
    actions: [],
    keys: [],
    tokens: new Map(),
    stock: (size) => size.regions.filter((region) => !isSoldOut(size, region, true)),
    sizesIn: (region) =>
      sizes.filter((size) => state.stock(size).includes(region)).map((size) => size.slug),
    has: (size, region) => size.regions.includes(region) && !isSoldOut(size, region, false),
    sellOut: (size, region, shown) => {
      if (!sizes.some((one) => one.slug === size)) throw new Error(`no size ${size}`);
      soldOut.push({ size, region, shown });
    },
    nextId: () => {
      ids += 1;
      return ids;
    },
    nextAddresses: () => {
      addresses += 1;
      const networks = ["192.0.2", "198.51.100", "203.0.113"];
      const network = networks[Math.floor(addresses / 250) % 3];
      const last = 2 + (addresses % 250);
      const subnet = Math.floor(addresses / 250) % 256;
      return { address: `${network}.${last}`, privateAddress: `10.114.${subnet}.${last}` };
    },
  };
  return state;
}

export function addToken(state: State, owner: string, scopes: readonly string[] | null): string {
  const text = `dop_v1_${randomBytes(32).toString("hex")}`;
  state.tokens.set(text, { owner, scopes: scopes === null ? null : new Set(scopes) });
  return text;
}

/** A droplet that is new, and its action; its host is still to be started. */
export function addDroplet(state: State, ordered: Ordered): ActionRecord {
  const droplet: DropletRecord = {
    ...ordered,
    ...{ id: state.nextId(), created: state.clock.now(), removed: null },
    ...{ power: null, addresses: null, shown: "new", gone: null, host: null },
    listed: startLag(state.lags.listed, state.clock),
  };
  state.droplets.push(droplet);
  return addAction(state, droplet, "create");
}

export function addAction(
  state: State,
  droplet: DropletRecord,
  type: ActionRecord["type"],
): ActionRecord {
  const lag = type === "create" ? state.lags.boot : state.lags.power;
  const action: ActionRecord = {
    ...{ id: state.nextId(), type, droplet, started: state.clock.now() },
    ...{ result: null, lag: startLag(lag, state.clock), completed: null, status: "in-progress" },
  };
  state.actions.push(action);
  return action;
}

/** Those that exist and cost. */
export function existing(state: State): DropletRecord[] {
  return state.droplets.filter((droplet) => droplet.removed === null);
}

/** What the API shows as under way with it. */
export function inProgress(state: State, droplet: DropletRecord): ActionRecord[] {
  return state.actions.filter(
    (action) => action.droplet === droplet && action.status === "in-progress",
  );
}

/** Lets the API show what has become of it by now. */
export function settle(state: State, droplet: DropletRecord): void {
  for (const action of inProgress(state, droplet)) {
    if (action.result === null || !action.lag.over()) continue;
    action.status = action.result;
    action.completed = state.clock.now();
  }
  if (droplet.power === null || inProgress(state, droplet).length > 0) return;
  droplet.shown = statuses[droplet.power];
}

/** A call has shown it, as it was. */
export function seen(state: State, droplet: DropletRecord): void {
  for (const action of inProgress(state, droplet)) action.lag.seen();
}

/** Whether a list shows it now; each such call counts for what lags behind. */
export function isListed(state: State, droplet: DropletRecord): boolean {
  settle(state, droplet);
  if (droplet.gone !== null) {
    const over = droplet.gone.over();
    droplet.gone.seen();
    return !over;
  }
  const shown = droplet.listed.over();
  if (!shown) droplet.listed.seen();
  return shown;
}

export function remove(state: State, droplet: DropletRecord): void {
  droplet.removed = state.clock.now();
  droplet.gone = startLag(state.lags.gone, state.clock);
}

export function truth(droplet: DropletRecord): Droplet {
  const { id, name, region, tags, userData, owner, created, removed, power } = droplet;
  const { address = null, privateAddress = null } = droplet.addresses ?? {};
  return {
    ...{ id, name, size: droplet.size.slug, region, tags, userData, owner, created, removed },
    ...{ address, privateAddress, status: power === null ? "new" : statuses[power] },
  };
}

const statuses = { on: "active", off: "off" } as const;

/** One that has been there since before the stand-in. */
export function seed(state: State, seeded: SeededDroplet): DropletRecord {
  const {
    name,
    tags = [],
    size: slug = "s-1vcpu-1gb",
    region = "fra1",
    status = "active",
  } = seeded;
  const size = sizes.find((one) => one.slug === slug);
  const [image] = images;
  if (size === undefined || image === undefined) throw new Error(`no size ${slug}`);
  if (!regions.some((one) => one.slug === region)) throw new Error(`no region ${region}`);
  const { owner = "somebody-else", created = state.clock.now() } = seeded;
  const droplet: DropletRecord = {
    ...{ id: state.nextId(), name, size, region, image, tags, userData: "", owner, created },
    ...{ power: status === "active" ? "on" : "off", addresses: state.nextAddresses() },
    ...{ shown: status, gone: null, removed: null, host: null },
    listed: startLag({ calls: 0 }, state.clock),
  };
  state.droplets.push(droplet);
  return droplet;
}

export function byId(state: State, id: number): DropletRecord {
  const droplet = existing(state).find((one) => one.id === id);
  if (droplet === undefined) throw new Error(`no droplet ${id}`);
  return droplet;
}
