import { livenessOf } from "../../machines/holder.ts";
import type { LeaseRecord } from "../../machines/record.ts";
import { ReportedError } from "../../sweep/errors.ts";

/** @throws ReportedError (2) for machines that a living process uses, or may use. */
export function checkUnused(name: string, { holder, run }: LeaseRecord, done: string): void {
  if (holder === null) return;
  const liveness = livenessOf(holder);
  if (liveness === "dead") return;
  const { pid, host } = holder;
  const uses = liveness === "alive" ? "is used" : "may be in use";
  throw new ReportedError(
    2,
    `${name} ${uses} by process ${pid} on ${host}, for ${run}: nothing was ${done}.\n` +
      "The run gives it back at its end. --force does it now, and the run fails.",
  );
}
