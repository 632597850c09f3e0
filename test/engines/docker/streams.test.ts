import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Channel,
  demultiplex,
  jsonLines,
  lines,
} from "../../../src/engines/docker/streams.ts";

const frame = (channel: Channel, content: Buffer): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(channel === "stdout" ? 1 : 2, 0);
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
};

/** Cuts a buffer into pieces of the given lengths, over and over. */
function* cut(whole: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let from = 0;
  for (let index = 0; from < whole.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    yield whole.subarray(from, from + length);
    from += length;
  }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });

describe("taking apart what Docker sends", () => {
  test("gives each channel its bytes, however the network cuts them", () => {
    const channel = fc.constantFrom<Channel>("stdout", "stderr");
    const frames = fc.array(fc.tuple(channel, fc.uint8Array({ maxLength: 30 })));
    fc.assert(
      fc.property(frames, cuts, (sent, lengths) => {
        const got: Record<Channel, number[]> = { stdout: [], stderr: [] };
        const expected: Record<Channel, number[]> = { stdout: [], stderr: [] };
        for (const [to, bytes] of sent) expected[to].push(...bytes);
        const push = demultiplex((from, chunk) => got[from].push(...chunk));
        const whole = Buffer.concat(sent.map(([to, bytes]) => frame(to, Buffer.from(bytes))));
        for (const piece of cut(whole, lengths)) push(piece);
        expect(got).toEqual(expected);
      }),
    );
  });

  test("passes on a part of a frame before the rest has come", () => {
    const got: string[] = [];
    const push = demultiplex((channel, chunk) => got.push(`${channel}: ${chunk}`));
    push(frame("stderr", Buffer.from("hello")).subarray(0, 10));
    expect(got).toEqual(["stderr: he"]);
  });
});

describe("the lines of a stream", () => {
  test("come whole, however they are cut, letters too", async () => {
    const texts = fc.array(
      fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", " ")),
    );
    await fc.assert(
      fc.asyncProperty(texts, cuts, async (sent, lengths) => {
        const whole = Buffer.from(sent.map((line) => `${line}\n`).join(""));
        expect(await collect(lines(Readable.from(cut(whole, lengths))))).toEqual(sent);
      }),
    );
  });

  test("end with one that has no line break", async () => {
    expect(await collect(lines(Readable.from([Buffer.from("a\nb")])))).toEqual(["a", "b"]);
  });

  test("as JSON, empty ones left out", async () => {
    const stream = Readable.from([Buffer.from('{"a":1}\r\n\n[2]\n')]);
    expect(await collect(jsonLines(stream))).toEqual([{ a: 1 }, [2]]);
  });

  test("a stream that breaks ends the loop with its error, and nothing else", async () => {
    const stream = new Readable({ read() {} });
    stream.push("a\n");
    const reading = collect(lines(stream));
    stream.destroy(new Error("broken"));
    await expect(reading).rejects.toThrow("broken");
  });

  test("leaving the loop ends the stream", async () => {
    const stream = new Readable({ read() {} });
    stream.push("a\nb\n");
    for await (const line of lines(stream)) {
      expect(line).toBe("a");
      break;
    }
    expect(stream.destroyed).toBe(true);
  });
});
