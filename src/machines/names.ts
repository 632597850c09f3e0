import type { Machine, Tags } from "./provider.ts";

/**
 * Names and tags of a lease, from which alone a machine is known as ours: both must agree, so that
 * a foreign machine that carries a tag of ours is never touched.
 */
export interface LeaseName {
  /** Base32 (a-z, 2-7): 10 characters, unique. */
  readonly id: string;
  /** The run's id in its run.db, or what the user called the machine. */
  readonly run: string;
  /** From 1: the run's lease in this order. */
  readonly attempt: number;
  /** Minutes after its creation, by the provider's clock, at which a machine's time is over. */
  readonly minutes: number;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** A new lease's id. */
export function newLeaseId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return Array.from(bytes, (byte) => ALPHABET[byte % 32]).join("");
}

/** The name of a lease's machine; `index` counts from 0. */
export function machineName(lease: Pick<LeaseName, "id">, index: number): string {
  return `sim-${lease.id}-${index}`;
}

export function leaseTags(lease: LeaseName): Tags {
  return {
    lease: lease.id,
    run: lease.run,
    attempt: String(lease.attempt),
    minutes: String(lease.minutes),
  };
}

/** The lease of a machine of ours; null for one that is not, whatever tags it has. */
export function leaseOf(machine: Pick<Machine, "name" | "tags">): LeaseName | null {
  const { lease: id, run, attempt, minutes } = machine.tags;
  if (id === undefined || run === undefined || attempt === undefined || minutes === undefined) {
    return null;
  }
  const named = /^sim-([a-z2-7]{10})-\d+$/.exec(machine.name)?.[1];
  const numbers = [attempt, minutes].every((text) => /^[1-9]\d{0,6}$/.test(text));
  if (named !== id || !numbers) return null;
  return { id, run, attempt: Number(attempt), minutes: Number(minutes) };
}
