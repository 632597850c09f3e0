import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/plan/canonical.ts";
import { type KeyContext, keyer } from "../../src/plan/key.ts";
import { makePlan } from "../../src/plan/plan.ts";
import type { Sweep } from "../../src/sweep/sweep.ts";
import { sweepOf } from "./sweeps.ts";

const CONTEXT: KeyContext = {
  identity: "sha256:image",
  inputs: [{ to: "/mnt/input/in.csv", sha256: "aa" }],
};

const BASE = {
  parameters: { seed: { range: "1-3" }, mode: ["fast"] },
  command: ["--seed", "{{ seed }}", "--out", "{{ output }}", "--in", "{{ input }}/in.csv"],
  env: { MODE: "{{ mode }}", FIXED: "1" },
  secrets: ["LICENSE_KEY"],
  inputs: [{ from: "sweeps.ts", to: "in.csv" }],
  outputs: ["*.png"],
  templates: [{ from: "config.txt", to: "/mnt/config.json" }],
};
const TEMPLATED = { ...BASE, parameters: { ...BASE.parameters, a: [1] } };

function keysOf(sweep: Sweep, context: KeyContext = CONTEXT): string[] {
  const { key } = keyer(sweep, context);
  return Array.from(makePlan(sweep, { confirmed: true }).points(), (point) => key(point).key);
}

function keysWith(changes: Readonly<Record<string, unknown>>, context?: KeyContext): string[] {
  return keysOf(sweepOf({ ...TEMPLATED, ...changes }), context);
}

