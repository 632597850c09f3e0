import type { z } from "zod";
import { checkOrder } from "../order.ts";
import {
  type Billing,
  type Machine,
  type Order,
  type Provider,
  ProviderError,
  type Size,
} from "../provider.ts";
import { checkCount, offerOf } from "../sizes.ts";
import { type Api, accountOf, type Call, connect } from "./client.ts";
import { realTimer, type Timer } from "./pace.ts";
import { switchPower } from "./power.ts";
import {
  ACCOUNT,
  ANYTHING,
  COUNT,
  CREATED,
  DROPLETS,
  MARK,
  machineOf,
  SIZES,
  sizeOf,
  writtenTags,
} from "./schema.ts";

/**
 * Per second since January 1, 2026, at least 60 seconds or one cent, whichever is more; what is
 * powered off is paid for until it is destroyed.
 * Source: https://www.digitalocean.com/community/questions/how-billing-works-for-1-hour
 */
const BILLING: Billing = {
  minimumSeconds: 60,
  minimumCost: 0.01,
  currency: "USD",
  stoppedCosts: true,
};

/** Names a create call takes. Source: https://docs.digitalocean.com/reference/api/ (Droplets). */
const BATCH = 10;
const IMAGE = "ubuntu-24-04-x64";
/** As many as a page may hold. */
const PER_PAGE = 200;
/** Removals under way at once. */
const AT_ONCE = 8;
const PATIENCE = 30_000;

/**
 * DigitalOcean's droplets, with the account that `env` names: DIGITALOCEAN_TOKEN (or
 * DIGITALOCEAN_ACCESS_TOKEN), DIGITALOCEAN_API_URL, and DIGITALOCEAN_SSH_KEYS for keys of the
 * account that new droplets get besides ours: without any, DigitalOcean mails a root password, which
 * opens nothing here, since the user data turns root and passwords off.
 *
 * @throws ProviderError for a missing token or a wrong setting; nothing is sent yet.
 */
