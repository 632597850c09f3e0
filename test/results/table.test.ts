import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { layoutOf, type Row } from "../../src/results/layout.ts";
import { exportTables, type Format } from "../../src/results/table.ts";
import { row } from "./rows.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "table-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function exported(format: Format, rows: readonly Row[]): Promise<string> {
  const path = join(folder, "results");
  await exportTables(rows, layoutOf(rows), [{ format, path }]);
  return path;
}

async function text(format: Format, rows: readonly Row[]): Promise<string> {
  return readFileSync(await exported(format, rows), "utf8");
}

const HEADINGS = "name,status,cached,exit_code,attempts,seconds,cpu_seconds,peak_memory";

const FAILED = row({
  name: "failed",
  status: "timed-out",
  exit_code: null,
  attempts: 3,
  cpu_seconds: null,
  peak_memory: null,
});

describe("results as CSV", () => {
  it("have a line of headings and a line a point, and end in LF", async () => {
    const rows = [row({ parameters: { x: 0.1, mode: "fast", on: true } }), FAILED];
    expect(await text("csv", rows)).toBe(
      `${HEADINGS},x,mode,on\n` +
        "p,succeeded,false,0,1,1.5,1.25,4096,0.1,fast,true\n" +
        "failed,timed-out,false,,3,1.5,,,,,\n",
    );
  });

  it("of no points are the headings", async () => {
    expect(await text("csv", [])).toBe(`${HEADINGS}\n`);
  });

  it.each([
    ["plain", "plain"],
    ["", '""'],
    [null, ""],
    ["a,b", '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ["two\nlines", '"two\nlines"'],
    ["two\r\nlines", '"two\r\nlines"'],
    [" space ", " space "],
    ["=1+1", "=1+1"],
    [true, "true"],
    [1e21, "1e+21"],
    [-0.000001, "-0.000001"],
    [0.1 + 0.2, "0.30000000000000004"],
    ["001", "001"],
    ["é😀", "é😀"],
  ])("write %j as %j", async (m, expected) => {
    const csv = await text("csv", [row({ metrics: { m } })]);
    expect(csv).toBe(`${HEADINGS},m\np,succeeded,false,0,1,1.5,1.25,4096,${expected}\n`);
  });

  it("quote headings as well", async () => {
    const csv = await text("csv", [row({ parameters: { "a,b": 1 } })]);
    expect(csv.split("\n")[0]).toBe(`${HEADINGS},"a,b"`);
  });

  it.skipIf(!hasPython())("are read back by Python's csv module (needs python3)", async () => {
    const strings = fc.sample(fc.string({ unit: "grapheme" }), { numRuns: 500, seed: 7 });
    const awkward = ['"', '""', ",", "\n", "\r", "\r\n", '",\n"', " ", "", "\ufeff"];
    const values = [...strings, ...awkward].map((value) => value.toWellFormed());
    const path = await exported(
      "csv",
      values.map((s) => row({ metrics: { s, n: 0.5 } })),
    );
    const script =
      "import csv,json,sys\n" +
      "rows=csv.DictReader(open(sys.argv[1],encoding='utf-8',newline=''),strict=True)\n" +
      "print(json.dumps([[r['s'],r['n']] for r in rows]))";
    const read = execFileSync("python3", ["-c", script, path], { maxBuffer: 2 ** 26 });
    expect(JSON.parse(read.toString())).toEqual(values.map((value) => [value, "0.5"]));
  });
});

describe("results as JSON lines", () => {
  it("keep types, name what is missing and keep the layout's order", async () => {
    const rows = [
      row({ parameters: { b: "1", "2": 1, "1": true }, metrics: { m: null, t: "x\ny" } }),
      FAILED,
    ];
    // "1" and "2" come first in a JavaScript object already, but not before "name".
    expect(await text("jsonl", rows)).toBe(
      '{"name":"p","status":"succeeded","cached":false,"exit_code":0,"attempts":1,"seconds":1.5,' +
        '"cpu_seconds":1.25,"peak_memory":4096,"1":true,"2":1,"b":"1","m":null,"t":"x\\ny"}\n' +
        '{"name":"failed","status":"timed-out","cached":false,"exit_code":null,"attempts":3,' +
        '"seconds":1.5,"cpu_seconds":null,"peak_memory":null,"1":null,"2":null,"b":null,' +
        '"m":null,"t":null}\n',
    );
  });

  it("of no points are an empty file", async () => {
    expect(await text("jsonl", [])).toBe("");
  });

  it("hold whatever values there are", async () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.double({ noNaN: true }));
    const metrics = fc.dictionary(fc.stringMatching(/^m.{0,9}$/), value);
    await fc.assert(
      fc.asyncProperty(fc.array(metrics, { maxLength: 5 }), async (all) => {
        const lines = (
          await text(
            "jsonl",
            all.map((metrics) => row({ metrics })),
          )
        ).split("\n");
        expect(lines.pop()).toBe("");
        const read = lines.map((line) => JSON.parse(line));
        expect(read).toMatchObject(all.map((one) => JSON.parse(JSON.stringify(one))));
      }),
      { numRuns: 50 },
    );
  });
});

