import { ReportedError } from "../sweep/errors.ts";

/** Whom machines come from. */
export const PROVIDERS = ["digitalocean", "aws", "hosts"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/**
 * Whom machines are rented from, as thin as it can be: each call is one step that either was done,
 * was refused, or may have been done (`unavailable`). Retries inside rate limits are a provider's
 * own; what must be tried again later, and everything that has to be journalled, is in lease.ts.
 * The laws, which `test/machines/contract.ts` checks for each provider:
 * - what `create` makes has its name and tags from the call itself: no instant without them;
 * - `list` shows every machine with our tag, in whatever state, and nothing else;
 * - `remove` touches the given ids alone, and succeeds for what is gone already;
 * - no answer depends on this machine's clock.
 */
export interface Provider extends AsyncDisposable {
  readonly name: ProviderName;
  /** How it charges; prices themselves are in `sizes` and in each machine. */
  readonly billing: Billing;
  /** The provider's clock, in milliseconds since 1970: deadlines are never judged by ours. */
  now(signal: AbortSignal): Promise<number>;
  /** What can be rented, with the provider's own prices. */
  sizes(signal: AbortSignal): Promise<readonly Size[]>;
  /**
   * Everything that can be known to be wrong with a request before anything is rented: size and
   * region (the nearest named, with prices), stock, the account's limit, the token and its scopes.
   * Tells the size that will be rented and the region, chosen where the request leaves it open.
   * @throws ProviderError
   */
  check(request: MachineRequest, signal: AbortSignal): Promise<Offer>;
  /**
   * Asks for machines of these names, all in one call of at most `batch` names. Resolves with those
   * that the call made, as it shows them: mostly without an address yet.
   * @throws ProviderError; of kind `unavailable`, the machines may come to be nevertheless.
   */
  create(order: Order, signal: AbortSignal): Promise<readonly Machine[]>;
  /** Names that one `create` takes at most. */
  readonly batch: number;
  /**
   * Every machine with our tag, of whichever run. May lag behind `create` and `remove`. A provider of
   * many places leaves out those that do not answer, unless one of `ids` is there: that is an error.
   */
  list(signal: AbortSignal, ids?: readonly string[]): Promise<readonly Machine[]>;
  /** Asks for the end of these machines, by id; ids that are gone count as removed. */
  remove(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /**
   * Whose machines the token shows, as the provider calls the account or team; absent where it
   * cannot tell. A lease is only judged with a token of the account that it was rented with.
   */
  readonly account?: (signal: AbortSignal) => Promise<string>;
  /** Powers a machine off, or on again. Null where the provider cannot. */
  readonly power: ((id: string, on: boolean, signal: AbortSignal) => Promise<void>) | null;
}

/** How long machines are paid for, whatever their price. */
export interface Billing {
  /** Seconds that are charged at least. */
  readonly minimumSeconds: number;
  /** Charged at least for each machine, in `currency`; 0 for none. */
  readonly minimumCost: number;
  readonly currency: string;
  /** Whether a machine that is powered off is charged as one that is on. */
  readonly stoppedCosts: boolean;
}

export interface Size {
  /** As the provider calls it: `c-2`, `c7i.large`. */
  readonly name: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes; null where disks are chosen apart. */
  readonly disk: number | null;
  /** Null where the provider does not tell, or for a host of one's own (0 then). */
  readonly pricePerHour: number | null;
  readonly pricePerMonth: number | null;
  /** Where it can be rented now. */
  readonly regions: readonly string[];
  /** False: known, but out of stock or closed to this account. */
  readonly available: boolean;
  /** What the provider says it is, as `CPU-Optimized`. */
  readonly description: string;
}

export interface MachineRequest {
  readonly size: string;
  /** Null: the provider's first one that has the size. */
  readonly region: string | null;
  /** From 1. */
  readonly count: number;
}

/** What a request comes to. */
export interface Offer {
  readonly size: Size;
  readonly region: string;
}

/**
 * A call's whole content. `tags` are a lease's (names.ts): each provider writes them as it can, with
 * one more, its mark, by which `list` finds what is ours.
 */
export interface Order {
  readonly names: readonly string[];
  readonly size: string;
  readonly region: string;
  readonly tags: Tags;
  /** cloud-init's; nothing in it is secret beyond a host key that is replaced at first connect. */
  readonly userData: string;
}

/** Keys and values of a-z 0-9 and `-`: within every provider's and GitHub's alphabet. */
export type Tags = Readonly<Record<string, string>>;

export interface Machine {
  readonly provider: ProviderName;
  /** The provider's own, which it never gives twice. */
  readonly id: string;
  readonly name: string;
  readonly size: string;
  readonly region: string;
  readonly state: "creating" | "running" | "stopped" | "removing";
  /** Public IPv4; null where it has none yet. */
  readonly address: string | null;
  /** In the provider's private network, for machines that talk to each other. */
  readonly privateAddress: string | null;
  /** Of SSH. */
  readonly port: number;
  /** By the provider's clock, in milliseconds since 1970. */
  readonly created: number;
  readonly pricePerHour: number | null;
  readonly tags: Tags;
}

/**
 * - `auth`: the token is wrong or has expired; `forbidden`: it is right and may not do this;
 * - `invalid`: the request itself; `limit`: the account has as many machines as it may;
 * - `out-of-stock`: the size is there and cannot be had now;
 * - `unavailable`: no answer, or a failure of the provider's own: the call may have been done;
 * - `missing`: there is no such thing.
 */
export type ProviderErrorKind =
  | "auth"
  | "forbidden"
  | "invalid"
  | "limit"
  | "out-of-stock"
  | "unavailable"
  | "missing";

/** A provider that refused, or did not answer. The message says what to do. Holds no token. */
export class ProviderError extends ReportedError {
  override readonly name = "ProviderError";
  readonly kind: ProviderErrorKind;

  constructor(kind: ProviderErrorKind, message: string, options?: ErrorOptions) {
    super(kind === "invalid" ? 2 : 3, message, options);
    this.kind = kind;
  }
}
