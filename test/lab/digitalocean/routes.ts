/** What each call does, and what it is answered with. */

import { createHash } from "node:crypto";
import { z } from "zod";
import { type Answer, failure, json, noContent, unprocessable } from "./answer.ts";
import { regions, sizes } from "./catalog.ts";
import type { Hosts } from "./hosts.ts";
import { readOrder } from "./order.ts";
import { page } from "./pages.ts";
import {
  accountPayload,
  actionLink,
  actionPayload,
  dropletPayload,
  keyPayload,
  regionPayload,
  sizePayload,
  tagPayload,
} from "./payloads.ts";
import {
  type ActionRecord,
  addDroplet,
  type DropletRecord,
  existing,
  inProgress,
  isListed,
  type State,
  seen,
  settle,
  type Token,
} from "./state.ts";
import type { Options } from "./types.ts";

export interface Services {
  readonly state: State;
  readonly hosts: Hosts;
  readonly options: Options;
  /** Without `/v2`. */
  readonly url: string;
}

export interface Asked {
  readonly token: Token;
  readonly url: URL;
  readonly body: unknown;
}

interface Route {
  /** What the token must be allowed to do, all of it. */
  readonly scopes: readonly string[];
  readonly answer: (services: Services, asked: Asked, id: string) => Answer;
}

/** By method and path; `:id` is what the answer is asked about. */
const routes: Readonly<Record<string, Route>> = {
  "GET /v2/account": { scopes: ["account:read"], answer: account },
  "GET /v2/sizes": { scopes: ["sizes:read", "regions:read"], answer: listSizes },
  "GET /v2/regions": { scopes: ["regions:read"], answer: listRegions },
  "GET /v2/droplets": { scopes: ["droplet:read"], answer: listDroplets },
  "POST /v2/droplets": { scopes: ["droplet:create"], answer: createDroplets },
  "DELETE /v2/droplets": { scopes: ["droplet:delete", "tag:read"], answer: deleteByTag },
  "GET /v2/droplets/:id": { scopes: ["droplet:read"], answer: getDroplet },
  "DELETE /v2/droplets/:id": { scopes: ["droplet:delete"], answer: deleteDroplet },
  "GET /v2/droplets/:id/actions": { scopes: ["droplet:read"], answer: listActions },
  "POST /v2/droplets/:id/actions": { scopes: ["droplet:update"], answer: actOn },
  "GET /v2/droplets/:parent/actions/:id": { scopes: ["droplet:read"], answer: getAction },
  "GET /v2/actions/:id": { scopes: ["actions:read"], answer: getAction },
  "GET /v2/tags": { scopes: ["tag:read"], answer: listTags },
  "GET /v2/account/keys": { scopes: ["ssh_key:read"], answer: listKeys },
  "POST /v2/account/keys": { scopes: ["ssh_key:create"], answer: addKey },
  "DELETE /v2/account/keys/:id": { scopes: ["ssh_key:delete"], answer: deleteKey },
};

export function answerCall(services: Services, method: string, asked: Asked): Answer {
  for (const [call, route] of Object.entries(routes)) {
    const pattern = call.replaceAll(/:\w+/g, (name) => `(?<${name.slice(1)}>[^/]+)`);
    const match = new RegExp(`^${pattern}$`).exec(`${method} ${asked.url.pathname}`);
    if (match === null) continue;
    if (!route.scopes.every((scope) => allows(asked.token, scope))) return failure(403);
    return route.answer(services, asked, decodeURIComponent(match.groups?.id ?? ""));
  }
  return failure(404);
}

function allows(token: Token, scope: string): boolean {
  return token.scopes === null || token.scopes.has(scope);
}

function account({ options }: Services): Answer {
  const { dropletLimit = 25, accountStatus = "active" } = options;
  return json(200, { account: accountPayload(dropletLimit, accountStatus) });
}

function listSizes({ state }: Services, { url }: Asked): Answer {
  const all = sizes.map((size) => sizePayload(size, state.stock(size)));
  return page(url, "sizes", all);
}

function listRegions({ state }: Services, { url, token }: Asked): Answer {
  const all = regions.map((region) => {
    const shown = region.available && allows(token, "sizes:read");
    return regionPayload(region, shown ? state.sizesIn(region.slug) : []);
  });
  return page(url, "regions", all);
}

function listDroplets({ state }: Services, { url, token }: Asked): Answer {
  const tag = url.searchParams.get("tag_name");
  const name = url.searchParams.get("name");
  if (tag !== null && name !== null) {
    return unprocessable("tag_name and name can not be combined");
  }
  if (tag !== null && !allows(token, "tag:read")) return failure(403);
  const found = state.droplets.filter(
    (droplet) =>
      (tag === null || droplet.tags.includes(tag)) &&
      (name === null || droplet.name.toLowerCase() === name.toLowerCase()) &&
      isListed(state, droplet),
  );
  const answered = page(
    url,
    "droplets",
    found.map((droplet) => shown(state, droplet, token)),
  );
  for (const droplet of found) seen(state, droplet);
  return answered;
}

/** Tags are for who may read tags. */
function shown(state: State, droplet: DropletRecord, token: Token) {
  const payload = dropletPayload(state, droplet);
  return allows(token, "tag:read") ? payload : { ...payload, tags: [] };
}