describe("results as Parquet", () => {
  async function readParquet(path: string): Promise<Record<string, unknown>[]> {
    return await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  }

  it("keep the types of columns and what is missing", async () => {
    const rows = [
      row({
        parameters: { n: 1, x: 0.5, s: "é", on: true },
        metrics: { big: 2 ** 52, empty: "", none: null },
      }),
      FAILED,
    ];
    const path = await exported("parquet", rows);
    const missing = { n: null, x: null, s: null, on: null, big: null, empty: null, none: null };
    expect(await readParquet(path)).toEqual([
      {
        ...{ name: "p", status: "succeeded", cached: false, exit_code: 0n, attempts: 1n },
        ...{ seconds: 1.5, cpu_seconds: 1.25, peak_memory: 4096n },
        ...{ n: 1n, x: 0.5, s: "é", on: true, big: 2n ** 52n, empty: "", none: null },
      },
      {
        ...{ name: "failed", status: "timed-out", cached: false, exit_code: null, attempts: 3n },
        ...{ seconds: 1.5, cpu_seconds: null, peak_memory: null },
        ...missing,
      },
    ]);
    const { schema } = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const types = schema
      .slice(1)
      .map(({ name, type, converted_type }) => [name, converted_type ?? type]);
    expect(Object.fromEntries(types)).toEqual({
      ...{ name: "UTF8", status: "UTF8", cached: "BOOLEAN", exit_code: "INT64" },
      ...{ attempts: "INT64", seconds: "DOUBLE", cpu_seconds: "DOUBLE", peak_memory: "INT64" },
      ...{ n: "INT64", x: "DOUBLE", s: "UTF8", on: "BOOLEAN" },
      ...{ big: "INT64", empty: "UTF8", none: "DOUBLE" },
    });
  });

  it("write a column of mixed types as text", async () => {
    const values = [1, "a", true, 0.5, null];
    const path = await exported(
      "parquet",
      values.map((m) => row({ metrics: { m } })),
    );
    const read = await readParquet(path);
    expect(read.map(({ m }) => m)).toEqual(["1", "a", "true", "0.5", null]);
  });

  it("write integers and fractions in one column as doubles", async () => {
    const path = await exported(
      "parquet",
      [1, 0.5, 2 ** 60].map((m) => row({ metrics: { m } })),
    );
    expect((await readParquet(path)).map(({ m }) => m)).toEqual([1, 0.5, 2 ** 60]);
  });

  it("of no points have the columns", async () => {
    const path = await exported("parquet", []);
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    expect(metadata.num_rows).toBe(0n);
    expect(metadata.schema).toHaveLength(9);
  });

  it("are all there over several row groups", async () => {
    const count = 70_000;
    const rows = Array.from({ length: count }, (_, i) =>
      row({ name: `p${i}`, parameters: { i }, metrics: { half: i / 2, label: `x${i % 7}` } }),
    );
    const path = await exported("parquet", rows);
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    expect(metadata.row_groups.length).toBeGreaterThan(1);
    const read = await readParquet(path);
    expect(read).toHaveLength(count);
    for (const i of [0, 27_271, 27_272, 27_273, 54_545, count - 1]) {
      expect(read[i]).toMatchObject({
        name: `p${i}`,
        i: BigInt(i),
        half: i / 2,
        label: `x${i % 7}`,
      });
    }
  });

  it("may have columns whose names hold dots", async () => {
    const path = await exported("parquet", [row({ parameters: { name: 1, "a.b": 2 } })]);
    expect((await readParquet(path))[0]).toMatchObject({ "param.name": 1n, "a.b": 2n });
  });
});

