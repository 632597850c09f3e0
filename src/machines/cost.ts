import type { Billing } from "./provider.ts";

/** A rented machine's time, by the provider's clock. */
export interface Rental {
  readonly pricePerHour: number | null;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** When it was seen to be gone; what is not gone yet costs until `now`. */
  readonly gone: number | null;
}

/** What of a provider's billing an amount depends on. */
type Charge = Pick<Billing, "minimumSeconds" | "minimumCost">;

/** Seconds that a machine is charged for. */
export function billedSeconds(rental: Rental, now: number, billing: Charge): number {
  const seconds = Math.max(0, (rental.gone ?? now) - rental.created) / 1000;
  return Math.max(billing.minimumSeconds, Math.ceil(seconds));
}

/** What a machine costs so far, in the provider's currency; null where no price is known. */
export function rentalCost(rental: Rental, now: number, billing: Charge): number | null {
  if (rental.pricePerHour === null) return null;
  const cost = (rental.pricePerHour * billedSeconds(rental, now, billing)) / 3600;
  return rental.pricePerHour === 0 ? 0 : Math.max(billing.minimumCost, cost);
}

/** What machines cost together; null where the price of one is not known. */
export function totalCost(rentals: readonly Rental[], now: number, billing: Charge): number | null {
  return rentals.reduce<number | null>((sum, rental) => {
    const cost = rentalCost(rental, now, billing);
    return sum === null || cost === null ? null : sum + cost;
  }, 0);
}

/** Seconds for which `count` machines of a price can be had for an amount; Infinity for free ones. */
export function affordableSeconds(amount: number, pricePerHour: number, count: number): number {
  return pricePerHour === 0 ? Number.POSITIVE_INFINITY : (amount * 3600) / (pricePerHour * count);
}

/**
 * An amount as people read it: whole cents, or two digits of what is less, as `$0.0042`. A currency
 * other than dollars stands behind, as `1.20 EUR`.
 */
export function money(amount: number, currency: string): string {
  return inCurrency((amount >= 0.1 ? CENTS : FRACTIONS).format(amount), currency);
}

/** An amount that is written already, with its currency. */
export function inCurrency(amount: string, currency: string): string {
  return currency === "USD" ? `$${amount}` : `${amount} ${currency}`;
}

const CENTS = new Intl.NumberFormat("en-US", {
  useGrouping: false,
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const FRACTIONS = new Intl.NumberFormat("en-US", {
  useGrouping: false,
  minimumFractionDigits: 2,
  maximumSignificantDigits: 2,
  roundingPriority: "morePrecision",
});
