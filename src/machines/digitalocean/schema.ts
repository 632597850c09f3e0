import { z } from "zod";
import type { Machine, Size, Tags } from "../provider.ts";

/** The parts of the API's answers that are used, and what they mean here. */

const PAGED = {
  meta: z.object({ total: z.number() }),
  links: z.object({ pages: z.object({ next: z.string().optional() }).optional() }).nullish(),
};

const SIZE = z.object({
  slug: z.string(),
  vcpus: z.number().positive(),
  /** MiB. */
  memory: z.number().positive(),
  /** GiB. */
  disk: z.number(),
  price_hourly: z.number(),
  price_monthly: z.number(),
  regions: z.array(z.string()),
  available: z.boolean(),
  description: z.string().nullish(),
});

export const SIZES = z.object({ ...PAGED, sizes: z.array(SIZE) });

const DROPLET = z.object({
  id: z.number().int(),
  name: z.string(),
  status: z.string(),
  created_at: z
    .string()
    .transform((text) => Date.parse(text))
    .pipe(z.number()),
  tags: z.array(z.string()),
  size_slug: z.string(),
  size: z.object({ price_hourly: z.number().nullish() }).nullish(),
  region: z.object({ slug: z.string() }),
  networks: z
    .object({ v4: z.array(z.object({ ip_address: z.string(), type: z.string() })).nullish() })
    .nullish(),
});

type Droplet = z.infer<typeof DROPLET>;

export const DROPLETS = z.object({ ...PAGED, droplets: z.array(DROPLET) });
export const ONE_DROPLET = z.object({ droplet: DROPLET });
export const CREATED = z.object({ droplets: z.array(DROPLET) });
export const COUNT = z.object({ meta: z.object({ total: z.number() }) });
export const ACCOUNT = z.object({
  account: z.object({
    droplet_limit: z.number(),
    status: z.string().nullish(),
    status_message: z.string().nullish(),
    uuid: z.string().nullish(),
    /** Whose droplets a token shows; absent for a token of no team's. */
    team: z.object({ uuid: z.string().nullish() }).nullish(),
  }),
});
export const ANYTHING = z.unknown();

/** What every droplet of ours has, and by which `list` finds them. */
export const MARK = "sim-pipeline";

/** A lease's tags as DigitalOcean's: letters, digits, `:`, `-` and `_`, at most 255 of them. */
export function writtenTags(tags: Tags): string[] {
  return [MARK, ...Object.entries(tags).map(([key, value]) => `${MARK}:${key}:${value}`)];
}

/** The account's tags keep the case in which somebody first wrote them, and compare without it. */
function readTags(written: readonly string[]): Tags {
  const parts = written.map((tag) => tag.toLowerCase().split(":"));
  return Object.fromEntries(
    parts.flatMap(([mark, key, value, ...more]) =>
      mark === MARK && key !== undefined && value !== undefined && more.length === 0
        ? [[key, value]]
        : [],
    ),
  );
}

export function machineOf(droplet: Droplet): Machine {
  const v4 = droplet.networks?.v4 ?? [];
  const address = (type: string) => v4.find((one) => one.type === type)?.ip_address ?? null;
  return {
    provider: "digitalocean",
    id: String(droplet.id),
    name: droplet.name,
    size: droplet.size_slug,
    region: droplet.region.slug,
    state: STATES[droplet.status] ?? "running",
    address: address("public"),
    privateAddress: address("private"),
    port: 22,
    created: droplet.created_at,
    pricePerHour: droplet.size?.price_hourly ?? null,
    tags: readTags(droplet.tags),
  };
}

const STATES: Readonly<Record<string, Machine["state"]>> = {
  new: "creating",
  active: "running",
  off: "stopped",
  archive: "stopped",
};

export function sizeOf(size: z.infer<typeof SIZE>): Size {
  return {
    name: size.slug,
    cpus: size.vcpus,
    memory: size.memory * 2 ** 20,
    disk: size.disk * 2 ** 30,
    pricePerHour: size.price_hourly,
    pricePerMonth: size.price_monthly,
    regions: size.regions,
    available: size.available,
    description: size.description ?? "",
  };
}
