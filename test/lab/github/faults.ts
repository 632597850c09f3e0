/** What goes wrong, and when: a test says it beforehand, the server takes it call by call. */

export interface Fault {
  /** Which of the method's calls, counted from now, the next one being 1. Default: the next one. */
  readonly calls?: readonly number[];
  /** An answer of this status, or the connection is reset. */
  readonly failure:
    | "reset"
    | {
        readonly status: number;
        readonly message?: string;
        readonly headers?: Readonly<Record<string, string>>;
      };
  /** `after`: the work is done, and only then the call fails. Default: before. */
  readonly when?: "before" | "after";
}

export interface Faults<Method extends string> {
  add(method: Method, fault: Fault): void;
  /** Counts a call, and gives the fault that it meets. */
  take(method: Method): Fault | null;
}

export function newFaults<Method extends string>(): Faults<Method> {
  const planned: { method: Method; fault: Fault; seen: number }[] = [];
  return {
    add: (method, fault) => {
      planned.push({ method, fault, seen: 0 });
    },
    take: (method) => {
      let met: Fault | null = null;
      for (const plan of planned) {
        if (plan.method !== method) continue;
        plan.seen += 1;
        if ((plan.fault.calls ?? [1]).includes(plan.seen)) met ??= plan.fault;
      }
      return met;
    },
  };
}
