import { z } from "zod";
import { livenessOf } from "./holder.ts";
import { type LeaseName, leaseTags } from "./names.ts";
import { type Machine, PROVIDERS, type Tags } from "./provider.ts";

const VERSION = 1;

const HOLDER = z.object({
  pid: z.number().int(),
  started: z.string().nullable(),
  boot: z.string().nullable(),
  space: z.string().nullable(),
  host: z.string(),
});

const CALL = z.object({
  names: z.array(z.string()),
  /** When it was made: the provider's clock, in milliseconds since 1970. */
  called: z.number(),
  /** `open`: no answer yet, or none that tells: its machines may be, or may come to be. */
  end: z.enum(["open", "done", "refused"]),
});

const MACHINE = z.object({
  id: z.string(),
  name: z.string(),
  size: z.string(),
  region: z.string(),
  address: z.string().nullable(),
  privateAddress: z.string().nullable(),
  port: z.number().int(),
  created: z.number(),
  pricePerHour: z.number().nullable(),
  /** Whether a listing has shown it: before that, its absence from one says nothing. */
  seen: z.boolean(),
  /** When it was seen to be gone, by the provider's clock. */
  gone: z.number().nullable(),
  /** Why it is of no use and is being removed; null for one that is used. */
  failed: z.string().nullable(),
});

const RECORD = z.object({
  version: z.literal(VERSION),
  id: z.string().regex(/^[a-z2-7]{10}$/),
  provider: z.enum(PROVIDERS),
  /** Whose machines: another account's listing shows none of them, which proves nothing. */
  account: z.string().nullable(),
  run: z.string(),
  attempt: z.number().int(),
  minutes: z.number().int(),
  /** What the user calls a machine that is kept beyond the process that created it. */
  label: z.string().nullable(),
  size: z.string(),
  region: z.string(),
  count: z.number().int(),
  state: z.enum(["intended", "created", "ready", "releasing"]),
  holder: HOLDER.nullable(),
  calls: z.array(CALL),
  machines: z.array(MACHINE),
});

/**
 * What is known of a lease: the journal from which any later process can end it.
 * - `intended`: written before the first create call;
 * - `created`: every create call has an end, or has been given up;
 * - `ready`: the machines are in use;
 * - `releasing`: everything is to be removed. The record goes when a listing confirms that it is.
 */
export type LeaseRecord = Readonly<z.infer<typeof RECORD>>;
export type RecordedMachine = Readonly<z.infer<typeof MACHINE>>;

/** The current version's first record of a lease. */
export function newRecord(content: Omit<LeaseRecord, "version" | "state" | "calls" | "machines">) {
  const record: LeaseRecord = {
    version: VERSION,
    ...content,
    state: "intended",
    calls: [],
    machines: [],
  };
  return record;
}

/** @throws Error that says what is wrong, in a few words. */
export function parseRecord(text: string): LeaseRecord {
  const document: unknown = parseJson(text);
  const version = z.object({ version: z.number() }).safeParse(document).data?.version ?? VERSION;
  if (version > VERSION) throw new Error(`version ${version}, written by a newer sim-pipeline`);
  const parsed = RECORD.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "no lease record"}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("not JSON", { cause });
  }
}

/** A lease's own name, as its machines carry it. */
function leaseNameOf(record: LeaseRecord): LeaseName {
  return { id: record.id, run: record.run, attempt: record.attempt, minutes: record.minutes };
}

export function tagsOf(record: LeaseRecord): Tags {
  return leaseTags(leaseNameOf(record));
}

/**
 * Whether nobody will end this lease unless a later process does: its holder died, or gave up
 * releasing it. A kept machine has no holder and is left alone until its deadline.
 */
export function isAbandoned(record: LeaseRecord): boolean {
  if (record.holder !== null) return livenessOf(record.holder) === "dead";
  return record.label === null || record.state !== "ready";
}

/** When a machine's time is over, by the provider's clock in milliseconds since 1970. */
export function deadlineOf(
  machine: { readonly created: number },
  lease: Pick<LeaseName, "minutes">,
) {
  return machine.created + lease.minutes * 60_000;
}

/** The record with what a provider shows of its machines now: changed, and added where new. */
export function withMachines(
  record: LeaseRecord,
  shown: readonly Machine[],
  how: { readonly seen: boolean },
): LeaseRecord {
  const machines = new Map(record.machines.map((one) => [one.id, one]));
  for (const { id, name, size, region, address, privateAddress, port, created, ...rest } of shown) {
    const known = machines.get(id);
    machines.set(id, {
      id,
      name,
      size,
      region,
      address: address ?? known?.address ?? null,
      privateAddress: privateAddress ?? known?.privateAddress ?? null,
      port,
      created,
      pricePerHour: rest.pricePerHour ?? known?.pricePerHour ?? null,
      seen: how.seen || (known?.seen ?? false),
      gone: null,
      failed: known?.failed ?? null,
    });
  }
  return { ...record, machines: [...machines.values()] };
}

/** Names of calls without an answer that nothing has been seen of. */
export function openNames({
  calls,
  machines,
}: Pick<LeaseRecord, "calls" | "machines">): readonly string[] {
  const known = new Set(machines.map(({ name }) => name));
  return calls
    .filter(({ end }) => end === "open")
    .flatMap(({ names }) => names.filter((name) => !known.has(name)));
}
