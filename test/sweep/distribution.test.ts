import { describe, expect, it } from "vitest";
import { type Distribution, draws } from "../../src/sweep/distribution.ts";
import { AxisError } from "../../src/sweep/sequence.ts";
import type { Value } from "../../src/sweep/sweep.ts";
import { failure } from "./failure.ts";

const drawn = (distribution: Distribution, samples: number, seed: number | string = 42) => {
  const { length, value } = draws("p", distribution, samples, seed);
  return Array.from({ length }, (_, position) => value(position));
};
const drawnNumbers = (distribution: Distribution, samples: number) =>
  drawn(distribution, samples).filter((value) => typeof value === "number");

const every: readonly Distribution[] = [
  { distribution: "constant", value: "on" },
  { distribution: "categorical", values: ["a", 1, true] },
  { distribution: "categorical", values: ["a", "b"], probabilities: [0.25, 0.75] },
  { distribution: "int_uniform", min: -3, max: 3 },
  { distribution: "uniform", min: -1, max: 1 },
  { distribution: "q_uniform", min: 0, max: 1, q: 0.1 },
  { distribution: "log_uniform", min: -2, max: 2 },
  { distribution: "q_log_uniform", min: 0, max: 4, q: 2 },
  { distribution: "inv_log_uniform", min: -2, max: 2 },
  { distribution: "log_uniform_values", min: 0.001, max: 1000 },
  { distribution: "q_log_uniform_values", min: 1, max: 1000 },
  { distribution: "inv_log_uniform_values", min: 0.001, max: 1000 },
  { distribution: "normal" },
  { distribution: "normal", mu: 10, sigma: 2 },
  { distribution: "q_normal", sigma: 3, q: 0.5 },
  { distribution: "log_normal", mu: 1, sigma: 0.5 },
  { distribution: "q_log_normal", mu: 3 },
  { distribution: "beta", a: 2, b: 5 },
  { distribution: "beta", a: 0.5, b: 0.5 },
  { distribution: "q_beta", a: 2, b: 5, q: 0.2 },
];

