import type { Fault, PlannedFault } from "./types.ts";

/** A fault as a call meets it. */
export interface MetFault {
  readonly fault: Fault;
  /** Tells the test that the call has come so far. */
  meet(): void;
  readonly released: Promise<void>;
}

export interface Faults {
  add(fault: Fault): PlannedFault;
  /** Counts a call, and gives the fault that it meets. */
  take(method: string, path: string): MetFault | null;
}

export function newFaults(): Faults {
  const planned = new Set<{ fault: Fault; seen: number; pattern: RegExp; met: MetFault }>();
  return {
    add: (fault) => {
      const met = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const plan = {
        ...{ fault, seen: 0, pattern: callPattern(fault.call) },
        met: { fault, meet: () => met.resolve(), released: released.promise },
      };
      planned.add(plan);
      return {
        met: met.promise,
        release: () => {
          planned.delete(plan);
          released.resolve();
        },
      };
    },
    take: (method, path) => {
      let met: MetFault | null = null;
      for (const plan of planned) {
        if (!plan.pattern.test(`${method} ${path}`)) continue;
        plan.seen += 1;
        const calls = plan.fault.calls ?? [1];
        if (calls === "all" || calls.includes(plan.seen)) met ??= plan.met;
      }
      return met;
    },
  };
}

/** `*` is anything but a slash, `**` anything. */
export function callPattern(call: string): RegExp {
  const parts = call.split(/(\*{1,2})/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/ ]*" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")}$`);
}
