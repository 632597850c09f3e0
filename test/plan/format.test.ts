import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planCsv, planJson, planJsonl, planMatrix, planTable } from "../../src/plan/format.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { Point } from "../../src/plan/point.ts";
import { planOf } from "./sweeps.ts";

const text = (chunks: Iterable<string>) => [...chunks].join("");
const keyOf = ({ index }: Point) => `key${index}`;

const SMALL = {
  parameters: { n: [10, 20], word: ['say "hi", x'], fast: [true] },
  include: [{ n: 30 }],
  command: ["-n", "{{ n:03d }}", "--out={{ output }}/{{ point.index }}", "{{{{", '"\n'],
};

describe("a plan as JSON lines", () => {
  it("has index, name, parameters and command", () => {
    expect(text(planJsonl(planOf(SMALL), null))).toBe(
      [
        '{"index":0,"name":"n=10_word=say--hi-,-x_fast=true","parameters":{"n":10,"word":"say \\"hi\\", x","fast":true},"command":["-n","010","--out=/mnt/data/0","{{","\\"\\n"]}',
        '{"index":1,"name":"n=20_word=say--hi-,-x_fast=true","parameters":{"n":20,"word":"say \\"hi\\", x","fast":true},"command":["-n","020","--out=/mnt/data/1","{{","\\"\\n"]}',
        '{"index":2,"name":"n=30","parameters":{"n":30},"command":["-n","030","--out=/mnt/data/2","{{","\\"\\n"]}',
        "",
      ].join("\n"),
    );
  });

  it("has the key behind the command where keys are asked for", () => {
    const lines = text(planJsonl(planOf({ parameters: { a: [1, 2] } }), keyOf));
    expect(lines).toBe(
      '{"index":0,"name":"a=1","parameters":{"a":1},"command":[],"key":"key0"}\n' +
        '{"index":1,"name":"a=2","parameters":{"a":2},"command":[],"key":"key1"}\n',
    );
  });

  it("keeps what only a chunk of points has as a placeholder", () => {
    const plan = planOf({
      parameters: { frame: { range: "1-2" } },
      command: ["-s", "{{ frame.first }}"],
      isolation: { batch: 2, range: "frame" },
    });
    expect(text(planJsonl(plan, null))).toContain('"command":["-s","{{ frame.first }}"]');
  });

  it("comes in chunks of many lines, the last one whole", () => {
    const chunks = [...planJsonl(planOf({ parameters: { a: { range: "1-5000" } } }), null)];
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.length).toBeLessThan(50);
    expect(
      text(chunks)
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).index),
    ).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });
});

/** Sweeps with values of every kind, parameters that some points lack, and awkward texts. */
const sweeps = (() => {
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 5 }),
    fc.constantFrom('"', ",", "\r\n", "\\", "\u2028", "😀", "{{ a }}"),
    fc.integer({ min: -5, max: 5 }),
    fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    fc.boolean(),
  );
  const same = (item: unknown) => `${typeof item}${item}`;
  const list = fc.uniqueArray(value, { minLength: 1, maxLength: 4, selector: same });
  return fc.record({
    parameters: fc.record({ a: list, index: list }),
    include: fc.array(fc.record({ a: value, more: value }, { requiredKeys: ["a"] }), {
      maxLength: 3,
    }),
    command: fc.constantFrom([], ["x", "{{ a }}", '-"{{ point.name }}"{{ a }}']),
    combine: fc.constantFrom("a * index", "index * a"),
  });
})();

/** What every format must say about a plan. */
function recordsOf(plan: Plan, command: readonly string[]) {
  return Array.from(plan.points(), ({ index, name, parameters }) => ({
    index,
    name,
    parameters,
    command: command.map((word) =>
      word.replace("{{ point.name }}", () => name).replace("{{ a }}", () => String(parameters.a)),
    ),
  }));
}

describe("every format", () => {
  it("says of every point the same as the plan", () => {
    fc.assert(
      fc.property(sweeps, (keys) => {
        const plan = planOf(keys);
        const records = recordsOf(plan, keys.command);
        const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));
        const lines = text(planJsonl(plan, null)).trimEnd().split("\n");
        expect(lines.map((line) => JSON.parse(line))).toEqual(asJson(records));
        expect(JSON.parse(text(planJson(plan, null)))).toEqual(
          asJson({ name: "test", count: plan.count, points: records }),
        );
        const names = plan.sweep.space.names;
        const cells = records.map(({ index, name, parameters, command }) => [
          String(index),
          name,
          ...names.map((key) => String(parameters[key] ?? "")),
          JSON.stringify(command),
        ]);
        const heads = names.map((name) => (name === "index" ? "param.index" : name));
        const header = ["index", "name", ...heads, "command"];
        expect(readCsv(text(planCsv(plan, null)))).toEqual([header, ...cells]);
      }),
    );
  });
});