describe.each<[Format]>([["csv"], ["jsonl"], ["parquet"]])("a file of results as %s", (format) => {
  it("replaces the older one whole", async () => {
    const path = join(folder, "results");
    writeFileSync(path, "older ".repeat(10_000));
    await exportTables([], layoutOf([]), [{ format, path }]);
    expect(readFileSync(path, "utf8")).not.toContain("older");
    expect(readdirSync(folder)).toEqual(["results"]);
  });

  it("leaves the older one as it was where the rows break off", async () => {
    const path = join(folder, "results");
    writeFileSync(path, "older");
    const rows = (function* () {
      for (let i = 0; i < 2500; i++) yield row({});
      throw new Error("the database is gone");
    })();
    const failed = exportTables(rows, layoutOf([]), [{ format, path }]);
    await expect(failed).rejects.toThrow("the database is gone");
    expect(readFileSync(path, "utf8")).toBe("older");
    expect(readdirSync(folder)).toEqual(["results"]);
  });

  it("is not begun where its folder is absent", async () => {
    const path = join(folder, "absent", "results");
    await expect(exportTables([], layoutOf([]), [{ format, path }])).rejects.toThrow("ENOENT");
    expect(existsSync(path)).toBe(false);
  });
});

describe("several tables", () => {
  const tables = () =>
    (["csv", "jsonl", "parquet"] as const).map((format) => ({
      format,
      path: join(folder, `results.${format}`),
    }));

  it("are written while the rows are read once", async () => {
    const count = 2500;
    let read = 0;
    const rows = (function* () {
      for (; read < count; read++) yield row({ name: `p${read}`, metrics: { i: read } });
    })();
    await exportTables(rows, layoutOf([row({ metrics: { i: 1 } })]), tables());
    expect(read).toBe(count);
    const lines = (format: string) =>
      readFileSync(join(folder, `results.${format}`), "utf8")
        .trimEnd()
        .split("\n");
    expect(lines("csv")).toHaveLength(count + 1);
    expect(lines("csv").at(-1)).toBe("p2499,succeeded,false,0,1,1.5,1.25,4096,2499");
    expect(lines("jsonl")).toHaveLength(count);
    expect(JSON.parse(lines("jsonl").at(-1) ?? "")).toMatchObject({ name: "p2499", i: 2499 });
    const parquet = await asyncBufferFromFile(join(folder, "results.parquet"));
    expect((await parquetMetadataAsync(parquet)).num_rows).toBe(BigInt(count));
  });

  it("all appear, or none does", async () => {
    const [csv, jsonl] = tables();
    if (csv === undefined || jsonl === undefined) throw new Error("no tables");
    const absent = { ...jsonl, path: join(folder, "absent/results.jsonl") };
    await expect(exportTables([row({})], layoutOf([]), [csv, absent])).rejects.toThrow("ENOENT");
    expect(readdirSync(folder)).toEqual([]);
  });
});

function hasPython(): boolean {
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
