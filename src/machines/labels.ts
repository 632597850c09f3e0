import { usable } from "./create.ts";
import type { LeaseRecord, RecordedMachine } from "./record.ts";

/** What a name that people give stands for. */
export interface Named {
  readonly record: LeaseRecord;
  /** In the order of their names; none where the lease has none yet, or none any more. */
  readonly machines: readonly RecordedMachine[];
  /** Whether it names all of the lease, which is given back as a whole. */
  readonly whole: boolean;
}

/**
 * What people call a machine: the name that they gave, with `-1`, `-2`, … where it has several
 * machines; of a run's machine the one that the provider knows it by.
 */
export function callName(
  { label, count }: Pick<LeaseRecord, "label" | "count">,
  { name }: Pick<RecordedMachine, "name">,
): string {
  if (label === null) return name;
  return count === 1 ? label : `${label}-${Number(name.slice(name.lastIndexOf("-") + 1)) + 1}`;
}

/** All names that a kept lease answers to. */
export function namesOf(label: string, count: number): readonly string[] {
  const parts = Array.from({ length: count }, (_, index) => `${label}-${index + 1}`);
  return count === 1 ? [label] : [label, ...parts];
}

/**
 * The machines of a name: what the user called them, all or one of several; a machine's own name, as
 * its provider and `machines ls` show it; or a lease's id. Null where none of this computer's leases
 * has it.
 */
export function lookUp(records: readonly LeaseRecord[], name: string): Named | null {
  for (const record of records) {
    const machines = usable(record);
    if (record.label === name || record.id === name) return { record, machines, whole: true };
  }
  for (const record of records) {
    const machines = usable(record).filter(
      (machine) => machine.name === name || callName(record, machine) === name,
    );
    if (machines.length > 0) return { record, machines, whole: record.count === 1 };
  }
  return null;
}

/** The names of all machines of these leases, as people call them. */
export function knownNames(records: readonly LeaseRecord[]): readonly string[] {
  return records.flatMap((record) => usable(record).map((machine) => callName(record, machine)));
}

/** What people may write to name machines, with what it stands for. */
export function machineCandidates(
  records: readonly LeaseRecord[],
): { readonly value: string; readonly meaning: string }[] {
  return records.flatMap((record) => {
    const { label, provider, count } = record;
    const each = usable(record).map((machine) => ({
      value: callName(record, machine),
      meaning: `${provider} ${machine.size}`,
    }));
    if (label === null || count === 1) return each;
    return [{ value: label, meaning: `${each.length} of ${provider}` }, ...each];
  });
}
