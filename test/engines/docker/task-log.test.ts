import { Readable } from "node:stream";
import type { Container } from "dockerode";
import { describe, expect, test } from "vitest";
import { taskLog } from "../../../src/engines/docker/task-log.ts";

type Piece = readonly ["stdout" | "stderr", string];

/** As Docker sends it: the channel, the length, the bytes. */
function frames(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.map(([channel, text]) => {
      const header = Buffer.alloc(8);
      header.writeUInt8(channel === "stdout" ? 1 : 2, 0);
      header.writeUInt32BE(Buffer.byteLength(text), 4);
      return Buffer.concat([header, Buffer.from(text)]);
    }),
  );
}

/** What was passed on where the connection broke after `before`, and the daemon had `kept`. */
async function followed(before: readonly Piece[], kept: readonly Piece[]): Promise<string> {
  let text = "";
  const container = {
    attach: async () => Readable.from([frames(before)]),
    logs: async () => Readable.from([frames(kept)]),
  };
  const log = taskLog(container as unknown as Container, (chunk) => {
    text += chunk.toString();
  });
  await log.follow("start");
  await log.complete();
  await log.follow("break");
  await log.complete();
  return text;
}

describe("the log of a task whose connection broke goes on", () => {
  const out = (text: string): Piece => ["stdout", text];
  const err = (text: string): Piece => ["stderr", text];
  const long = "x".repeat(1000);
  test.each<[string, Piece[], Piece[], string]>([
    ["after what was seen", [out("one\n")], [out("one\n"), out("two\n")], "one\ntwo\n"],
    ["from the start, where nothing was", [], [out("one\n")], "one\n"],
    ["with nothing, where nothing came", [out("one\n")], [out("one\n")], "one\n"],
    ["in the middle of a line", [out("on")], [out("one\n")], "one\n"],
    ["behind more than is compared", [out(long)], [out(`${long}!`)], `${long}!`],
    [
      "in each of its channels",
      [out("a\n"), err("b\n")],
      [err("b\n"), out("a\n"), err("d\n"), out("c\n")],
      "a\nb\nd\nc\n",
    ],
  ])("%s", async (_, before, kept, expected) => {
    expect(await followed(before, kept)).toBe(expected);
  });

  test("with what the daemon still has, which it says", async () => {
    expect(await followed([out("1\n2\n3\n")], [out("3\n4\n5\n")])).toMatch(
      /^1\n2\n3\n\n\[the connection broke here.*\]\n3\n4\n5\n$/,
    );
  });
});
