import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openDatabase } from "../../src/results/database.ts";
import { createRunFolder, runFolder } from "../../src/results/folder.ts";
import {
  type MachineRow,
  machinesOf,
  recordMachines,
  runCost,
} from "../../src/results/machines.ts";
import { temporaryFolder } from "../run/harness.ts";

const machine = (change: Partial<MachineRow> = {}): MachineRow => ({
  name: "sim-abcdefghij-0",
  provider: "digitalocean",
  size: "c-2",
  region: "nyc3",
  cpus: 2,
  pricePerHour: 3.6,
  currency: "USD",
  minimumSeconds: 60,
  minimumCost: 0.01,
  created: 1_000,
  gone: null,
  ahead: 0,
  ...change,
});

describe("machines in run.db", () => {
  it("come back as they were written, the last word on each counting", () => {
    const folder = runFolder(temporaryFolder());
    createRunFolder(folder);
    using database = openDatabase(folder);
    const later = machine({ name: "sim-abcdefghij-1", created: 2_000, pricePerHour: null });
    recordMachines(database, [later, machine()]);
    recordMachines(database, [machine({ gone: 9_000 })]);
    expect(machinesOf(database)).toEqual([machine({ gone: 9_000 }), later]);
  });

  it("of an earlier version know nothing of clocks", () => {
    const folder = runFolder(temporaryFolder());
    createRunFolder(folder);
    using database = openDatabase(folder);
    const { ahead, ...earlier } = machine();
    recordMachines(database, [earlier as MachineRow]);
    expect(machinesOf(database)).toEqual([{ ...earlier, ahead: 0 }]);
    expect(ahead).toBe(0);
  });

  it("are none in a folder that knows no machines", () => {
    using database = new DatabaseSync(":memory:");
    expect(machinesOf(database)).toEqual([]);
  });
});

describe("the cost of a run", () => {
  it.each([
    ["is none without machines", [], null],
    [
      "grows while a machine is rented",
      [machine()],
      { machines: 1, amount: 0.1, currency: "USD", seconds: 100, open: true },
    ],
    [
      "grows by the provider's clock, an hour ahead of ours",
      [machine({ created: 3_601_000, ahead: 3_600_000 })],
      { machines: 1, amount: 0.1, currency: "USD", seconds: 100, open: true },
    ],
    [
      "grows by the provider's clock, an hour behind ours",
      [machine({ created: -3_599_000, ahead: -3_600_000 })],
      { machines: 1, amount: 0.1, currency: "USD", seconds: 100, open: true },
    ],
    [
      "adds up over machines and executions",
      [machine({ gone: 1_001_000 }), machine({ name: "b", gone: 101_000 })],
      { machines: 2, amount: 1.1, currency: "USD", seconds: 1_100, open: false },
    ],
    [
      "is not known where a price is not",
      [machine({ pricePerHour: null, gone: 61_000 })],
      { machines: 1, amount: null, currency: "USD", seconds: 60, open: false },
    ],
    [
      "is not added up over currencies",
      [machine({ gone: 61_000 }), machine({ name: "b", currency: "EUR", gone: 61_000 })],
      { machines: 2, amount: null, currency: "USD", seconds: 120, open: false },
    ],
  ] as const)("%s", (_, machines, cost) => {
    expect(runCost(machines, 101_000)).toEqual(cost);
  });
});