describe("draws", () => {
  it("stay what they are for a seed, since content keys depend on them", () => {
    const table = every.map((fields) => `${JSON.stringify(fields)} ${drawn(fields, 4).join(" ")}`);
    expect(table.join("\n")).toMatchInlineSnapshot(`
      "{"distribution":"constant","value":"on"} on on on on
      {"distribution":"categorical","values":["a",1,true]} true a 1 1
      {"distribution":"categorical","values":["a","b"],"probabilities":[0.25,0.75]} b a b b
      {"distribution":"int_uniform","min":-3,"max":3} 2 -2 0 0
      {"distribution":"uniform","min":-1,"max":1} 0.5813321761205164 -0.7120183094808643 0.04368065244358266 -0.1311526836949779
      {"distribution":"q_uniform","min":0,"max":1,"q":0.1} 0.8 0.1 0.5 0.4
      {"distribution":"log_uniform","min":-2,"max":2} 3.198443714357278 0.24074027614550603 1.0912908972321211 0.7692760760092324
      {"distribution":"q_log_uniform","min":0,"max":4,"q":2} 24 2 8 6
      {"distribution":"inv_log_uniform","min":-2,"max":2} 3.198443714357278 0.24074027614550603 1.0912908972321211 0.7692760760092324
      {"distribution":"log_uniform_values","min":0.001,"max":1000} 55.46212794402507 0.007310466167511253 1.3522031936731393 0.4041494098022522
      {"distribution":"q_log_uniform_values","min":1,"max":1000} 236 3 37 20
      {"distribution":"inv_log_uniform_values","min":0.001,"max":1000} 55.46212794402507 0.007310466167511253 1.3522031936731393 0.4041494098022522
      {"distribution":"normal"} 0.8622955398095522 -0.3499180868745804 0.4879337284891886 -0.26379300289514784
      {"distribution":"normal","mu":10,"sigma":2} 11.724591079619104 9.30016382625084 10.975867456978378 9.472413994209704
      {"distribution":"q_normal","sigma":3,"q":0.5} 2.5 -1 1.5 -1
      {"distribution":"log_normal","mu":1,"sigma":0.5} 4.183498130608713 2.2819742252358504 3.4693486390336346 2.3823883634453384
      {"distribution":"q_log_normal","mu":3} 48 14 33 15
      {"distribution":"beta","a":2,"b":5} 0.3638354161397877 0.15027885522721962 0.28442299295379375 0.2000910347949305
      {"distribution":"beta","a":0.5,"b":0.5} 0.9862072656301539 0.2417447722542569 0.999719614931938 0.6781708952748612
      {"distribution":"q_beta","a":2,"b":5,"q":0.2} 0.4 0.2 0.2 0.2"
    `);
  });

  it.each(every)("of $distribution keep the first ones when more are drawn", (distribution) => {
    expect(drawn(distribution, 20).slice(0, 10)).toEqual(drawn(distribution, 10));
  });

  it.each(every.slice(1))("of $distribution change with the seed", (distribution) => {
    expect(drawn(distribution, 50, 43)).not.toEqual(drawn(distribution, 50, 42));
  });

  it("differ between parameters of one distribution", () => {
    const [one, two] = ["one", "two"].map((name) => draws(name, { distribution: "normal" }, 1, 0));
    expect(one?.value(0)).not.toBe(two?.value(0));
  });

  it("keep the types of categories", () => {
    const values = drawn({ distribution: "categorical", values: [1, "1", true, "true"] }, 200);
    expect(new Set(values)).toEqual(new Set([1, "1", true, "true"]));
  });

  it("are found by value and type", () => {
    const sequence = draws("p", { distribution: "categorical", values: [1, "1"] }, 20, 7);
    const ones = sequence.find(1);
    const texts = sequence.find("1");
    expect([...ones, ...texts].sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
    expect(ones.map((at) => sequence.value(at))).toEqual(ones.map(() => 1));
    expect(sequence.find(true)).toEqual([]);
    const normal = draws("p", { distribution: "normal" }, 20, 7);
    expect(normal.find(normal.value(13))).toEqual([13]);
    expect(normal.find(String(normal.value(13)))).toEqual([]);
  });

  it("tell how equal values repeat", () => {
    const sequence = draws("p", { distribution: "int_uniform", min: 0, max: 4 }, 100, 1);
    const seen = new Map<Value, number>();
    const sizes = Map.groupBy(
      drawn({ distribution: "int_uniform", min: 0, max: 4 }, 100, 1),
      (v) => v,
    );
    for (let at = 0; at < sequence.length; at++) {
      const value = sequence.value(at);
      expect(sequence.repeats?.rank(at)).toBe(seen.get(value) ?? 0);
      expect(sequence.repeats?.size(at)).toBe(sizes.get(value)?.length);
      seen.set(value, (seen.get(value) ?? 0) + 1);
    }
    expect(draws("p", { distribution: "normal" }, 100, 1).repeats).toBeNull();
  });
});

/** The standard normal distribution function, to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
function normalCdf(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const series =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - series * Math.exp((-x * x) / 2);
  return x < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

describe("the distribution of 20,000 draws (Kolmogorov-Smirnov, one in a thousand)", () => {
  const logarithmic = (x: number) => (Math.log(x) - Math.log(0.001)) / Math.log(1e6);
  it.each<[Distribution, (x: number) => number]>([
    [{ distribution: "uniform", min: -1, max: 3 }, (x) => (x + 1) / 4],
    [{ distribution: "log_uniform", min: -2, max: 2 }, (x) => (Math.log(x) + 2) / 4],
    [{ distribution: "inv_log_uniform", min: 0, max: 4 }, (x) => (Math.log(x) + 4) / 4],
    [{ distribution: "log_uniform_values", min: 0.001, max: 1000 }, logarithmic],
    [{ distribution: "inv_log_uniform_values", min: 0.001, max: 1000 }, logarithmic],
    [{ distribution: "normal" }, normalCdf],
    [{ distribution: "normal", mu: 10, sigma: 2 }, (x) => normalCdf((x - 10) / 2)],
    [{ distribution: "log_normal", mu: 1, sigma: 0.5 }, (x) => normalCdf((Math.log(x) - 1) / 0.5)],
    [{ distribution: "beta" }, (x) => x],
    [{ distribution: "beta", a: 2, b: 5 }, (x) => 1 - (1 - x) ** 6 - 6 * x * (1 - x) ** 5],
    [{ distribution: "beta", a: 0.5, b: 0.5 }, (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
    [{ distribution: "beta", a: 0.01, b: 1 }, (x) => x ** 0.01],
    [{ distribution: "beta", a: 1, b: 300 }, (x) => 1 - (1 - x) ** 300],
  ])("of %j is what its name says", (distribution, cdf) => {
    const samples = 20_000;
    const values = drawnNumbers(distribution, samples).sort((a, b) => a - b);
    expect(values).toHaveLength(samples);
    const distance = values.reduce((most, value, at) => {
      const wanted = cdf(value);
      return Math.max(most, wanted - at / samples, (at + 1) / samples - wanted);
    }, 0);
    expect(distance * Math.sqrt(samples)).toBeLessThan(1.95);
  });
});

describe("the frequencies of 20,000 draws", () => {
  it.each<[Distribution, [Value, number][]]>([
    [
      { distribution: "int_uniform", min: -1, max: 1 },
      [
        [-1, 1 / 3],
        [0, 1 / 3],
        [1, 1 / 3],
      ],
    ],
    [
      { distribution: "categorical", values: ["a", 2] },
      [
        ["a", 0.5],
        [2, 0.5],
      ],
    ],
    [
      { distribution: "categorical", values: ["a", "b", "c"], probabilities: [0.2, 0, 0.8] },
      [
        ["a", 0.2],
        ["c", 0.8],
      ],
    ],
    [{ distribution: "constant", value: true }, [[true, 1]]],
    // The outer multiples catch half of what the inner ones do.
    [
      { distribution: "q_uniform", min: 0, max: 1, q: 0.5 },
      [
        [0, 0.25],
        [0.5, 0.5],
        [1, 0.25],
      ],
    ],
    [
      { distribution: "q_beta", a: 1, b: 1 },
      [
        [0, 0.5],
        [1, 0.5],
      ],
    ],
    [{ distribution: "q_normal", q: 100 }, [[0, 1]]],
    [{ distribution: "q_log_uniform", min: 0, max: Math.log(3), q: 2 }, [[2, 1]]],
    [
      { distribution: "q_log_uniform_values", min: 1, max: 4, q: 3 },
      [
        [0, 0.2925],
        [3, 0.7075],
      ],
    ],
    [{ distribution: "q_log_normal", sigma: 0.01, q: 5 }, [[0, 1]]],
  ])("of %j are those of its definition", (distribution, wanted) => {
    const groups = Map.groupBy(drawn(distribution, 20_000), (value) => value);
    expect(new Set(groups.keys())).toEqual(new Set(wanted.map(([value]) => value)));
    for (const [value, share] of wanted) {
      expect(Math.abs((groups.get(value)?.length ?? 0) / 20_000 - share)).toBeLessThan(0.012);
    }
  });

  it("gives every tenth as it is written, not 0.30000000000000004", () => {
    const values = drawn({ distribution: "q_uniform", min: 0, max: 1, q: 0.1 }, 1000);
    expect([...new Set(values.map(String))].sort()).toEqual([
      "0",
      "0.1",
      "0.2",
      "0.3",
      "0.4",
      "0.5",
      "0.6",
      "0.7",
      "0.8",
      "0.9",
      "1",
    ]);
  });

  it("has no negative zero", () => {
    const values = drawn({ distribution: "q_normal", q: 10 }, 100);
    expect(values.some((value) => Object.is(value, -0))).toBe(false);
  });
});

describe("a distribution is refused where", () => {
  it.each<[string, Distribution, string]>([
    ["min 2 is not below max 1", { distribution: "uniform", min: 2, max: 1 }, "min"],
    ["min 1 is not below max 1", { distribution: "int_uniform", min: 1, max: 1 }, "min"],
    ["min must be an integer, not 0.5", { distribution: "int_uniform", min: 0.5, max: 2 }, "min"],
    ["max must be an integer, not 2.5", { distribution: "int_uniform", min: 0, max: 2.5 }, "max"],
    ["max must be a finite number", { distribution: "uniform", min: 0, max: Infinity }, "max"],
    ["min must be above 0, not 0", { distribution: "log_uniform_values", min: 0, max: 1 }, "min"],
    [
      "min must be above 0, not -1",
      { distribution: "inv_log_uniform_values", min: -1, max: 1 },
      "min",
    ],
    ["e to the power of max 1000", { distribution: "log_uniform", min: 0, max: 1000 }, "max"],
    ["e to the power of max 1000", { distribution: "inv_log_uniform", min: 0, max: 1000 }, "max"],
    ["sigma must be above 0, not 0", { distribution: "normal", sigma: 0 }, "sigma"],
    ["mu must be a finite number, not NaN", { distribution: "normal", mu: Number.NaN }, "mu"],
    ["too large to write", { distribution: "log_normal", mu: 600, sigma: 20 }, "sigma"],
    ["sigma must be smaller", { distribution: "normal", sigma: 1e308 }, "sigma"],
    ["q must be above 0, not 0", { distribution: "q_uniform", min: 0, max: 1, q: 0 }, "q"],
    ["q must be above 0, not -1", { distribution: "q_normal", q: -1 }, "q"],
    ["a must be above 0, not 0", { distribution: "beta", a: 0, b: 1 }, "a"],
    ["b must be above 0, not -2", { distribution: "q_beta", b: -2 }, "b"],
    ["values is an empty list", { distribution: "categorical", values: [] }, "values"],
    [
      'values has "a" twice, as value 1 and 3',
      { distribution: "categorical", values: ["a", "b", "a"] },
      "values",
    ],
    [
      "2 values but 1 probabilities",
      { distribution: "categorical", values: [1, 2], probabilities: [1] },
      "probabilities",
    ],
    [
      "the probabilities sum to 0.9 and not to 1",
      { distribution: "categorical", values: [1, 2], probabilities: [0.4, 0.5] },
      "probabilities",
    ],
    [
      "a probability must be from 0 to 1, not -0.5",
      { distribution: "categorical", values: [1, 2], probabilities: [-0.5, 1.5] },
      "probabilities",
    ],
  ])("%s", (message, distribution, field) => {
    const error = failure(AxisError, () => draws("p", distribution, 5, 42));
    expect(error.message).toContain(message);
    expect(error.field).toBe(field);
  });

  it.each([0, -1, 1.5, 2 ** 24 + 1])("samples is %d", (samples) => {
    const error = failure(AxisError, () => draws("p", { distribution: "normal" }, samples, 42));
    expect(error).toMatchObject({ field: "samples" });
  });

  it("probabilities that sum to 1 but for rounding are not", () => {
    const probabilities = Array(10).fill(0.1);
    const values = [...Array(10).keys()];
    expect(drawn({ distribution: "categorical", values, probabilities }, 5)).toHaveLength(5);
  });
});