export function digitalOcean(
  env: NodeJS.ProcessEnv,
  options: { readonly timer?: Timer; readonly patience?: number } = {},
): Provider {
  const { timer = realTimer, patience = PATIENCE } = options;
  const account = accountOf(env);
  const api = connect({ ...account, patience, timer });
  return {
    name: "digitalocean",
    billing: BILLING,
    batch: BATCH,
    now: (signal) => now(api, signal),
    account: (signal) => accountName(api, signal),
    sizes: (signal) => sizes(api, signal),
    check: async (request, signal) => {
      checkCount(request.count);
      const offer = offerOf(request, await sizes(api, signal), {
        title: "DigitalOcean",
        currency: BILLING.currency,
      });
      await checkLimit(api, request.count, signal);
      await checkRemoval(api, signal);
      return offer;
    },
    create: (order, signal) => create(api, order, account.sshKeys, signal),
    list: (signal) => list(api, signal),
    remove: (ids, signal) => remove(api, ids, signal),
    power: (id, on, signal) => switchPower(api, timer, { id: dropletId(id), on }, signal),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function now(api: Api, signal: AbortSignal): Promise<number> {
  const action = "Cannot ask DigitalOcean for the time";
  const { date } = await api({ ...reading(ACCOUNT), action, send: getAccount }, signal);
  if (date !== null) return date;
  throw new ProviderError("unavailable", `${action}: its answer has no date.\nTry again later.`);
}

/** Droplets are a team's, of which every member has tokens; a user's own where there is no team. */
async function accountName(api: Api, signal: AbortSignal): Promise<string> {
  const action = "Cannot ask for the account";
  const { account } = (await api({ ...reading(ACCOUNT), action, send: getAccount }, signal)).data;
  return account.team?.uuid ?? account.uuid ?? "";
}

const getAccount: Call<unknown>["send"] = (dots) => dots.account.getAccount();

/** A call that changes nothing, of a path that is always there. */
function reading<T>(schema: z.ZodType<T>) {
  return { schema, repeatable: true, oneThing: false } as const;
}

async function sizes(api: Api, signal: AbortSignal): Promise<Size[]> {
  const found: Size[] = [];
  for (let page = 1; ; page++) {
    const { data } = await api(
      {
        ...reading(SIZES),
        action: "Cannot list DigitalOcean's sizes",
        send: (dots) => dots.size.listSizes({ page, per_page: PER_PAGE }),
      },
      signal,
    );
    found.push(...data.sizes.map(sizeOf));
    if (data.links?.pages?.next === undefined) return found;
  }
}

/** Told apart from what is out of stock, which DigitalOcean refuses with the same status. */
async function checkLimit(api: Api, count: number, signal: AbortSignal): Promise<void> {
  const action = "Cannot ask for the account's limits";
  const { account } = (await api({ ...reading(ACCOUNT), action, send: getAccount }, signal)).data;
  if (account.status === "locked") {
    const reason = account.status_message ? `: ${account.status_message}` : ".";
    throw new ProviderError(
      "forbidden",
      `The DigitalOcean account is locked${reason}\nSee https://cloud.digitalocean.com, or ask their support.`,
    );
  }
  // Everybody's of the account: they share its limit.
  const counted = await api(
    {
      ...reading(COUNT),
      action: "Cannot count the account's droplets",
      send: (dots) => dots.droplet.listDroplets({ page: 1, per_page: 1 }),
    },
    signal,
  );
  const { total } = counted.data.meta;
  const free = Math.max(0, account.droplet_limit - total);
  if (count <= free) return;
  throw new ProviderError(
    "limit",
    `${count} more droplet${count === 1 ? " is" : "s are"} beyond the account's limit: it may have ${account.droplet_limit} and has ${total}, so at most ${free} more.\nAsk for fewer, remove droplets that are not needed, or have the limit raised in the control panel (Settings, Team).`,
  );
}

/**
 * A token that may create and not remove would leave what it rents. No droplet has the id 0, so this
 * removes nothing; whatever else is wrong with the call does not matter here.
 */
async function checkRemoval(api: Api, signal: AbortSignal): Promise<void> {
  try {
    const action = "The token may not remove what it would rent";
    await api({ ...removal(0), action, repeatable: false }, signal);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (error.kind === "auth" || error.kind === "forbidden") throw error;
  }
}

async function create(
  api: Api,
  order: Order,
  sshKeys: readonly (string | number)[],
  signal: AbortSignal,
): Promise<Machine[]> {
  checkOrder(order, BATCH);
  const { data } = await api(
    {
      action: `Cannot create ${order.names.join(", ")} on DigitalOcean`,
      oneThing: false,
      // Sent again, it would make as many droplets again, of the same names.
      repeatable: false,
      schema: CREATED,
      send: (dots) =>
        dots.droplet.createDroplets({
          names: [...order.names],
          region: order.region,
          size: order.size,
          image: IMAGE,
          tags: writtenTags(order.tags),
          user_data: order.userData,
          monitoring: false,
          // It would let the control panel's console in, past our keys.
          with_droplet_agent: false,
          ...(sshKeys.length > 0 ? { ssh_keys: [...sshKeys] } : {}),
        }),
    },
    signal,
  );
  return data.droplets.map(machineOf);
}

/** Pages shift while machines come and go: what was counted must have been seen. */
async function list(api: Api, signal: AbortSignal): Promise<Machine[]> {
  for (let tried = 1; ; tried++) {
    const { machines, total } = await listOnce(api, signal);
    if (machines.length >= total || tried === 3) return machines;
  }
}

async function listOnce(api: Api, signal: AbortSignal) {
  const machines = new Map<string, Machine>();
  for (let page = 1; ; page++) {
    const { data } = await api(
      {
        ...reading(DROPLETS),
        action: "Cannot list droplets",
        send: (dots) => dots.droplet.listDroplets({ page, per_page: PER_PAGE, tag_name: MARK }),
      },
      signal,
    );
    for (const machine of data.droplets.map(machineOf)) machines.set(machine.id, machine);
    if (data.links?.pages?.next === undefined) {
      return { machines: [...machines.values()], total: page === 1 ? 0 : data.meta.total };
    }
  }
}

/** Each id is asked for, whatever becomes of the others; the first error is thrown at the end. */
async function remove(api: Api, ids: readonly string[], signal: AbortSignal): Promise<void> {
  const droplets = ids.map(dropletId);
  const errors: unknown[] = [];
  const next = droplets.values();
  const worker = async () => {
    for (const id of next) {
      try {
        await api(removal(id), signal);
      } catch (error) {
        if (!(error instanceof ProviderError && error.kind === "missing")) errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, worker));
  signal.throwIfAborted();
  if (errors.length > 0) throw errors[0];
}

function removal(id: number): Call<unknown> {
  return {
    action: `Cannot remove droplet ${id}`,
    oneThing: true,
    repeatable: true,
    schema: ANYTHING,
    send: (dots) => dots.droplet.deleteDroplet({ droplet_id: id }),
  };
}

function dropletId(id: string): number {
  if (/^[1-9]\d{0,15}$/.test(id)) return Number(id);
  throw new ProviderError("invalid", `${JSON.stringify(id)} is no droplet's id: it is a number.`);
}
