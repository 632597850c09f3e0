import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readCommandFile } from "./github/command-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sim-pipeline-command-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(text: string): Promise<Record<string, string>> {
  await writeFile(join(folder, "output"), text);
  return readCommandFile(join(folder, "output"));
}

it.each([
  ["nothing", "", {}],
  ["a value with = in it", "a=b=c\n", { a: "b=c" }],
  ["an empty value", "a=\n", { a: "" }],
  ["several lines", "a<<END\none\n\ntwo=2\nEND\nb=1\n", { a: "one\n\ntwo=2", b: "1" }],
  ["the last of two", "a=1\na=2\n", { a: "2" }],
])("reads %s", async (_, text, expected) => {
  expect(await read(text)).toEqual(expected);
});

it.each([
  ["a line without a value", "name\n", "neither name=value"],
  ["an open delimiter", "a<<END\none\n", "the delimiter of a"],
])("refuses %s", async (_, text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});
