import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { mask, untrusted } from "../../src/github/commands.ts";
import { captureLog } from "./job.ts";
import { runnerReads } from "./runner.ts";

describe("what a simulation prints", () => {
  it.each([
    "::set-output name=a::b",
    "   ::add-mask::a",
    "##[set-env name=PATH]/evil",
    "text before ##[add-path]/evil",
    "a progress bar\r::add-path::/evil",
    "a progress bar\r\n::add-path::/evil",
    "two\n::add-path::/lines",
    "::stop-commands::mine",
    "::::",
  ])("is shown and not obeyed: %j", (line) => {
    expect(runnerReads(line).obeyed.length + Number(!runnerReads(line).listening) > 0).toBe(
      line !== "::::",
    );
    const text = untrusted([line, "last"]);
    expect(runnerReads(`${text}::error::ours`)).toEqual({
      obeyed: [{ name: "error", data: "ours" }],
      listening: true,
    });
    for (const part of line.split(/[\r\n]+/)) expect(text).toContain(part);
  });

  it("is never obeyed, whatever it is", () => {
    const piece = fc.constantFrom("::", "##[", "]", "error", "stop-commands", " ", "\r", "\n", "x");
    const line = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        expect(runnerReads(untrusted(lines))).toEqual({ obeyed: [], listening: true });
      }),
    );
  });

  it("cannot be ended by a token that was seen before", () => {
    const token = /::stop-commands::(\w+)/.exec(untrusted(["a"]))?.[1];
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    const text = untrusted([`::${token}::`, "::error::evil"]);
    expect(runnerReads(text)).toEqual({ obeyed: [], listening: true });
  });

  it("is nothing where there are no lines", () => {
    expect(untrusted([])).toBe("");
  });
});

describe("secrets", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("are masked, each line of them too, but never an empty one", () => {
    const log = captureLog();
    mask(["one", "two\nlines\r\n", "", "  ", "50%"]);
    expect(runnerReads(log.text()).obeyed).toEqual([
      { name: "add-mask", data: "one" },
      { name: "add-mask", data: "two\nlines\r\n" },
      { name: "add-mask", data: "two" },
      { name: "add-mask", data: "lines" },
      { name: "add-mask", data: "50%" },
    ]);
  });
});
