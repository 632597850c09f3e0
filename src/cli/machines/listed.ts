import { money } from "../../machines/cost.ts";
import type { Listed } from "../../machines/inventory.ts";
import { duration } from "../../report/units.ts";
import { type Cell, type Column, table } from "../table.ts";

const COLUMNS: readonly Column<Listed>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "PROVIDER", optional: true, cell: ({ provider }) => provider },
  { title: "SIZE", cell: ({ size }) => size },
  { title: "STATE", cell: stateCell },
  { title: "ADDRESS", cell: ({ address }) => address ?? "-" },
  { title: "AGE", right: true, optional: true, cell: ageText },
  { title: "DEADLINE", right: true, cell: deadlineCell },
  { title: "COST", right: true, cell: costText },
  { title: "FOR", cell: ({ use }) => use },
];

/** Machines as people read them. */
export function listedTable(machines: readonly Listed[], stream: NodeJS.WriteStream): string {
  return table(COLUMNS, machines, stream);
}

function stateText({ state, stillCosts }: Listed): string {
  return stillCosts ? `${state}, still costs` : state;
}

function stateCell(machine: Listed): Cell {
  const text = stateText(machine);
  switch (machine.state) {
    case "running":
      return { text, style: "green" };
    case "creating":
    case "removing":
      return { text, style: "cyan" };
    default:
      return { text, style: "yellow" };
  }
}

function ageText({ created, now }: Listed): string {
  return created === null ? "-" : duration(Math.max(0, now - created) / 1000);
}

function deadlineCell({ deadline, now, state }: Listed): string | Cell {
  if (deadline === null || state === "gone") return "-";
  if (deadline <= now) return { text: "over", style: "red" };
  return `in ${duration((deadline - now) / 1000)}`;
}

function costText({ cost, currency }: Listed): string {
  return cost === null || currency === null ? "-" : money(cost, currency);
}

/** A machine for other programs: times as ISO 8601, prices and costs in `currency`. */
export function listedJson(machine: Listed) {
  const { name, provider, created, deadline, now, ...rest } = machine;
  return {
    name,
    provider,
    ...rest,
    created: isoOf(created),
    ageSeconds: created === null ? null : Math.max(0, Math.round((now - created) / 1000)),
    deadline: isoOf(deadline),
  };
}

export function isoOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
