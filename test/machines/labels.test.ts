import { describe, expect, it } from "vitest";
import { callName, knownNames, lookUp, namesOf } from "../../src/machines/labels.ts";
import { recordOf } from "./records.ts";

const box = recordOf({ id: "aaaaaaaaaa", label: "box" });
const pool = recordOf({ id: "bbbbbbbbbb", label: "pool", count: 3 });
const run = recordOf({ id: "cccccccccc" });
const records = [box, pool, run];

describe("a name stands for", () => {
  it.each([
    ["box", ["sim-aaaaaaaaaa-0"], true],
    ["sim-aaaaaaaaaa-0", ["sim-aaaaaaaaaa-0"], true],
    ["aaaaaaaaaa", ["sim-aaaaaaaaaa-0"], true],
    ["pool", ["sim-bbbbbbbbbb-0", "sim-bbbbbbbbbb-1", "sim-bbbbbbbbbb-2"], true],
    ["pool-2", ["sim-bbbbbbbbbb-1"], false],
    ["sim-cccccccccc-0", ["sim-cccccccccc-0"], true],
  ])("%s: %j", (name, machines, whole) => {
    const found = lookUp(records, name);
    expect(found?.machines.map((machine) => machine.name)).toEqual(machines);
    expect(found?.whole).toBe(whole);
  });

  it.each(["boxes", "pool-4", "pool-0", "box-1", ""])("nothing: %j", (name) => {
    expect(lookUp(records, name)).toBeNull();
  });

  it("a lease that has no machine yet", () => {
    expect(lookUp([{ ...box, machines: [] }], "box")).toMatchObject({ machines: [], whole: true });
  });
});

it("only machines that are of use have names", () => {
  const [first, second, third] = pool.machines;
  if (!first || !second || !third) throw new Error("a pool of three");
  const machines = [{ ...first, failed: "did not come up" }, { ...second, gone: 1 }, third];
  expect(knownNames([{ ...pool, machines }])).toEqual(["pool-3"]);
  expect(lookUp([{ ...pool, machines }], "pool")?.machines).toEqual([third]);
});

it("a machine is called by every name but one of the others", () => {
  expect(namesOf("box", 1)).toEqual(["box"]);
  expect(namesOf("pool", 2)).toEqual(["pool", "pool-1", "pool-2"]);
  expect(callName({ label: "pool", count: 12 }, { name: "sim-bbbbbbbbbb-11" })).toBe("pool-12");
});
