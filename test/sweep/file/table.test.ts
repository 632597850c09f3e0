import { describe, expect, test } from "vitest";
import { load, points, problems, warnings } from "./harness.ts";

const CSV = "parameters: {t: {file: t.csv}}";
const JSONL = "parameters: {t: {file: t.jsonl}}";
const csv = (content: string | Uint8Array) => ({ files: { "t.csv": content } });
const jsonl = (content: string) => ({ files: { "t.jsonl": content } });

describe("a .csv table", () => {
  test("zips its columns, its cells typed as YAML types plain scalars", () => {
    const content = "n,x,mode,on,id\n1,0.5,fast,true,2001-01-01\n-2,1e3, slow ,FALSE,1_0\n";
    expect(points(CSV, csv(content))).toEqual([
      { n: 1, x: 0.5, mode: "fast", on: true, id: "2001-01-01" },
      { n: -2, x: 1000, mode: "slow", on: false, id: "1_0" },
    ]);
  });

  test.for<[title: string, content: string, expected: unknown[]]>([
    [
      "quotes keep commas, line ends, blanks and quotes",
      'a,b\n"x, y","1\n2"\n" z ","say ""x"""',
      [
        { a: "x, y", b: "1\n2" },
        { a: " z ", b: 'say "x"' },
      ],
    ],
    ["quotes make no text of a number", 'a\n"7"', [{ a: 7 }]],
    [
      "CRLF, a byte order mark and blank lines",
      "\ufeffa,b\r\n1,2\r\n\r\n3,4\r\n",
      [
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ],
    ],
    ["one row without a line end", "a\n1", [{ a: 1 }]],
    ["a quoted last cell without a line end", 'a,b\n1,"x"', [{ a: 1, b: "x" }]],
    ["a quote inside a cell is a quote", 'a\n5"x', [{ a: '5"x' }]],
  ])("%s", ([, content, expected]) => {
    expect(points(CSV, csv(content))).toEqual(expected);
  });

  test("stands in combine by its own name", () => {
    const text = "parameters: {t: {file: t.csv}, s: [1, 2]}\ncombine: s * t";
    expect(points(text, csv("a,b\n1,2\n3,4"))).toEqual([
      { a: 1, b: 2, s: 1 },
      { a: 3, b: 4, s: 1 },
      { a: 1, b: 2, s: 2 },
      { a: 3, b: 4, s: 2 },
    ]);
  });

  test.for<[content: string | Uint8Array, expected: string[]]>([
    ["", ["t.csv:1:1: the table is empty"]],
    ["a,b\n", ["t.csv:1:1: table t has no rows"]],
    [
      "a,b\n1\n2,3\n4,5,6\n",
      [
        "t.csv:2:1: the row has 1 cell, and the header has 2",
        "t.csv:4:5: the row has 3 cells, and the header has 2",
      ],
    ],
    ["a,,c\n1,2,3", ["t.csv:1:3: column 2 has no name"]],
    ["a,b,a\n1,2,3", ["t.csv:1:5: the column a is here a second time"]],
    ["a,input\n1,2", ["t.csv:1:3: the column input has a reserved name"]],
    ["a;b\n1;2", ['t.csv:1:1: the column "a;b" cannot be a parameter\'s name']],
    [
      "2020,2021\n1,2",
      [
        't.csv:1:1: the column "2020" cannot be a parameter\'s name',
        't.csv:1:6: the column "2021" cannot be a parameter\'s name',
      ],
    ],
    [
      "a,b\n1,\n,2",
      ["t.csv:2:3: the cell of column b is empty", "t.csv:3:1: the cell of column a is empty"],
    ],
    ["a,b\n1,~", ["t.csv:2:3: the cell of column b is null"]],
    [
      "a\n12345678901234567890",
      [
        "t.csv:2:1: the integer 12345678901234567890 is beyond 2^53, where numbers are no longer exact",
      ],
    ],
    ["a\n.nan", ["t.csv:2:1: .nan is not a number that a parameter can have"]],
    ['a,b\n1,"x', ["t.csv:2:3: the quote is not closed"]],
    ['a,b\n1,"x"y', ["t.csv:2:6: a closing quote must end the cell"]],
    ["a,b\n1,2\n3,4\n1,2", ["t.csv:4:1: rows 1 and 3 of table t are equal"]],
    [new Uint8Array([97, 10, 255]), ["1:24: t.csv is not UTF-8 text"]],
    ["a\n\u0000", ["1:24: t.csv is no text: it holds NUL bytes"]],
  ])("that is wrong is told with its place: %j", ([content, expected]) => {
    expect(problems(CSV, csv(content))).toEqual(expected);
  });

  test("a number whose text would change is warned of, once a column", () => {
    expect(warnings(CSV, csv("a,b\n1.0,7\n2.0,08"))).toEqual([
      "t.csv:2:1: the number 1.0 is written as 1 (and 1 more like it)",
      "t.csv:3:5: the number 08 is written as 8",
    ]);
  });
});

