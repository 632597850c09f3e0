import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listen, quote, runCommand } from "../../../src/engines/docker/shell.ts";

const NONCE = "0123456789abcdefghijklmnopqrstuv";

describe("quoting", () => {
  test("a shell gives every word back as it was", () => {
    const word = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", ""));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const out = execFileSync("sh", ["-c", `printf '%s\\0' ${words.map(quote).join(" ")}`]);
        expect(out.toString()).toBe(words.map((one) => `${one}\0`).join(""));
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ["LANG", "export LANG='x'"],
    ["_private1", "export _private1='x'"],
    ["with.dot", "exec 'env' 'with.dot=x' 'true'"],
    ["1st", "exec 'env' '1st=x' 'true'"],
    ["UID", "exec 'env' 'UID=x' 'true'"],
    ["OPTIND", "exec 'env' 'OPTIND=x' 'true'"],
  ])("the variable %s is set where a shell can", (name, expected) => {
    expect(runCommand(NONCE, { words: ["true"], env: { [name]: "x" } })).toContain(expected);
  });
});

describe("telling the shell's report from a task's output", () => {
  function parse(pieces: Iterable<readonly ["stdout" | "stderr", string]>) {
    let log = "";
    const listener = listen(NONCE, (chunk) => {
      log += chunk.toString("latin1");
    });
    for (const [channel, text] of pieces) listener.push(channel, Buffer.from(text, "latin1"));
    return { log: () => log, report: listener.report };
  }

  test.each([
    [
      "version 1 of control groups",
      "0 0 1500000000 ",
      { exitCode: 0, oomKills: 0, cpuSeconds: 1.5 },
    ],
    ["version 2", "3 1 usage_usec 250000", { exitCode: 3, oomKills: 1, cpuSeconds: 0.25 }],
    ["no control groups", "137 0  ", { exitCode: 137, oomKills: 0, cpuSeconds: null }],
  ])("with %s", async (_, line, report) => {
    const parsed = parse([
      ["stdout", `out\n${NONCE} ${line}\n`],
      ["stderr", `err${NONCE}\n`],
    ]);
    expect(await parsed.report).toEqual(report);
    expect(parsed.log()).toBe("out\nerr");
  });

  test("every byte of the output is logged and none of the report, however it is cut", async () => {
    // Output that looks like the beginning of the report.
    const text = fc.array(
      fc.constantFrom("a", "\n", "0", "01", "0123456789abcdef", NONCE.slice(0, 31)),
    );
    await fc.assert(
      fc.asyncProperty(
        text.map((parts) => parts.join("")),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        async (output, lengths) => {
          fc.pre((output + NONCE).indexOf(NONCE) === output.length);
          const whole = `${output}${NONCE} 7 0 1 \n`;
          const pieces: ["stdout" | "stderr", string][] = [];
          for (let from = 0, index = 0; from < whole.length; index += 1) {
            const length = lengths[index % lengths.length] ?? 1;
            pieces.push(["stdout", whole.slice(from, from + length)]);
            from += length;
          }
          const parsed = parse([...pieces, ["stderr", `${NONCE}\n`]]);
          expect((await parsed.report).exitCode).toBe(7);
          expect(parsed.log()).toBe(output);
        },
      ),
    );
  });

  test("output that cannot be the report's beginning is not held back", () => {
    expect(parse([["stdout", "up"]]).log()).toBe("up");
    expect(parse([["stdout", "up 0123"]]).log()).toBe("up ");
  });
});