function createDroplets({ state, hosts, options, url }: Services, asked: Asked): Answer {
  const { token, body } = asked;
  if (options.accountStatus === "locked") return failure(403);
  const order = readOrder(state, body, token.owner, options.dropletLimit ?? 25);
  if ("status" in order) return order;
  const tagged = order.droplets.some((droplet) => droplet.tags.length > 0);
  if (tagged && !allows(token, "tag:create")) return failure(403);
  const actions = order.droplets.map((droplet) => addDroplet(state, droplet));
  const payloads = actions.map(({ droplet }) => shown(state, droplet, token));
  for (const action of actions) hosts.boot(action);
  const links = { actions: actions.map((action) => actionLink(url, action)) };
  return json(202, order.many ? { droplets: payloads, links } : { droplet: payloads[0], links });
}

function find(state: State, id: string): DropletRecord | null {
  const droplet = existing(state).find((one) => String(one.id) === id) ?? null;
  if (droplet !== null) settle(state, droplet);
  return droplet;
}

function getDroplet({ state }: Services, { token }: Asked, id: string): Answer {
  const droplet = find(state, id);
  if (droplet === null) return failure(404);
  const payload = shown(state, droplet, token);
  seen(state, droplet);
  return json(200, { droplet: payload });
}

const pending = "Droplet already has a pending event.";

function deleteDroplet({ state, hosts, options }: Services, _: Asked, id: string): Answer {
  const droplet = find(state, id);
  if (droplet === null) return failure(404);
  if (droplet.shown === "new" && options.deleteWhileNew === "refused") {
    return unprocessable(pending);
  }
  if (droplet.shown === "new" && options.deleteWhileNew === "ignored") return noContent;
  hosts.remove(droplet);
  return noContent;
}

function deleteByTag({ state, hosts }: Services, { url }: Asked): Answer {
  const tag = url.searchParams.get("tag_name");
  if (tag === null || tag === "") return unprocessable("tag_name is required");
  const tagged = existing(state).filter((droplet) => droplet.tags.includes(tag));
  for (const droplet of tagged) hosts.remove(droplet);
  return noContent;
}

const actionSchema = z.object({ type: z.string() });
const powerSchema = z.enum(["power_on", "power_off", "shutdown"]);

function actOn({ state, hosts }: Services, { body }: Asked, id: string): Answer {
  const droplet = find(state, id);
  if (droplet === null) return failure(404);
  const parsed = actionSchema.safeParse(body);
  if (!parsed.success) return failure(400);
  const type = powerSchema.safeParse(parsed.data.type);
  if (!type.success) return unprocessable(`The stand-in knows no action ${parsed.data.type}`);
  if (inProgress(state, droplet).length > 0) return unprocessable(pending);
  const action = hosts.power(droplet, type.data);
  if (action === null) {
    return unprocessable(`Droplet is already powered ${droplet.power === "off" ? "off" : "on"}.`);
  }
  return json(201, { action: actionPayload(state, action) });
}

function findAction(state: State, id: string): ActionRecord | null {
  const action = state.actions.find((one) => String(one.id) === id) ?? null;
  if (action !== null) settle(state, action.droplet);
  return action;
}

function getAction({ state }: Services, _: Asked, id: string): Answer {
  const action = findAction(state, id);
  if (action === null) return failure(404);
  const payload = actionPayload(state, action);
  if (action.status === "in-progress") action.lag.seen();
  return json(200, { action: payload });
}

function listActions({ state }: Services, { url }: Asked, id: string): Answer {
  const droplet = find(state, id);
  if (droplet === null) return failure(404);
  const actions = state.actions.filter((action) => action.droplet === droplet);
  return page(
    url,
    "actions",
    actions.map((action) => actionPayload(state, action)),
  );
}

function listTags({ state, url: base }: Services, { url }: Asked): Answer {
  const tags = [...new Set(existing(state).flatMap((droplet) => droplet.tags))];
  const all = tags.map((tag) => {
    const tagged = existing(state).filter((droplet) => droplet.tags.includes(tag));
    return tagPayload(base, tag, tagged);
  });
  return page(url, "tags", all);
}

function listKeys({ state }: Services, { url }: Asked): Answer {
  return page(url, "ssh_keys", state.keys.map(keyPayload));
}

const keySchema = z.object({ name: z.string().min(1), public_key: z.string() });

function addKey({ state }: Services, { body }: Asked): Answer {
  const parsed = keySchema.safeParse(body);
  if (!parsed.success) return failure(400);
  const { name, public_key: publicKey } = parsed.data;
  const bytes = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  if (!/^(ssh-|ecdsa-)\S+ \S+/.test(publicKey) || bytes.length === 0) {
    return unprocessable("Key invalid, key should be in OpenSSH format");
  }
  const digest = createHash("md5").update(bytes).digest("hex");
  const fingerprint = digest.match(/../g)?.join(":") ?? "";
  if (state.keys.some((key) => key.fingerprint === fingerprint)) {
    return unprocessable("SSH Key is already in use on your account");
  }
  const key = { id: state.nextId(), name, publicKey, fingerprint };
  state.keys.push(key);
  return json(201, { ssh_key: keyPayload(key) });
}

function deleteKey({ state }: Services, _: Asked, id: string): Answer {
  const index = state.keys.findIndex((key) => String(key.id) === id || key.fingerprint === id);
  if (index === -1) return failure(404);
  state.keys.splice(index, 1);
  return noContent;
}
