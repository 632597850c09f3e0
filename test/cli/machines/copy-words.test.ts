import { describe, expect, it } from "vitest";
import { copyWords } from "../../../src/cli/machines/copy-words.ts";
import { recordOf } from "../../machines/records.ts";

const records = [
  recordOf({ id: "aaaaaaaaaa", label: "box" }),
  recordOf({ id: "bbbbbbbbbb", label: "pool", count: 2 }),
];

describe("scp gets", () => {
  it.each([
    ["here.txt", "box:", ["-r", "--", "here.txt", "sim-aaaaaaaaaa-0:"]],
    ["box:/var/log/x", ".", ["-r", "--", "sim-aaaaaaaaaa-0:/var/log/x", "."]],
    ["./a:b", "pool-2:c:d", ["-r", "--", "./a:b", "sim-bbbbbbbbbb-1:c:d"]],
    ["-x", "box:", ["-r", "--", "-x", "sim-aaaaaaaaaa-0:"]],
    ["box:a", "pool-1:b", ["-r", "-3", "--", "sim-aaaaaaaaaa-0:a", "sim-bbbbbbbbbb-0:b"]],
  ])("%s to %s", (from, to, expected) => {
    expect(copyWords(records, from, to)).toEqual(expected);
  });
});

it.each([
  ["a", "b", "Neither side is on a machine"],
  ["a", "boks:b", "For a local file of that name, write ./boks:b"],
  ["pool:a", "b", "name one of pool-1, pool-2"],
])("%s to %s is wrong use", (from, to, text) => {
  expect(() => copyWords(records, from, to)).toThrow(text);
});
