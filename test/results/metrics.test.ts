import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MetricsError, parseMetrics, readMetrics } from "../../src/results/metrics.ts";

describe("a result.json that is metrics", () => {
  it.each([
    ["{}", {}],
    [' {\n\t"a" : 1 ,\r\n "b":-0.5e-3}\n', { a: 1, b: -0.0005 }],
    ['{"s":"text","t":true,"f":false,"n":null}', { s: "text", t: true, f: false, n: null }],
    ['\ufeff{"a":1}', { a: 1 }],
    ['{"a b.c/d":1,"é":2}', { "a b.c/d": 1, é: 2 }],
    ['{"\\u0061":"\\u00e9\\n\\"\\\\"}', { a: 'é\n"\\' }],
    ['{"half":"\\ud800"}', { half: "\ufffd" }],
    ['{"a":12345678901234567890}', { a: 12345678901234567000 }],
  ])("%j", (text, expected) => {
    expect(parseMetrics(text)).toEqual(expected);
  });

  it.each([
    ['{"a":NaN}', { a: null }],
    ['{"a":Infinity,"b":-Infinity}', { a: null, b: null }],
    ['{"a":1e400,"b":-1e400}', { a: null, b: null }],
    ['{"NaN":NaN}', { NaN: null }],
    ['{"a":"NaN, Infinity","b":"\\"NaN"}', { a: "NaN, Infinity", b: '"NaN' }],
  ])("counts what is no finite number as missing, outside of strings: %s", (text, expected) => {
    expect(parseMetrics(text)).toEqual(expected);
  });

  it("keeps a metric called __proto__ as any other", () => {
    const metrics = parseMetrics('{"__proto__":1,"constructor":2}');
    expect(Object.entries(metrics)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
  });

  it("reads whatever flat object JSON.stringify writes", () => {
    const value = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean());
    const metrics = fc.dictionary(fc.string({ minLength: 1 }), fc.option(value));
    fc.assert(
      fc.property(metrics, fc.constantFrom(undefined, 1, "\t"), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        expect(parseMetrics(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("refuses whatever JSON refuses, but for Python's words", () => {
    const piece = fc.constantFrom(
      '"a"',
      ":",
      ",",
      "{",
      "}",
      "1",
      "-",
      "0",
      ".",
      "e",
      "true",
      '"',
      "\\",
      " ",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = `{${pieces.join("")}}`;
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) expect(() => parseMetrics(text)).toThrow(MetricsError);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a result.json that fails the point", () => {
  it.each([
    ["", "1:1: expected an object"],
    ["[1]", "1:1: expected an object"],
    ["null", "1:1: expected an object"],
    ['"text"', "1:1: expected an object"],
    ['{"a":{"b":1}}', '1:6: the metric "a" is an object'],
    ['{"first":1,\n  "list": [1]}', '2:11: the metric "list" is a list'],
    ['{"a":1,}', '1:8: expected a metric\'s name in double quotes, found "}"'],
    ["{a:1}", '1:2: unexpected "a"'],
    ["{'a':1}", '1:2: unexpected "\'"'],
    ['{"a" 1}', '1:6: expected ":", found "1"'],
    ['{"a":}', '1:6: expected a value, found "}"'],
    ['{"a":1', '1:7: expected "," or "}", found the end of the file'],
    ['{"a":1 "b":2}', '1:8: expected "," or "}"'],
    ['{"a":1}\n{"a":2}', '2:1: unexpected "{" after the object'],
    ['{"a":01}', '1:6: unexpected "01"'],
    ['{"a":1.}', "1:6: unexpected"],
    ['{"a":.5}', "1:6: unexpected"],
    ['{"a":+1}', "1:6: unexpected"],
    ['{"a":0x10}', "1:6: unexpected"],
    ['{"a":1_000}', "1:6: unexpected"],
    ['{"a":nan}', '1:6: unexpected "nan"'],
    ['{"a":-NaN}', '1:6: unexpected "-NaN"'],
    ['{"a":True}', '1:6: unexpected "True"'],
    ['{"a":undefined}', '1:6: unexpected "undefined"'],
    ['{"a":1} // done', '1:9: unexpected "/"'],
    ['{"a":"\t"}', "1:6: this string holds an unescaped control character"],
    ['{"a":"\\x41"}', "1:6: this string holds"],
    ['{"a":"b}', "1:6: this string does not end"],
    ['{"a":1,"a":2}', '1:8: the metric "a" is there twice'],
    ['{"a":1,"\\u0061":2}', '1:8: the metric "a" is there twice'],
    ['{"":1}', "1:2: a metric's name is empty"],
    ['{"a":1}\0', "1:8: unexpected"],
  ])("%j: %s", (text, reason) => {
    expect(() => parseMetrics(text)).toThrow(MetricsError);
    expect(() => parseMetrics(text)).toThrow(`result.json:${reason}`);
  });

  it("has at most 1,000 metrics", () => {
    const object = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, i])));
    expect(Object.keys(parseMetrics(object(1000)))).toHaveLength(1000);
    expect(() => parseMetrics(object(1001))).toThrow("more than 1000 metrics");
  });

  it("ends in linear time for the longest strings", () => {
    for (const unit of ["x", "\\n", "\\\\"]) {
      const string = unit.repeat(500_000);
      expect(parseMetrics(`{"a":"${string}"}`).a).toHaveLength(500_000);
      expect(() => parseMetrics(`{"a":"${string}`)).toThrow("does not end");
    }
  });
});

describe("reading result.json from a folder", () => {
  let folder = "";
  let file = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "metrics-"));
    file = join(folder, "result.json");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is null where there is none", async () => {
    expect(await readMetrics(folder)).toBeNull();
  });

  it("gives the metrics of a file", async () => {
    writeFileSync(file, '{"estimate": 3.14}');
    expect(await readMetrics(folder)).toEqual({ estimate: 3.14 });
  });

  it("follows no symbolic link", async () => {
    writeFileSync(join(folder, "other.json"), "{}");
    symlinkSync("other.json", file);
    await expect(readMetrics(folder)).rejects.toThrow("is a symbolic link");
  });

  it("refuses a folder", async () => {
    mkdirSync(file);
    await expect(readMetrics(folder)).rejects.toThrow("not a regular file");
  });

  it("refuses a FIFO without waiting for a writer", async () => {
    execFileSync("mkfifo", [file]);
    await expect(readMetrics(folder)).rejects.toThrow("not a regular file");
  });

  it("refuses a socket", async () => {
    const server = createServer().listen(file);
    await new Promise((resolve) => server.once("listening", resolve));
    await expect(readMetrics(folder)).rejects.toThrow("not a regular file");
    await new Promise((resolve) => server.close(resolve));
  });

  it("refuses more than 1 MiB without reading it", async () => {
    writeFileSync(file, "");
    truncateSync(file, 2 ** 40);
    await expect(readMetrics(folder)).rejects.toThrow("more than the 1048576 allowed");
  });

  it.each([
    ["Latin-1", Buffer.from('{"a":"é"}', "latin1")],
    ["UTF-16, as PowerShell's > writes it", Buffer.from('\ufeff{"a":1}', "utf16le")],
  ])("refuses %s", async (_, bytes) => {
    writeFileSync(file, bytes);
    await expect(readMetrics(folder)).rejects.toThrow("is not UTF-8 text");
  });
});