/** RFC 4180 with LF, as its grammar has it. */
function readCsv(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of csv.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\n)/g,
  )) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

describe("a plan as JSON", () => {
  it("is one object, a line a point", () => {
    expect(text(planJson(planOf({ parameters: { a: [1, 2] } }), keyOf))).toBe(
      '{"name":"test","count":2,"points":[\n' +
        '{"index":0,"name":"a=1","parameters":{"a":1},"command":[],"key":"key0"},\n' +
        '{"index":1,"name":"a=2","parameters":{"a":2},"command":[],"key":"key1"}\n' +
        "]}\n",
    );
  });
});

describe("a plan as CSV", () => {
  it("has index, name, parameters, command and key", () => {
    expect(text(planCsv(planOf(SMALL), keyOf))).toBe(
      [
        "index,name,n,word,fast,command,key",
        '0,"n=10_word=say--hi-,-x_fast=true",10,"say ""hi"", x",true,"[""-n"",""010"",""--out=/mnt/data/0"",""{{"",""\\""\\n""]",key0',
        '1,"n=20_word=say--hi-,-x_fast=true",20,"say ""hi"", x",true,"[""-n"",""020"",""--out=/mnt/data/1"",""{{"",""\\""\\n""]",key1',
        '2,n=30,30,,,"[""-n"",""030"",""--out=/mnt/data/2"",""{{"",""\\""\\n""]",key2',
        "",
      ].join("\n"),
    );
  });

  it("quotes a name with a comma, in its own column alone", () => {
    const plan = planOf({
      parameters: { a: [1] },
      "point-name": "x,{{ a }}",
      command: ["{{ point.name }}"],
    });
    expect(text(planCsv(plan, null))).toBe('index,name,a,command\n0,"x,1",1,"[""x,1""]"\n');
  });

  it("heads a parameter named like another column with param.", () => {
    const plan = planOf({ parameters: { name: ["x"], key: [1] } });
    expect(text(planCsv(plan, null)).split("\n")[0]).toBe(
      "index,name,param.name,param.key,command",
    );
  });
});

describe("a plan as a table", () => {
  it("aligns numbers to the right and texts to the left", () => {
    expect(planTable(planOf({ parameters: { n: [5, 10], word: ["ab", "c"] } }), 80)).toBe(
      [
        "#  name           n  word",
        "0  n=5_word=ab    5  ab",
        "1  n=5_word=c     5  c",
        "2  n=10_word=ab  10  ab",
        "3  n=10_word=c   10  c",
        "",
        "4 points",
        "",
      ].join("\n"),
    );
  });

  it("shows the first 20 points and says how many there are", () => {
    const lines = planTable(planOf({ parameters: { a: { range: "1-1234" } } }), 80).split("\n");
    expect(lines).toHaveLength(24);
    expect(lines[20]).toBe("19  a=20  20");
    expect(lines[22]).toBe("the first 20 of 1,234 points");
  });

  it("fits the terminal, and shows no control characters", () => {
    const plan = planOf({ parameters: { a: ["x".repeat(100)], b: ["\u001b[31m\n"] } });
    expect(planTable(plan, 40).split("\n")[1]).toMatch(/^0 {2}a=x{34}…$/);
    expect(planTable(plan, 1000)).toContain("\\u001b[31m\\u000a");
  });
});

describe("a plan as a GitHub matrix", () => {
  it("is one line with an entry a point", () => {
    expect(planMatrix(planOf({ parameters: { a: [1], b: ["x"] } }))).toBe(
      '{"include":[{"index":0,"name":"a=1_b=x","parameters":{"a":1,"b":"x"}}]}\n',
    );
  });

  it("has up to 256 entries, and more is an error that says what to do", () => {
    const range = (last: number) => planOf({ parameters: { a: { range: `1-${last}` } } });
    expect(JSON.parse(planMatrix(range(256))).include).toHaveLength(256);
    expect(() => planMatrix(range(257))).toThrow(
      /at most 256 jobs, and test has 257 points.*--param/s,
    );
    expect(() => planMatrix(range(257))).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
