import type { FinishRow } from "../results/finish.ts";
import type { MachineRow } from "../results/machines.ts";
import type { Status } from "../sweep/sweep.ts";

/** What a run tells while it goes on. Everything that an event says is committed already. */
export type RunEvent =
  | {
      readonly type: "planned";
      readonly run: string;
      readonly folder: string;
      readonly engine: string;
      readonly image: string;
      /** Points of the plan. */
      readonly points: number;
      /** Points that succeeded before and are not run again. */
      readonly cached: number;
      /** Points to run. */
      readonly todo: number;
      readonly workers: number;
    }
  | {
      readonly type: "started";
      readonly index: number;
      readonly name: string;
      readonly attempt: number;
      readonly worker: number;
    }
  | {
      readonly type: "ended";
      readonly index: number;
      readonly name: string;
      readonly attempt: number;
      /** How this attempt ended. */
      readonly status: Status;
      readonly reason: string | null;
      readonly seconds: number | null;
      /** True where the point runs again in this execution. */
      readonly again: boolean;
    }
  /** Inputs (`up`) or outputs (`down`) of a task take longer than a second to or from its machine. */
  | {
      readonly type: "transfer";
      /** Of the task's first point. */
      readonly index: number;
      readonly name: string;
      readonly direction: "up" | "down";
      /** So far. */
      readonly bytes: number;
      readonly ended: boolean;
    }
  /** A finish step has begun (`running`) or ended. */
  | { readonly type: "finish"; readonly step: FinishRow }
  /** A line of the image's build log. */
  | { readonly type: "building"; readonly line: string }
  /** What is done about rented machines, for people; `machines`: those that this start rented. */
  | {
      readonly type: "machines";
      readonly message: string;
      readonly machines: readonly MachineRow[];
    }
  /** The daemon or machine went away; nothing fails meanwhile. */
  | { readonly type: "paused"; readonly reason: string }
  | { readonly type: "resumed" }
  /** Nothing more is started: why. */
  | { readonly type: "stopping"; readonly reason: string }
  | { readonly type: "warning"; readonly message: string };

export type Emit = (event: RunEvent) => void;