describe("a .jsonl table", () => {
  test("keeps types", () => {
    expect(points(JSONL, jsonl('{"a": "1", "b": 1.50}\n\n{"b": true, "a": "x"}\n'))).toEqual([
      { a: "1", b: 1.5 },
      { a: "x", b: true },
    ]);
    expect(load(JSONL, jsonl('{"a": 1.0}')).warnings).toEqual([]);
  });

  test.for<[content: string, expected: string[]]>([
    ["", ["t.jsonl:1:1: the table is empty"]],
    ['{"a": 1}\n{"a": }', ["t.jsonl:2:1: the line is no JSON"]],
    ['{"a": 1}\n[1]', ["t.jsonl:2:1: the line is no JSON object"]],
    [
      '{"a": 1, "b": {"c": 1}}',
      ["t.jsonl:1:10: b: expected a text, a number, true or false, got an object"],
    ],
    ['{"a": [1]}', ["t.jsonl:1:2: a: expected a text, a number, true or false, got a list"]],
    ['{"a": null}', ["t.jsonl:1:2: a: expected a text, a number, true or false, got null"]],
    [
      '{"a": 1}\n{"b": 1}',
      ["t.jsonl:2:1: the row has no a", "t.jsonl:2:2: the first row has no b"],
    ],
    ['{"a b": 1}', ['t.jsonl:1:2: the column "a b" cannot be a parameter\'s name']],
    [
      '{"a": 12345678901234567890}',
      [
        "t.jsonl:1:2: a: the integer 12345678901234567890 is beyond 2^53, where numbers are no longer exact",
      ],
    ],
    ['{"__proto__": 1}', ['t.jsonl:1:2: the column "__proto__" cannot be a parameter\'s name']],
    ["{}", ["t.jsonl:1:1: the row has no values"]],
  ])("that is wrong is told with its place: %j", ([content, expected]) => {
    expect(problems(JSONL, jsonl(content))).toEqual(expected);
  });

  test("an integer-valued number beyond 2^53 with an exponent is fine", () => {
    expect(points(JSONL, jsonl('{"a": 1e300}'))).toEqual([{ a: 1e300 }]);
  });
});

describe("a table that cannot be read is told at its name", () => {
  test.for<[file: string, expected: string]>([
    ["none.csv", "1:24: none.csv does not exist"],
    [".", "1:24: . is no table"],
    ["sweep.yaml", "1:24: sweep.yaml is no table"],
    ["/etc/passwd", "1:24: /etc/passwd leads out of"],
    ["folder.csv", "1:24: folder.csv is a folder, not a file"],
  ])("%s", ([file, expected]) => {
    const given = { files: { "folder.csv/x": "" } };
    expect(problems(`parameters: {t: {file: ${file}}}`, given)[0]).toContain(expected);
  });
});

test("a parameter and a column of one name are told", () => {
  const text = "parameters: {t: {file: t.csv}, a: [1]}";
  expect(problems(text, csv("a,b\n1,2"))).toEqual([
    "1:32: a is a column of the table t and also a parameter",
  ]);
});
