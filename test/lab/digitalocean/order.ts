/** What an order of droplets must be, with the refusals of the API. */

import { z } from "zod";
import { type Answer, failure, unprocessable } from "./answer.ts";
import { type CatalogSize, images, regions, sizes } from "./catalog.ts";
import { existing, type Ordered, type State } from "./state.ts";

const orderSchema = z.object({
  name: z.string().optional(),
  names: z.array(z.string()).optional(),
  region: z.string().nullish(),
  size: z.string(),
  image: z.union([z.string(), z.number().int()]),
  ssh_keys: z.array(z.union([z.string(), z.number().int()])).nullish(),
  tags: z.array(z.string()).nullish(),
  user_data: z.string().nullish(),
});

export interface Order {
  /** Answered as `droplets`, also where it is one. */
  readonly many: boolean;
  readonly droplets: readonly Ordered[];
}

/** The order, or what the API answers to one that cannot be done. */
export function readOrder(
  state: State,
  body: unknown,
  owner: string,
  limit: number,
): Order | Answer {
  const parsed = orderSchema.safeParse(body);
  if (!parsed.success) return missing(body, parsed.error);
  const order = parsed.data;
  const names = order.names ?? (order.name === undefined ? [] : [order.name]);
  const { tags, user_data: userData } = order;
  const size = sizes.find((one) => one.slug === order.size);
  const image = images.find((one) => one.slug === order.image || one.id === order.image);

  const wrong = wrongNames(names) ?? wrongTags(tags ?? []) ?? wrongKeys(state, order.ssh_keys);
  if (wrong !== null) return unprocessable(wrong);
  if (size === undefined)
    return unprocessable("You specified an invalid size for Droplet creation.");
  const region = chooseRegion(state, size, order.region ?? null);
  if ("refusal" in region) return unprocessable(region.refusal);
  if (image === undefined || size.disk < image.min_disk_size) {
    return unprocessable("You specified an invalid image for Droplet creation.");
  }
  if (Buffer.byteLength(userData ?? "") > 64 * 1_024) {
    return unprocessable("User data is too long (maximum is 65536 bytes).");
  }
  if (existing(state).length + names.length > limit) {
    return unprocessable("creating this/these droplet(s) will exceed your droplet limit");
  }
  const known = knownTags(state);
  const shared = {
    ...{ size, image, owner, region: region.slug, userData: userData ?? "" },
    tags: [...new Set(tags)].map((tag) => known.get(tag.toLowerCase()) ?? tag),
  };
  return {
    many: order.names !== undefined,
    droplets: names.map((name) => ({ name, ...shared })),
  };
}

function missing(body: unknown, error: z.ZodError): Answer {
  if (typeof body !== "object" || body === null) return failure(400);
  const field = String(error.issues[0]?.path[0] ?? "request");
  if (field === "size" || field === "image") {
    return unprocessable(`You specified an invalid ${field} for Droplet creation.`);
  }
  return unprocessable(`${field} is invalid`);
}

function wrongNames(names: readonly string[]): string | null {
  if (names.length === 0) return "Name can't be blank";
  if (names.length > 10) return "You can only create up to 10 Droplets at a time.";
  if (names.some((name) => name.length > 255))
    return "Name is too long (maximum is 255 characters)";
  const valid = names.every((name) => /^[a-zA-Z0-9]?[a-z0-9A-Z.-]*[a-z0-9A-Z]$/.test(name));
  return valid ? null : "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)";
}

function wrongTags(tags: readonly string[]): string | null {
  if (tags.some((tag) => tag.length > 255))
    return "Tag name is too long (maximum is 255 characters)";
  const valid = tags.every((tag) => /^[a-zA-Z0-9_\-:]+$/.test(tag));
  return valid
    ? null
    : "Tag names may only contain letters, numbers, colons, dashes, and underscores.";
}

function wrongKeys(
  state: State,
  wanted: readonly (string | number)[] | null | undefined,
): string | null {
  const unknown = (wanted ?? []).filter(
    (key) => !state.keys.some((one) => String(one.id) === String(key) || one.fingerprint === key),
  );
  return unknown.length === 0
    ? null
    : `${unknown.join(", ")} are invalid key identifiers for Droplet creation.`;
}

/** `nyc` is any of nyc1, nyc2, nyc3; none is wherever the size is. */
function chooseRegion(
  state: State,
  size: CatalogSize,
  wanted: string | null,
): { readonly slug: string } | { readonly refusal: string } {
  const matching = regions.filter(
    ({ slug }) => wanted === null || slug === wanted || slug.replace(/\d+$/, "") === wanted,
  );
  if (matching.length === 0) {
    return { refusal: "You specified an invalid region for Droplet creation." };
  }
  const open = matching.filter((region) => region.available);
  if (open.length === 0) return { refusal: "Region is not available" };
  const chosen = open.find((region) => state.has(size, region.slug));
  return chosen ?? { refusal: "Size is not available in this region." };
}

/** Tags keep the capitals that they were first written with. */
function knownTags(state: State): Map<string, string> {
  const known = new Map<string, string>();
  for (const tag of state.droplets.flatMap((droplet) => droplet.tags)) {
    if (!known.has(tag.toLowerCase())) known.set(tag.toLowerCase(), tag);
  }
  return known;
}
