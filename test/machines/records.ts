import { machineName } from "../../src/machines/names.ts";
import { type LeaseRecord, newRecord, type RecordedMachine } from "../../src/machines/record.ts";

/** A lease in use, with all machines that it asks for unless told otherwise. */
export function recordOf(change: Partial<LeaseRecord> & { readonly id: string }): LeaseRecord {
  const record = {
    ...newRecord({
      provider: "digitalocean",
      account: null,
      run: change.label ?? "pi-1",
      attempt: 1,
      minutes: 60,
      label: null,
      size: "c-2",
      region: "fra1",
      count: 1,
      holder: null,
      ...change,
    }),
    state: "ready" as const,
  };
  const machines = Array.from({ length: record.count }, (_, index) => machineOf(record, index));
  return { ...record, machines, ...change };
}

/** A running machine of a lease, created at 0. */
export function machineOf(record: Pick<LeaseRecord, "id">, index: number): RecordedMachine {
  return {
    id: `${record.id}/${index}`,
    name: machineName(record, index),
    size: "c-2",
    region: "fra1",
    address: `192.0.2.${index + 1}`,
    privateAddress: null,
    port: 22,
    created: 0,
    pricePerHour: 0.0625,
    seen: true,
    gone: null,
    failed: null,
  };
}
