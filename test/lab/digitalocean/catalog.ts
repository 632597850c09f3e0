/**
 * What the stand-in rents out. Slugs and shapes are DigitalOcean's; prices are of some day and the
 * stand-in's own, as is what is where: nothing outside tests may rely on them.
 */

import type * as official from "./official.ts";
import type { Whole } from "./payloads.ts";

export interface CatalogSize {
  readonly slug: string;
  readonly vcpus: number;
  /** Megabytes. */
  readonly memory: number;
  /** Gigabytes. */
  readonly disk: number;
  /** Terabytes. */
  readonly transfer: number;
  readonly priceMonthly: number;
  readonly description: string;
  readonly regions: readonly string[];
  readonly available: boolean;
}

export interface CatalogRegion {
  readonly slug: string;
  readonly name: string;
  readonly available: boolean;
}

type Row = [
  slug: string,
  vcpus: number,
  gigabytes: number,
  disk: number,
  tb: number,
  price: number,
];

export const regions: readonly CatalogRegion[] = [
  { slug: "nyc1", name: "New York 1", available: true },
  { slug: "nyc2", name: "New York 2", available: false },
  { slug: "nyc3", name: "New York 3", available: true },
  { slug: "ams3", name: "Amsterdam 3", available: true },
  { slug: "sfo3", name: "San Francisco 3", available: true },
  { slug: "sgp1", name: "Singapore 1", available: true },
  { slug: "lon1", name: "London 1", available: true },
  { slug: "fra1", name: "Frankfurt 1", available: true },
  { slug: "tor1", name: "Toronto 1", available: true },
  { slug: "blr1", name: "Bangalore 1", available: true },
  { slug: "syd1", name: "Sydney 1", available: true },
];

const everywhere = regions.filter((region) => region.available).map((region) => region.slug);

/** More than a page of the default length. */
export const sizes: readonly CatalogSize[] = [
  ...family("Basic", everywhere, [
    ["s-1vcpu-512mb-10gb", 1, 0.5, 10, 0.5, 4],
    ["s-1vcpu-1gb", 1, 1, 25, 1, 6],
    ["s-1vcpu-2gb", 1, 2, 50, 2, 12],
    ["s-2vcpu-2gb", 2, 2, 60, 3, 18],
    ["s-2vcpu-4gb", 2, 4, 80, 4, 24],
    ["s-4vcpu-8gb", 4, 8, 160, 5, 48],
    ["s-8vcpu-16gb", 8, 16, 320, 6, 96],
  ]),
  ...family("CPU-Optimized", everywhere, [
    ["c-2", 2, 4, 25, 4, 42],
    ["c-4", 4, 8, 50, 5, 84],
    ["c-8", 8, 16, 100, 6, 168],
    ["c-16", 16, 32, 200, 7, 336],
  ]),
  ...family(
    "CPU-Optimized",
    ["nyc3", "sfo3", "fra1"],
    [
      ["c-32", 32, 64, 400, 9, 672],
      ["c2-2vcpu-4gb", 2, 4, 50, 4, 47],
    ],
  ),
  ...family("General Purpose", everywhere, [
    ["g-2vcpu-8gb", 2, 8, 25, 4, 63],
    ["g-4vcpu-16gb", 4, 16, 50, 5, 126],
    ["g-8vcpu-32gb", 8, 32, 100, 6, 252],
    ["g-16vcpu-64gb", 16, 64, 200, 7, 504],
  ]),
  ...family(
    "Memory-Optimized",
    ["nyc1", "nyc3", "ams3", "fra1", "sgp1"],
    [
      ["m-2vcpu-16gb", 2, 16, 50, 4, 84],
      ["m-4vcpu-32gb", 4, 32, 100, 6, 168],
      ["m-8vcpu-64gb", 8, 64, 200, 7, 336],
    ],
  ),
  ...family("Storage-Optimized", ["nyc1", "ams3", "blr1"], [["so-2vcpu-16gb", 2, 16, 300, 4, 131]]),
  // Known, and never to be had again.
  ...family("Basic", [], [["s-1vcpu-3gb", 1, 3, 60, 3, 18]]),
];

function family(
  description: string,
  where: readonly string[],
  rows: readonly Row[],
): readonly CatalogSize[] {
  return rows.map(([slug, vcpus, gigabytes, disk, transfer, priceMonthly]) => ({
    ...{ slug, vcpus, memory: gigabytes * 1_024, disk, transfer, priceMonthly, description },
    regions: where,
    available: where.length > 0,
  }));
}

/** Images of DigitalOcean's own; others are refused. */
export const images: readonly Whole<official.Image>[] = [
  image(155_133_621, "ubuntu-24-04-x64", "Ubuntu", "24.04 (LTS) x64", "2024-04-26T15:30:27Z"),
  image(112_929_454, "ubuntu-22-04-x64", "Ubuntu", "22.04 (LTS) x64", "2022-07-11T16:31:41Z"),
  image(139_080_257, "debian-12-x64", "Debian", "12 x64", "2023-08-25T17:42:18Z"),
];

function image(
  id: number,
  slug: string,
  distribution: "Ubuntu" | "Debian",
  name: string,
  created: string,
): Whole<official.Image> {
  return {
    id,
    name,
    distribution,
    slug,
    public: true,
    regions: ["nyc1", "nyc3", "ams3", "sfo3", "sgp1", "lon1", "fra1", "tor1", "blr1", "syd1"],
    created_at: created,
    min_disk_size: 7,
    type: "base",
    size_gigabytes: 0.6,
    description: `${distribution} ${name}`,
    tags: [],
    status: "available",
    error_message: "",
  };
}
