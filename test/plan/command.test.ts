import { describe, expect, it } from "vitest";
import { renderer } from "../../src/plan/command.ts";
import { planOf, sweepOf } from "./sweeps.ts";

const folders = { output: "/mnt/data", input: "/mnt/input" };

function rendered(keys: Readonly<Record<string, unknown>>, index = 0) {
  const plan = planOf(keys);
  const [point] = plan.points(index, index + 1);
  if (point === undefined) throw new Error(`no point ${index}`);
  return renderer(plan.sweep)(point, folders, null);
}

describe("what a point runs", () => {
  it("is every text of the sweep with its placeholders replaced", () => {
    const keys = {
      parameters: { seed: { range: "1-3" }, word: ["a b"] },
      "point-name": "s{{ seed }}",
      entrypoint: ["python3", "{{ word }}.py"],
      command: ["--seed", "{{ seed:03d }}", "--out={{ output }}/{{ point.name }}", "{{{{ x }}"],
      env: { WORD: "<{{ word }}>", INDEX: "{{ point.index }}", DATA: "{{ input }}/d.csv" },
      outputs: ["{{ seed }}.png"],
    };
    expect(rendered(keys, 1)).toEqual({
      entrypoint: ["python3", "a b.py"],
      command: ["--seed", "002", "--out=/mnt/data/s2", "{{ x }}"],
      env: { WORD: "<a b>", INDEX: "1", DATA: "/mnt/input/d.csv" },
      templates: [],
      outputs: ["2.png"],
    });
  });

  it("leaves the image's entry point alone where the sweep has none", () => {
    expect(rendered({ parameters: { a: [1] } }).entrypoint).toBeNull();
  });

  it("has its templates rendered, each with its place in the task", () => {
    const keys = {
      parameters: { a: [1, 2] },
      templates: [{ from: "config.txt", to: "/mnt/config.json" }],
    };
    expect(rendered(keys, 1).templates).toEqual([
      { to: "/mnt/config.json", text: '{"a": 2, "out": "/mnt/data"}\n' },
    ]);
  });

  it("gives a batch the ends of its chunk, and its points their own outputs", () => {
    const sweep = sweepOf({
      parameters: { frame: { range: "1-100" } },
      command: ["-s", "{{ frame.first }}", "-e", "{{ frame.last }}"],
      outputs: ["{{ frame:04d }}.png"],
      isolation: { batch: 50, range: "frame" },
    });
    const point = { index: 9, name: "frame=10", parameters: { frame: 10 } };
    const { command, outputs } = renderer(sweep)(point, folders, { first: 1, last: 50 });
    expect(command).toEqual(["-s", "1", "-e", "50"]);
    expect(outputs).toEqual(["0010.png"]);
  });
});
