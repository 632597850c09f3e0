import { inCurrency, money } from "../../machines/cost.ts";
import type { Size } from "../../machines/provider.ts";
import { pricePerCore } from "../../machines/sizes.ts";
import { bytes } from "../../report/units.ts";
import { type Column, table } from "../table.ts";

/** Sizes as people read them. */
export function sizesTable(
  sizes: readonly Size[],
  { currency, region }: { readonly currency: string; readonly region: string | null },
  stream: NodeJS.WriteStream,
): string {
  const price = (amount: number | null) => (amount === null ? "-" : money(amount, currency));
  // Small amounts one below the other: as many digits in each.
  const hourly = (amount: number | null) =>
    amount === null ? "-" : inCurrency(amount.toFixed(4), currency);
  const columns: Column<Size>[] = [
    { title: "SIZE", cell: ({ name }) => name },
    { title: "CPUS", right: true, cell: ({ cpus }) => String(cpus) },
    { title: "MEMORY", right: true, cell: ({ memory }) => bytes(memory) },
    { title: "DISK", right: true, cell: ({ disk }) => (disk === null ? "-" : bytes(disk)) },
    { title: "MONTH", right: true, cell: ({ pricePerMonth }) => price(pricePerMonth) },
    { title: "HOUR", right: true, cell: ({ pricePerHour }) => hourly(pricePerHour) },
    { title: "CORE HOUR", right: true, cell: (size) => hourly(pricePerCore(size)) },
    ...(region === null ? [{ title: "REGIONS", optional: true, cell: regionsText }] : []),
    { title: "KIND", optional: true, cell: ({ description }) => description },
  ];
  return table(columns, sizes, stream);
}

function regionsText({ regions, available }: Size): string {
  return available && regions.length > 0 ? regions.join(" ") : "none now";
}

/** Sizes for other programs: memory and disk in bytes, prices in `currency`. */
export function sizesJson(sizes: readonly Size[], currency: string) {
  return sizes.map((size) => ({ ...size, pricePerCoreHour: pricePerCore(size), currency }));
}
