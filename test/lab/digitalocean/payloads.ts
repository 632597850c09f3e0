/** What the stand-in knows, in the shapes of the official client's types, so that none can be wrong. */

import { type CatalogRegion, type CatalogSize, regions } from "./catalog.ts";
import type * as official from "./official.ts";
import type { ActionRecord, DropletRecord, Key, State } from "./state.ts";

/** Every field that the client knows, but those left out; only those named may be null. */
export type Whole<T, Without extends keyof T = never, Nullable extends keyof T = never> = {
  readonly [Key in Exclude<keyof T, Without>]-?: Key extends Nullable
    ? Exclude<T[Key], undefined>
    : NonNullable<T[Key]>;
};

export function accountPayload(
  limit: number,
  status: "active" | "warning" | "locked",
): Whole<official.Account> {
  return {
    droplet_limit: limit,
    floating_ip_limit: 3,
    email: "sammy@example.com",
    name: "Sammy the Shark",
    uuid: "b6fc48dbf6d9906cace5f3c78dc9851e757381ef",
    email_verified: true,
    status,
    status_message: "",
    team: { uuid: "5df3e3004a17e242b7c20ca6c9fc25b701a47ece", name: "My Team" },
  };
}

/** `regions`: where it can be had now. GPUs are what other droplets do not have. */
export function sizePayload(
  size: CatalogSize,
  where: readonly string[],
): Whole<official.Size, "gpu_info"> {
  return {
    slug: size.slug,
    memory: size.memory,
    vcpus: size.vcpus,
    disk: size.disk,
    transfer: size.transfer,
    price_monthly: size.priceMonthly,
    price_hourly: Number((size.priceMonthly / 672).toFixed(5)),
    regions: where,
    available: where.length > 0,
    description: size.description,
    disk_info: diskInfo(size),
  };
}

export function regionPayload(
  region: CatalogRegion,
  sizes: readonly string[],
): Whole<official.Region> {
  return {
    name: region.name,
    slug: region.slug,
    features: ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
    available: region.available,
    sizes,
  };
}

export function dropletPayload(
  state: State,
  droplet: DropletRecord,
): Whole<official.Droplet, "gpu_info", "kernel" | "next_backup_window"> {
  const { size } = droplet;
  return {
    id: droplet.id,
    name: droplet.name,
    memory: size.memory,
    vcpus: size.vcpus,
    disk: size.disk,
    disk_info: diskInfo(size),
    locked: droplet.shown === "new" || droplet.removed !== null,
    status: droplet.shown,
    kernel: null,
    created_at: seconds(droplet.created),
    features: ["droplet_agent", "private_networking"],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    image: droplet.image,
    volume_ids: [],
    size: sizePayload(size, state.stock(size)),
    size_slug: size.slug,
    networks: { v4: networks(droplet), v6: [] },
    region: regionPayload(regionOf(droplet.region), state.sizesIn(droplet.region)),
    tags: droplet.tags,
    vpc_uuid: "760e09ef-dc84-11e8-981e-3cfdfeaae000",
  };
}

export function actionPayload(
  state: State,
  action: ActionRecord,
): Whole<official.Action, never, "completed_at"> {
  const { region } = action.droplet;
  return {
    id: action.id,
    status: action.status,
    type: action.type,
    started_at: seconds(action.started),
    completed_at: action.completed === null ? null : seconds(action.completed),
    resource_id: action.droplet.id,
    resource_type: "droplet",
    region: regionPayload(regionOf(region), state.sizesIn(region)),
    region_slug: region,
  };
}

export function actionLink(url: string, action: ActionRecord): Whole<official.Action_link> {
  return { id: action.id, rel: action.type, href: `${url}/v2/actions/${action.id}` };
}

export function keyPayload(key: Key): Whole<official.SshKeys> {
  return { id: key.id, name: key.name, fingerprint: key.fingerprint, public_key: key.publicKey };
}

export function tagPayload(
  url: string,
  name: string,
  tagged: readonly DropletRecord[],
): Whole<official.Tags> {
  const last = tagged.at(-1);
  const droplets = {
    count: tagged.length,
    last_tagged_uri: last === undefined ? null : `${url}/v2/droplets/${last.id}`,
  };
  const none = { count: 0, last_tagged_uri: null };
  // The name of the images is misspelt in the API's own description.
  const rest = { imgages: none, volumes: none, volume_snapshots: none, databases: none };
  return { name, resources: { ...droplets, droplets, ...rest } };
}

function networks(droplet: DropletRecord): readonly Whole<official.Network_v4, never, "gateway">[] {
  if (droplet.shown === "new" || droplet.addresses === null) return [];
  const { address, privateAddress } = droplet.addresses;
  return [
    {
      ip_address: privateAddress,
      netmask: "255.255.240.0",
      gateway: null,
      type: "private",
    },
    {
      ip_address: address,
      netmask: "255.255.255.0",
      gateway: address.replace(/\d+$/, "1"),
      type: "public",
    },
  ];
}

function diskInfo(size: CatalogSize): readonly Whole<official.Disk_info>[] {
  return [{ type: "local", size: { amount: size.disk, unit: "gib" } }];
}

function regionOf(slug: string): CatalogRegion {
  const region = regions.find((one) => one.slug === slug);
  if (region === undefined) throw new Error(`no region ${slug}`);
  return region;
}

/** The API's times have no fractions of a second. */
function seconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
