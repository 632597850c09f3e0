import { distance } from "fastest-levenshtein";
import { money } from "./cost.ts";
import { type MachineRequest, type Offer, ProviderError, type Size } from "./provider.ts";

/** What sizes can be sorted by. */
export const SIZE_ORDERS = ["price-per-core", "price", "cpus", "memory", "name"] as const;
export type SizeOrder = (typeof SIZE_ORDERS)[number];

/** What an hour of one CPU costs; null where the price is not known. */
export function pricePerCore(size: Pick<Size, "cpus" | "pricePerHour">): number | null {
  return size.pricePerHour === null ? null : size.pricePerHour / size.cpus;
}

/** Sorted from the least; those without a price come last, equal ones by price, then by name. */
export function orderSizes(sizes: readonly Size[], by: SizeOrder): Size[] {
  const [key, price] = [KEYS[by], KEYS.price];
  return sizes.toSorted(
    (a, b) => compare(key(a), key(b)) || compare(price(a), price(b)) || compare(a.name, b.name),
  );
}

const KEYS: Readonly<Record<SizeOrder, (size: Size) => number | string>> = {
  "price-per-core": (size) => pricePerCore(size) ?? Number.POSITIVE_INFINITY,
  price: (size) => size.pricePerHour ?? Number.POSITIVE_INFINITY,
  cpus: (size) => size.cpus,
  memory: (size) => size.memory,
  name: (size) => size.name,
};

function compare<T extends number | string>(a: T, b: T): number {
  if (typeof a === "string" && typeof b === "string") {
    return a.localeCompare(b, "en", { numeric: true });
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * What of a provider's sizes is asked for, in order.
 * @throws ProviderError `invalid` for a region in which nothing can be rented.
 */
export function sizesIn(
  sizes: readonly Size[],
  asked: { readonly region: string | null; readonly order: SizeOrder; readonly all: boolean },
): Size[] {
  const { region, order, all } = asked;
  const regions = [...new Set(sizes.flatMap((size) => size.regions))].sort();
  if (region !== null && !regions.includes(region)) {
    throw new ProviderError(
      "invalid",
      `There is nothing to rent in a region ${quoted(region)}; there is: ${regions.join(", ")}.`,
    );
  }
  const fits = (size: Size) => (all && region === null) || rentable(size, region);
  return orderSizes(sizes.filter(fits), order);
}

/** As messages name it: `c-2 (2 CPUs, 4 GiB, $0.063 an hour)`. */
export function describeSize(size: Size, currency: string): string {
  const gib = Math.round((size.memory / 2 ** 30) * 10) / 10;
  const price = size.pricePerHour === null ? [] : [`${money(size.pricePerHour, currency)} an hour`];
  const cpus = `${size.cpus} CPU${size.cpus === 1 ? "" : "s"}`;
  return `${size.name} (${[cpus, `${gib} GiB`, ...price].join(", ")})`;
}

/** The sizes nearest to one in CPUs and memory that can be rented, in `region` where it is given. */
export function alternativesTo(
  size: Size,
  sizes: readonly Size[],
  region: string | null,
  most = 3,
): Size[] {
  const far = (other: Size) =>
    Math.abs(Math.log2(other.cpus / size.cpus)) + Math.abs(Math.log2(other.memory / size.memory));
  return orderSizes(sizes, "price")
    .filter((other) => other.name !== size.name && rentable(other, region))
    .toSorted((a, b) => far(a) - far(b))
    .slice(0, most);
}

/**
 * What a request comes to among what a provider has to rent.
 *
 * @throws ProviderError `invalid` for a count, size or region that does not exist, `out-of-stock`
 * for a size that cannot be had now, or not there; what is nearest is named with its price.
 */
export function offerOf(
  request: MachineRequest,
  sizes: readonly Size[],
  provider: { readonly title: string; readonly currency: string },
): Offer {
  checkCount(request.count);
  const { title, currency } = provider;
  const { region } = request;
  const named = (some: readonly Size[]) =>
    some.map((size) => describeSize(size, currency)).join(", ");
  const known = region === null || sizes.some(({ regions }) => regions.includes(region));
  const size = sizes.find(({ name }) => name === request.size);
  if (size === undefined) {
    const there = sizes.filter((one) => rentable(one, known ? region : null));
    const near = nearestNames(request.size, there);
    throw new ProviderError(
      "invalid",
      [
        `${title} has no size ${quoted(request.size)}.`,
        ...(near.length > 0 ? [`The nearest names: ${named(near)}.`] : []),
        ALL_SIZES,
      ].join("\n"),
    );
  }
  if (!known) throw unknownRegion(region, size, sizes, provider);
  const [chosen] = rentable(size, region) ? [region ?? size.regions[0]] : [];
  if (chosen !== undefined) return { size, region: chosen };
  const others = alternativesTo(size, sizes, region);
  const where = region === null ? "" : ` in ${region}`;
  throw new ProviderError(
    "out-of-stock",
    [
      `${title} has no ${describeSize(size, currency)} to rent${where} now.`,
      ...(rentable(size, null) ? [`It can be had in ${size.regions.join(", ")}.`] : []),
      ...(others.length > 0 ? [`Nearest to it${where}: ${named(others)}.`] : []),
      ALL_SIZES,
    ].join("\n"),
  );
}

const ALL_SIZES = "`sim-pipeline machines sizes` lists all sizes with their regions and prices.";

/** @throws ProviderError `invalid` for what is no number of machines. */
export function checkCount(count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new ProviderError("invalid", `${count} machines cannot be rented: ask for 1 or more.`);
}

function rentable(size: Size, region: string | null): boolean {
  if (!size.available || size.regions.length === 0) return false;
  return region === null || size.regions.includes(region);
}

function unknownRegion(
  region: string,
  size: Size,
  sizes: readonly Size[],
  { title, currency }: { readonly title: string; readonly currency: string },
): ProviderError {
  const regions = [...new Set(sizes.flatMap((one) => one.regions))];
  const near = nearestTexts(region, regions).slice(0, 3);
  const has = rentable(size, null)
    ? `${describeSize(size, currency)} can be had in ${size.regions.join(", ")}.`
    : `${describeSize(size, currency)} cannot be had anywhere now.`;
  return new ProviderError(
    "invalid",
    `${title} has nothing to rent in a region ${quoted(region)}; the nearest names: ${near.join(", ")}.\n${has}`,
  );
}

function nearestNames(text: string, sizes: readonly Size[]): Size[] {
  const names = nearestTexts(
    text,
    sizes.map(({ name }) => name),
  ).slice(0, 3);
  return names.flatMap((name) => sizes.filter((size) => size.name === name));
}

/** `c2` and `C-2` mean `c-2` before they mean anything else. */
function nearestTexts(text: string, candidates: readonly string[]): string[] {
  const plain = (one: string) => one.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  // The distance takes quadratic time, and nobody mistypes that far.
  const wanted = text.slice(0, 100);
  const far = (one: string) => (plain(one) === plain(wanted) ? 0 : distance(wanted, one));
  return candidates.toSorted((a, b) => far(a) - far(b));
}

/** As it was given, made safe to print. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
