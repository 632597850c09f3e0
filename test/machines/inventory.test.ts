import { expect, it } from "vitest";
import { inventory, type Seen } from "../../src/machines/inventory.ts";
import type { Machine } from "../../src/machines/provider.ts";
import { type LeaseRecord, tagsOf } from "../../src/machines/record.ts";
import { machineOf, recordOf } from "./records.ts";

const HOUR = 3_600_000;
const box = recordOf({ id: "aaaaaaaaaa", label: "box" });

function shown(record: LeaseRecord, change: Partial<Machine> = {}): Machine {
  const { seen: _, gone: __, failed: ___, ...machine } = machineOf(record, 0);
  return {
    ...machine,
    provider: "digitalocean",
    state: "running",
    tags: tagsOf(record),
    ...change,
  };
}

function seen(machines: readonly Machine[], change: Partial<Seen> = {}): Seen {
  const billing = { minimumSeconds: 60, minimumCost: 0, currency: "USD", stoppedCosts: true };
  return { provider: "digitalocean", billing, account: null, now: HOUR, machines, ...change };
}

const cheap = { minimumSeconds: 60, minimumCost: 0, currency: "USD", stoppedCosts: false };

it.each<[string, LeaseRecord, Seen | null, object]>([
  ["runs", box, seen([shown(box)]), { state: "running", cost: 0.0625, stillCosts: false }],
  [
    "is off, and costs the same",
    box,
    seen([shown(box, { state: "stopped" })]),
    { state: "stopped", cost: 0.0625, stillCosts: true },
  ],
  [
    "is off, where that costs nothing: since when nobody knows",
    box,
    seen([shown(box, { state: "stopped" })], { billing: cheap }),
    { state: "stopped", cost: null, stillCosts: false },
  ],
  ["is listed no more", box, seen([]), { state: "gone", cost: null }],
  [
    "is not listed yet",
    { ...box, machines: [{ ...machineOf(box, 0), seen: false }] },
    seen([]),
    { state: "creating" },
  ],
  ["is not known of without a token", box, null, { state: "unknown", cost: null }],
  [
    "is not known of with the token of another account",
    box,
    seen([], { account: "somebody else's" }),
    { state: "unknown", cost: null },
  ],
  [
    "may be, after a create call without an answer",
    { ...box, machines: [], calls: [{ names: ["sim-aaaaaaaaaa-0"], called: 0, end: "open" }] },
    seen([]),
    { state: "unknown", id: null },
  ],
  [
    "is, after a create call without an answer",
    { ...box, machines: [], calls: [{ names: ["sim-aaaaaaaaaa-0"], called: 0, end: "open" }] },
    seen([shown(box)]),
    { state: "running", id: "aaaaaaaaaa/0" },
  ],
])("box %s", (_, record, answer, expected) => {
  const listed = inventory(answer, [record], [], HOUR);
  expect(listed).toEqual([expect.objectContaining({ name: "box", use: "kept", ...expected })]);
});

it("what is gone and confirmed to be is nobody's any more", () => {
  const record = { ...box, machines: [{ ...machineOf(box, 0), gone: 1 }] };
  expect(inventory(seen([]), [record], [], HOUR)).toEqual([]);
});

it("a machine whose name and tags disagree is foreign, whatever its tags say", () => {
  const machine = shown(box, { id: "7", name: "database" });
  expect(inventory(seen([machine]), [], [], HOUR)).toEqual([
    expect.objectContaining({ name: "database", whose: "foreign", lease: null, deadline: null }),
  ]);
});

it("one of another computer has the deadline of its tags", () => {
  expect(inventory(seen([shown(box)]), [], [], HOUR)).toEqual([
    expect.objectContaining({ whose: "elsewhere", lease: box.id, deadline: HOUR }),
  ]);
});
