import { ReportedError } from "../sweep/errors.ts";
import type { Clock } from "./clock.ts";
import type { MachineRequest, Provider } from "./provider.ts";
import type { LeaseRecord, RecordedMachine } from "./record.ts";
import type { Store } from "./store.ts";

/** What is being done about a lease, told as it begins. */
export interface LeaseEvent {
  readonly step:
    | "adopt"
    | "create"
    | "address"
    | "connect"
    | "setup"
    | "ready"
    | "failed"
    | "retry"
    | "remove"
    | "gone";
  readonly lease: string;
  /** Names of the machines that it is about; none: all of the lease. */
  readonly machines: readonly string[];
  /** Since this process began with the lease. */
  readonly seconds: number;
  /** One line for people: `connecting to sim-abcdefghij-0 (192.0.2.7)`. */
  readonly text: string;
}

/** What every step on leases is done with. */
export interface LeaseTools {
  readonly provider: Provider;
  readonly store: Store;
  readonly signal: AbortSignal;
  readonly onStep?: ((event: LeaseEvent) => void) | undefined;
  /** Told of a lease that ends, also of one that came to nothing: its machines cost something. */
  readonly onEnd?: ((released: Released) => void) | undefined;
  /** For tests; the real one by default. */
  readonly clock?: Clock | undefined;
}

export interface AcquireOptions extends LeaseTools {
  /** How machines are reached; by SSH with pinned keys by default (connect.ts). */
  readonly reach?: Reach | undefined;
  /** The run's id in its run.db; for a kept machine, its name. */
  readonly run: string;
  /** From 1: the run's lease in this order. */
  readonly attempt: number;
  readonly request: MachineRequest;
  /** Minutes after its creation at which each machine powers itself off; from 1. */
  readonly minutes: number;
  /** With fewer machines than this, from 1 to the request's count, all are given back. */
  readonly atLeast: number;
  /** The name of machines that are kept until `rm` or their deadline; null: they are this run's. */
  readonly label: string | null;
}

/** A machine of a lease that is reached by SSH and whose Docker answers. */
export interface LeasedMachine {
  readonly id: string;
  readonly name: string;
  readonly size: string;
  readonly region: string;
  readonly address: string;
  readonly privateAddress: string | null;
  readonly port: number;
  /** By the provider's clock, in milliseconds since 1970. */
  readonly created: number;
  readonly pricePerHour: number | null;
}

/** What a machine was rented for: what its cost comes from (cost.ts). */
export interface UsedMachine {
  readonly id: string;
  readonly name: string;
  readonly size: string;
  readonly region: string;
  readonly pricePerHour: number | null;
  /** Both by the provider's clock, in milliseconds since 1970. */
  readonly created: number;
  readonly gone: number;
}

/** A lease that is over: a listing confirmed that none of its machines is left. */
export interface Released {
  readonly lease: string;
  readonly run: string;
  readonly used: readonly UsedMachine[];
}

export interface Lease extends AsyncDisposable {
  readonly id: string;
  /** When the first machine's time is over, by the provider's clock in milliseconds since 1970. */
  readonly deadline: number;
  /** At least one; in the order of their names. */
  readonly machines: readonly LeasedMachine[];
  /** True where machines of an earlier, killed process of the same run go on being used. */
  readonly adopted: boolean;
  /** Variables with which Docker's clients and our engine use the machine. */
  env(machine: LeasedMachine): Readonly<Record<string, string>>;
  /**
   * Gives the machines back. May be called again; the disposal does the same for what is not kept.
   * @throws LeaseError where a listing could not confirm it in time; the record remains.
   */
  release(signal: AbortSignal): Promise<Released>;
}

/** How machines are set up, reached and used; apart from leases, so that these need no network. */
export interface Reach {
  /** Makes what a lease's machines are created with and returns their user data. May be repeated. */
  prepare(record: LeaseRecord, store: Store, signal: AbortSignal): Promise<string>;
  /**
   * Resolves when the machine is set up, known by a host key that was in no user data, and its
   * Docker answers. May be repeated, also after a crash in its midst.
   * @throws ReportedError where it does not come up; the message says why.
   */
  connect(
    machine: RecordedMachine,
    record: LeaseRecord,
    tools: {
      readonly store: Store;
      readonly signal: AbortSignal;
      readonly clock: Clock;
      readonly tell: (step: "connect" | "setup", text: string) => void;
    },
  ): Promise<void>;
  env(machine: Pick<LeasedMachine, "name">, store: Store): Readonly<Record<string, string>>;
}

/** Machines that did not come, or that could not be seen to be gone. Says what to do. */
export class LeaseError extends ReportedError {
  override readonly name = "LeaseError";
  /** Names of machines that may still be there and cost money; their lease is still recorded. */
  readonly left: readonly string[];

  constructor(message: string, left: readonly string[], options?: ErrorOptions) {
    super(3, message, options);
    this.left = left;
  }
}
