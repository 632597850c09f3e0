/** What the stand-in for DigitalOcean offers to tests, and what it can be told. */

/** Everything that depends on time asks it: a test moves it instead of waiting. */
export interface Clock {
  /** Milliseconds since 1970, as the API's `Date` header and `created_at` show it. */
  now(): number;
  advance(milliseconds: number): void;
}

/**
 * How long the API lags behind: for so many of the calls that would show the droplet, or for so
 * long by its clock.
 */
export type Lag = { readonly calls: number } | { readonly milliseconds: number };

export interface Lags {
  /** A new droplet is `new` and has no address. Default: 1 call. A host is waited for besides. */
  readonly boot: Lag;
  /** A power action is in progress, and the droplet as it was. Default: 1 call. */
  readonly power: Lag;
  /** A new droplet is in no list, although it can be had by its id. Default: 0 calls. */
  readonly listed: Lag;
  /** A deleted droplet is still in lists, although its id is unknown. Default: 1 call. */
  readonly gone: Lag;
}

export interface RateLimits {
  /** Of one token, each request counting for an hour. Default: 5,000. */
  readonly perHour: number;
  /** Default: 250. */
  readonly perMinute: number;
}

/** What a droplet is made of: given to `boot` when it has been ordered. */
export interface BootRequest {
  readonly id: number;
  readonly name: string;
  /** Empty where the order had none. */
  readonly userData: string;
  readonly size: string;
  readonly region: string;
  readonly tags: readonly string[];
  /** To be called when the host goes off by itself, as at its deadline: it then shows as `off`. */
  readonly onPowerOff: () => void;
}

/** What stands behind a droplet. */
export interface Host {
  /** Public IPv4; its private one too, where it has only one. */
  readonly address: string;
  readonly privateAddress?: string;
  powerOff(): Promise<void>;
  powerOn(): Promise<void>;
  destroy(): Promise<void>;
}

export interface Options {
  /**
   * Makes the host of each new droplet; one that fails leaves the droplet `new` for ever, and its
   * error in `hostErrors`. Null, the default: no host, an address of the documentation's networks.
   */
  readonly boot?: ((droplet: BootRequest) => Promise<Host>) | null;
  /** Default: this machine's clock, which `advance` moves on. */
  readonly clock?: Clock;
  readonly lags?: Partial<Lags>;
  readonly rate?: Partial<RateLimits>;
  /** Of the account. Default: 25. */
  readonly dropletLimit?: number;
  readonly accountStatus?: "active" | "warning" | "locked";
  /**
   * What comes of deleting a droplet that is still `new`: it is `done` (the default), `refused` for
   * a pending event, or answered with 204 and `ignored`; all three have been seen.
   */
  readonly deleteWhileNew?: "done" | "refused" | "ignored";
  /** Default: a free port of loopback. */
  readonly port?: number;
}

/** As it really is, whatever the API shows by now. */
export interface Droplet {
  readonly id: number;
  readonly name: string;
  readonly size: string;
  readonly region: string;
  readonly tags: readonly string[];
  readonly userData: string;
  /** Whose token ordered it, or what `seed` said. */
  readonly owner: string;
  /** By the API's clock, in milliseconds since 1970. */
  readonly created: number;
  /** `new` until its host is up. */
  readonly status: "new" | "active" | "off";
  /** Null until then. */
  readonly address: string | null;
  readonly privateAddress: string | null;
  /** By the API's clock; null as long as it exists and costs. */
  readonly removed: number | null;
}

export interface SeededDroplet {
  readonly name: string;
  /** Default: none. */
  readonly tags?: readonly string[];
  /** Default: s-1vcpu-1gb */
  readonly size?: string;
  /** Default: fra1 */
  readonly region?: string;
  /** Default: active */
  readonly status?: "active" | "off";
  /** Default: somebody-else */
  readonly owner?: string;
  /** Milliseconds since 1970. Default: the clock's now. */
  readonly created?: number;
}

/** A request as it came, its token left out. */
export interface Call {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Parsed; undefined where there was none, a string where it was no JSON. */
  readonly body: unknown;
  /** Whose token it had; null for a wrong one or none. */
  readonly owner: string | null;
  /** Null as long as it is under way, and where no answer was given. */
  status: number | null;
}

export interface Fault {
  /** Method and path: `POST /v2/droplets`, `DELETE /v2/droplets/*`, `* /v2/**` (no query). */
  readonly call: string;
  /** Which of the calls that fit, counted from now, the next one being 1. Default: the next one. */
  readonly calls?: readonly number[] | "all";
  /**
   * `reset`: the connection is dropped. `malformed`: an answer of the right status that is no JSON.
   * `outage`: 503 with a page of HTML, from something that stands before the API.
   * `hold`: no answer until the fault is released, and then the right one. `abandon`: the caller's
   * connection stays open until the stand-in ends, without any answer.
   */
  readonly how: "reset" | "malformed" | "outage" | "hold" | "abandon" | FailedAnswer;
  /**
   * `after`: the work is done, and only then the call fails. Default: before. A call that is held
   * before its work does it when released; a malformed answer always comes after it.
   */
  readonly when?: "before" | "after";
}

export interface FailedAnswer {
  readonly status: number;
  /** Default: those of the documentation for the status. */
  readonly id?: string;
  readonly message?: string;
  /** In seconds. */
  readonly retryAfter?: number;
}

export interface PlannedFault {
  /** Resolves when the first call meets it, with its work done where it is a fault `after` that. */
  readonly met: Promise<void>;
  /** Ends it: calls that are held go on, further ones do not meet it. */
  release(): void;
}

export interface DigitalOcean extends AsyncDisposable {
  /** Without `/v2`. */
  readonly url: string;
  /** Of every scope; its owner is `us`. */
  readonly token: string;
  readonly env: { readonly DIGITALOCEAN_API_URL: string; readonly DIGITALOCEAN_TOKEN: string };
  readonly clock: Clock;
  /** A token of the same account with these scopes only, as `droplet:create`. */
  tokenWith(scopes: readonly string[], owner?: string): string;
  /** Another user's token of the same account, of every scope. */
  tokenOf(owner: string): string;
  /** It has expired: 401 from now on. */
  revoke(token: string): void;
  /** Those that exist and cost. */
  droplets(): readonly Droplet[];
  /** All that ever were. */
  history(): readonly Droplet[];
  seed(droplet: SeededDroplet): Droplet;
  /** The host goes off, as at its deadline. */
  powerOffByItself(id: number): void;
  /** Somebody removed it in the control panel. */
  vanish(id: number): Promise<void>;
  /**
   * The size cannot be had any more: in this region or, with none, anywhere. `shown`: whether the
   * list of sizes says so, as it does by default, or only the refusal of an order.
   */
  sellOut(size: string, region?: string, shown?: boolean): void;
  /** All hosts that are starting, changing or ending have done so. */
  settled(): Promise<void>;
  /** In the order in which they came. */
  readonly requests: readonly Call[];
  readonly hostErrors: readonly unknown[];
  fail(fault: Fault): PlannedFault;
  /** Calls that fit the pattern (default: all) get 503 in HTML, or a reset connection, until `up`. */
  down(how?: "unavailable" | "reset", pattern?: string): void;
  up(): void;
}