describe("a content key", () => {
  it("is the sha256 of the canonical JSON of all that the simulation sees", () => {
    const document = {
      version: 1,
      image: "sha256:image",
      entrypoint: null,
      command: ["--seed", "1", "--out", "\0output\0", "--in", "\0input\0/in.csv"],
      env: { MODE: "fast", FIXED: "1" },
      secrets: ["LICENSE_KEY"],
      templates: [{ to: "/mnt/config.json", text: '{"a": 1, "out": "\0output\0"}\n' }],
      parameters: { seed: 1, mode: "fast", a: 1 },
      ordinal: 0,
      inputs: [{ to: "/mnt/input/in.csv", sha256: "aa" }],
      outputs: ["*.png"],
      network: "none",
      user: "host",
    };
    const expected = createHash("sha256").update(canonicalJson(document)).digest("hex");
    expect(keysWith({})[0]).toBe(expected);

    const sweep = sweepOf(TEMPLATED);
    const keys = keyer(sweep, CONTEXT);
    const [point] = makePlan(sweep, { confirmed: true }).points();
    if (point === undefined) throw new Error("no point");
    const own = JSON.parse(keys.key(point).document);
    expect({ ...JSON.parse(keys.common), ...own }).toEqual(document);
    expect(Object.keys(own)).toEqual(["command", "env", "ordinal", "parameters", "templates"]);
  });

  it("stays what it was when the code changes", () => {
    // A change here runs everybody's finished points again: it needs a higher key version.
    expect(keysWith({})[0]).toBe(
      "e214e937e5f656ff2b3bce8588b6a46f54284e0a830eefcb740d44fcb1ed0cdd",
    );
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["a point's name", { "point-name": "other-{{ seed }}" }],
    ["the sweep's name", { name: "other" }],
    ["image reference", { image: "debian" }],
    ["resources", { resources: { cpus: 2, memory: "1Gi", gpus: 1 } }],
    ["platform", { platform: "linux/arm64" }],
    ["timeouts", { timeout: "1h", "idle-timeout": "10m" }],
    ["retries", { retries: { max: 3, on: ["oom"] } }],
    ["on-failure", { "on-failure": "stop" }],
    ["warm containers", { isolation: "warm" }],
    ["workers", { workers: 7 }],
    ["the process engine's words", { process: ["node", "main.ts"] }],
    ["the order of env", { env: { FIXED: "1", MODE: "{{ mode }}" } }],
    ["the order of parameters", { parameters: { a: [1], mode: ["fast"], seed: { range: "1-3" } } }],
    ["how values are listed", { parameters: { ...TEMPLATED.parameters, seed: [1, 2, 3] } }],
    ["the way a text is written", { env: { MODE: "fast", FIXED: "{{ a }}" } }],
    [
      "the template's source file",
      { templates: [{ from: "./config.txt", to: "/mnt/config.json" }] },
    ],
  ])("does not depend on %s", (_what, changes) => {
    expect(keysWith(changes)).toEqual(keysWith({}));
  });

  it("does not depend on the point's place", () => {
    const later = keysWith({ parameters: { ...TEMPLATED.parameters, seed: { range: "0-3" } } });
    expect(later.slice(1)).toEqual(keysWith({}));
  });

  it("does not depend on how a range is cut into batches", () => {
    const keys = (size: number) =>
      keysOf(
        sweepOf({
          parameters: { frame: { range: "1-10" } },
          command: ["{{ frame.first }}", "{{ frame.last }}"],
          isolation: { batch: size, range: "frame" },
        }),
      );
    expect(keys(5)).toEqual(keys(3));
  });

  it("does not depend on isolation where the texts are the same", () => {
    const keys = (isolation: unknown) =>
      keysOf(sweepOf({ parameters: { a: [1, 2] }, command: ["--all"], isolation }));
    expect(keys({ batch: 2 })).toEqual(keys("container"));
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["entrypoint", { entrypoint: ["sh"] }],
    ["an argument", { command: [...TEMPLATED.command, "-v"] }],
    ["how arguments are cut", { command: ["--seed {{ seed }}"] }],
    ["a format", { command: ["--seed", "{{ seed:02d }}", ...TEMPLATED.command.slice(2)] }],
    ["an environment variable", { env: { ...TEMPLATED.env, FIXED: "2" } }],
    ["a further environment variable", { env: { ...TEMPLATED.env, MORE: "" } }],
    ["secrets", { secrets: [] }],
    ["outputs", { outputs: ["*.jpg"] }],
    ["network", { network: "bridge" }],
    ["user", { user: "image" }],
    ["a template's place", { templates: [{ from: "config.txt", to: "/mnt/c.json" }] }],
    ["a parameter's type", { parameters: { ...TEMPLATED.parameters, a: ["1"] } }],
    ["a parameter that no text holds", { parameters: { ...TEMPLATED.parameters, b: [1] } }],
    [
      "what only looks like {{ output }}",
      { command: TEMPLATED.command.map((text) => text.replace("{{ output", "{{{{ output")) },
    ],
  ])("depends on %s", (_what, changes) => {
    const before = new Set(keysWith({}));
    expect(keysWith(changes).filter((key) => before.has(key))).toEqual([]);
  });

  it.each<[string, KeyContext]>([
    ["the image's identity", { ...CONTEXT, identity: "sha256:other" }],
    ["an input's content", { ...CONTEXT, inputs: [{ to: "/mnt/input/in.csv", sha256: "bb" }] }],
    ["an input's place", { ...CONTEXT, inputs: [{ to: "/mnt/input/other.csv", sha256: "aa" }] }],
  ])("depends on %s", (_what, context) => {
    expect(keysWith({}, context)[0]).not.toBe(keysWith({})[0]);
  });

  it("differs for true, 1 and their texts", () => {
    expect(new Set(keysOf(sweepOf({ parameters: { p: [true, "true", 1, "1"] } }))).size).toBe(4);
  });

  it("differs for equal points, and is each one's whatever other points there are", () => {
    const keys = (samples: number) =>
      keysOf(sweepOf({ parameters: { p: { distribution: "constant", value: 1, samples } } }));
    expect(new Set(keys(3)).size).toBe(3);
    expect(keys(3).slice(0, 2)).toEqual(keys(2));
  });

  it("does not depend on the order of inputs", () => {
    const inputs = [
      { to: "/mnt/input/a", sha256: "1" },
      { to: "/mnt/input/b", sha256: "2" },
    ];
    const keys = (order: typeof inputs) => keysWith({}, { ...CONTEXT, inputs: order });
    expect(keys(inputs)).toEqual(keys(inputs.toReversed()));
  });

  it("differs exactly where parameters or their types differ", () => {
    const value = fc.oneof(fc.string(), fc.integer({ min: -5, max: 5 }), fc.boolean());
    const entry = fc.record({ a: value, b: value, c: value }, { requiredKeys: ["a"] });
    const same = (point: object) => canonicalJson({ ...point });
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, { minLength: 2, maxLength: 6, selector: same }),
        (points) => {
          const keys = keysOf(sweepOf({ include: points }));
          expect(new Set(keys).size).toBe(points.length);
          expect(keysOf(sweepOf({ include: points.toReversed() })).toReversed()).toEqual(keys);
        },
      ),
    );
  });
});
