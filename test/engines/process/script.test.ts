import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holdsNul, markerReader, taskScript } from "../../../src/engines/process/script.ts";

const MARKER = "\0marker";

/** Shells that may be somebody's /bin/sh. */
const SHELLS = [
  ["sh"],
  ["dash"],
  ["bash", "--posix"],
  ["busybox", "sh"],
  ["zsh", "--emulate", "sh"],
];

describe.each(SHELLS)("a script for %s", (shell, ...options) => {
  const there = spawnSync(shell, [...options, "-c", "exit 0"]).status === 0;

  function run(words: string[], env: Record<string, string> = {}): string {
    const input = taskScript({ words, env }, MARKER);
    const given = { PATH: process.env.PATH ?? "", HOME: "/" };
    return spawnSync(shell, [...options, "-s"], { input, env: given }).stdout.toString();
  }

  test.skipIf(!there).each<[string, string[], string]>([
    ["its output, then the marker with the exit code", ["echo", "text"], "text\n\0marker 0\n"],
    ["a failure", ["false"], "\0marker 1\n"],
    ["an unfinished line", ["printf", "text"], "text\0marker 0\n"],
    ["stderr where stdout is", ["sh", "-c", "echo a; echo b >&2; echo c"], "a\nb\nc\n\0marker 0\n"],
    ["a death by a signal", ["sh", "-c", "kill -9 $$"], "\0marker 137\n"],
    ["nothing on stdin", ["cat"], "\0marker 0\n"],
  ])("gives %s", (_title, words, expected) => {
    expect(run(words)).toBe(expected);
  });

  test.skipIf(!there)("gives 127 and a reason where there is no such program", () => {
    expect(run(["/no/such/program"])).toMatch(/\/no\/such\/program.*\n\0marker 127\n$/);
  });

  test.skipIf(!there)("fails where the words are too long for the system", () => {
    expect(run([process.execPath, "x".repeat(3_000_000)])).toMatch(/\0marker 12[67]\n$/);
  });

  test.skipIf(!there)("keeps words as they are", () => {
    const words = ["", " a  b ", "'", '"$HOME" `id` $(id) \\ \n !x', "*", "~", "-n", "ü🙂"];
    expect(run(["printf", "[%s]", ...words])).toBe(
      `${words.map((word) => `[${word}]`).join("")}\0marker 0\n`,
    );
  });

  test.skipIf(!there)("keeps values, also under names that shells do not take", () => {
    const env = {
      A: " '$HOME'\n ",
      "with.dot": "x y",
      UID: "me",
      RANDOM: "4",
      OPTIND: "z",
      IFS: "a",
    };
    const print = "for (const k of process.argv.slice(1)) console.log(process.env[k])";
    expect(run([process.execPath, "-e", print, ...Object.keys(env)], env)).toBe(
      `${Object.values(env).join("\n")}\n\0marker 0\n`,
    );
  });
});

test.each<[string, string[], Record<string, string>, boolean]>([
  ["no NUL", ["a"], { A: "b" }, false],
  ["a NUL in a word", ["a", "b\0c"], {}, true],
  ["a NUL in a value", ["a"], { A: "\0" }, true],
])("finds %s", (_title, words, env, expected) => {
  expect(holdsNul({ words, env })).toBe(expected);
});

describe("reading a stream with markers", () => {
  function read(chunks: readonly string[]): string[] {
    const seen: string[] = [];
    const push = markerReader("\0end ", {
      text: (chunk) => seen.push(chunk.toString()),
      line: (rest) => seen.push(`<${rest}>`),
    });
    for (const chunk of chunks) push(Buffer.from(chunk));
    return seen;
  }

  test.each<[string, string[], string[]]>([
    ["text alone at once", ["a", "b"], ["a", "b"]],
    ["a marker behind text", ["text\0end 0\n"], ["text", "<0>"]],
    ["a marker in pieces", ["x\0", "en", "d 1", "2\n"], ["x", "<12>"]],
    ["two markers", ["\0end 1\n\0end 2\nrest"], ["<1>", "<2>", "rest"]],
    ["what only begins like a marker", ["a\0", "b\0en", "e"], ["a", "\0b", "\0ene"]],
    ["NUL bytes of the text", ["\0\0\0", "\0end 3\n"], ["\0\0", "\0", "<3>"]],
  ])("finds %s", (_title, chunks, expected) => {
    expect(read(chunks)).toEqual(expected);
  });

  test("does not depend on how it is cut", () => {
    const piece = fc.constantFrom(
      "\0",
      "\0e",
      "\0en",
      "end ",
      "x",
      "\n",
      "\0end 7\n",
      "\0end 12\n",
    );
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat({ max: 60 })), (pieces, cuts) => {
        const text = pieces.join("");
        const places = [...new Set([0, ...cuts])].sort((a, b) => a - b);
        const chunks = places.map((from, index) => text.slice(from, places[index + 1]));
        const end = "\0end 0\n";
        expect(read([...chunks, end]).join("")).toBe(read([text, end]).join(""));
      }),
    );
  });
});
