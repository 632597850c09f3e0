import { money } from "../../machines/cost.ts";
import { callName } from "../../machines/labels.ts";
import type { LeasedMachine } from "../../machines/lease-types.ts";
import { duration } from "../../report/units.ts";
import { type Column, table } from "../table.ts";
import type { Kept } from "./kept.ts";
import { isoOf } from "./listed.ts";

/** What was rented, as people read it. */
export function keptText(kept: Kept, stream: NodeJS.WriteStream): string {
  const { currency } = kept;
  const columns: Column<LeasedMachine>[] = [
    { title: "NAME", cell: (machine) => nameIn(kept, machine) },
    { title: "ADDRESS", cell: ({ address }) => address },
    { title: "SIZE", cell: ({ size }) => size },
    { title: "REGION", cell: ({ region }) => region },
    {
      title: "HOUR",
      right: true,
      cell: ({ pricePerHour }) => (pricePerHour === null ? "-" : money(pricePerHour, currency)),
    },
    { title: "DEADLINE", cell: ({ created }) => deadlineText(created, kept) },
  ];
  return table(columns, kept.machines, stream);
}

function nameIn({ name, count }: Kept, machine: LeasedMachine): string {
  return callName({ label: name, count }, machine);
}

function deadlineText(created: number, { minutes, now }: Kept): string {
  const deadline = created + minutes * 60_000;
  const at = new Date(deadline).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short" });
  return `${at} (in ${duration(Math.max(0, deadline - now) / 1000)})`;
}

/** What it comes to, and what comes next. */
export function nextText(kept: Kept): string {
  const { name, machines, count, cost, currency } = kept;
  const [first] = machines;
  const one = first === undefined ? name : nameIn(kept, first);
  return [
    ...(machines.length < count ? [`${machines.length} of ${count} machines came.`] : []),
    ...(cost === null || cost === 0
      ? []
      : [
          `Until the deadline this costs ${money(cost, currency)}; less when it is given back before.`,
        ]),
    "",
    `use it        eval "$(sim-pipeline machines env ${one})"`,
    `log in        sim-pipeline machines ssh ${one}`,
    `give it back  sim-pipeline machines rm ${name}`,
  ].join("\n");
}

/** The same for other programs. */
export function keptJson(kept: Kept) {
  const { name, lease, provider, count, machines, minutes, deadline, cost, currency } = kept;
  return {
    name,
    lease,
    provider,
    count,
    deadline: isoOf(deadline),
    costUntilDeadline: cost,
    currency,
    machines: machines.map((machine) => ({
      ...machine,
      name: nameIn(kept, machine),
      machine: machine.name,
      created: isoOf(machine.created),
      deadline: isoOf(machine.created + minutes * 60_000),
    })),
  };
}
