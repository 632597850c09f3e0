/** How tests talk to the stand-in: as plainly as can be, with answers that are looked at. */

import { expect } from "vitest";
import { z } from "zod";
import type { DigitalOcean } from "./types.ts";

/** What a droplet is ordered by at least, and where. */
export const order = { name: "one", size: "c-2", image: "ubuntu-24-04-x64", region: "fra1" };

export async function call(
  api: Pick<DigitalOcean, "url" | "token">,
  method: string,
  path: string,
  options: { body?: unknown; token?: string } = {},
) {
  const { body, token = api.token } = options;
  const response = await fetch(`${api.url}/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const { status, headers } = response;
  const text = await response.text();
  return { status, headers, text, json: () => JSON.parse(text) as unknown };
}

const droplet = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  locked: z.boolean(),
  created_at: z.string(),
  tags: z.array(z.string()),
  networks: z.object({
    v4: z.array(z.object({ ip_address: z.string(), type: z.enum(["public", "private"]) })),
  }),
});
const list = z.object({
  droplets: z.array(droplet),
  links: z.object({ pages: z.record(z.string(), z.string()).optional() }),
  meta: z.object({ total: z.number() }),
});
export const refusal = z.object({ id: z.string(), message: z.string() });

export async function listed(api: DigitalOcean, query = "") {
  return list.parse((await call(api, "GET", `/droplets${query}`)).json());
}

export async function create(api: DigitalOcean, changes: object = {}) {
  const { status, json } = await call(api, "POST", "/droplets", { body: { ...order, ...changes } });
  expect(status).toBe(202);
  return z.object({ droplet }).parse(json()).droplet;
}

export async function refused(api: DigitalOcean, method: string, path: string, options = {}) {
  const { status, json } = await call(api, method, path, options);
  const { id, message } = refusal.parse(json());
  return { status, id, message };
}
