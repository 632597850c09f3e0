import { describe, expect, it } from "vitest";
import { type Difference, firstDifference } from "../../src/plan/explain.ts";
import { type KeyContext, type KeyDocument, keyer } from "../../src/plan/key.ts";
import { makePlan } from "../../src/plan/plan.ts";
import { sweepOf } from "./sweeps.ts";

const CONTEXT: KeyContext = { identity: "sha256:a", inputs: [] };
const SWEEP = {
  parameters: { seed: [1], mode: ["fast"] },
  command: ["--seed", "{{ seed }}", "-o", "{{ output }}"],
  env: { MODE: "x" },
  outputs: ["*.png"],
  templates: [{ from: "lines.txt", to: "/mnt/lines.txt" }],
};

/** The key document of the sweep's first point, with these keys instead. */
function documentOf(changes: object = {}, context: object = {}): KeyDocument {
  const sweep = sweepOf({ ...SWEEP, ...changes });
  const keys = keyer(sweep, { ...CONTEXT, ...context });
  const [point] = makePlan(sweep, { confirmed: false }).points();
  if (point === undefined) throw new Error("no point");
  return { common: keys.common, point: keys.key(point).document };
}

describe("the first part in which two keys differ", () => {
  it("is none where they are the same", () => {
    expect(firstDifference(documentOf(), documentOf())).toBeNull();
  });

  it.each<[object, Difference]>([
    [
      { parameters: { seed: ["1"], mode: ["fast"] } },
      { part: "parameters.seed", old: "1", now: '"1"' },
    ],
    [
      { parameters: { seed: [1], mode: ["fast"], more: [true] } },
      { part: "parameters.more", old: "(none)", now: "true" },
    ],
    [
      { parameters: { seed: [1] }, templates: [] },
      { part: "parameters.mode", old: '"fast"', now: "(none)" },
    ],
    [
      { command: ["--seed={{ seed }}", "{{ output }}"] },
      {
        part: "command",
        old: '["--seed","1","-o","{{ output }}"]',
        now: '["--seed=1","{{ output }}"]',
      },
    ],
    [
      { entrypoint: ["python3"] },
      { part: "entrypoint", old: "(the image's own)", now: '["python3"]' },
    ],
    [{ env: { MODE: "{{ mode }}" } }, { part: "env.MODE", old: "x", now: "fast" }],
    [{ env: {} }, { part: "env.MODE", old: "x", now: "(none)" }],
    [{ secrets: ["KEY"] }, { part: "secrets", old: "[]", now: '["KEY"]' }],
    [{ outputs: [] }, { part: "outputs", old: '["*.png"]', now: "[]" }],
    [{ network: "bridge" }, { part: "network", old: "none", now: "bridge" }],
    [{ user: "1000:1000" }, { part: "user", old: "host", now: "1000:1000" }],
    [
      { templates: [] },
      {
        part: "template /mnt/lines.txt",
        old: "mode fast\nout {{ output }}/x\nend\n",
        now: "(none)",
      },
    ],
    [
      { templates: [{ from: "lines2.txt", to: "/mnt/lines.txt" }] },
      { part: "template /mnt/lines.txt", old: "line 2: out {{ output }}/x", now: "line 2: out /y" },
    ],
  ])("with %j is named in the sweep file's words", (changes, difference) => {
    expect(firstDifference(documentOf(), documentOf(changes))).toEqual(difference);
  });

  it("may be the image or the content of an input", () => {
    const old = documentOf({}, { inputs: [{ to: "/mnt/input/a.csv", sha256: "11" }] });
    const now = documentOf({}, { inputs: [{ to: "/mnt/input/a.csv", sha256: "22" }] });
    expect(firstDifference(old, now)).toEqual({
      part: "input /mnt/input/a.csv",
      old: "sha256 11",
      now: "sha256 22",
    });
    expect(firstDifference(old, documentOf({}, { identity: "sha256:b" }))).toEqual({
      part: "image",
      old: "sha256:a",
      now: "sha256:b",
    });
  });

  it("names a parameter before the command that holds it", () => {
    const now = documentOf({ parameters: { seed: [2], mode: ["fast"] } });
    expect(firstDifference(documentOf(), now)?.part).toBe("parameters.seed");
  });

  it("is the same wherever the parts are stored", () => {
    const fixed = documentOf({ command: ["--seed", "1", "-o", "{{ output }}"] });
    expect(firstDifference(documentOf(), fixed)).toBeNull();
  });

  it("is the version of keys where another one made the old key", () => {
    const old = { common: '{"version":0}', point: '{"something":"else"}' };
    expect(firstDifference(old, documentOf())).toEqual({ part: "key version", old: "0", now: "1" });
  });
});
