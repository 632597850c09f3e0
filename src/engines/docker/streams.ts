import { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** The two streams of a container that has no terminal. */
export type Channel = "stdout" | "stderr";

const HEADER_BYTES = 8;

/**
 * Takes apart what Docker sends for a container without a terminal: frames of a channel (1 stdout,
 * 2 stderr), three zeros, the length as 32 bits big-endian, and the bytes; parts of a frame are
 * passed on as they come. https://docs.docker.com/reference/api/engine/#tag/Container/operation/ContainerAttach
 */
export function demultiplex(
  sink: (channel: Channel, chunk: Buffer) => void,
): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let channel: Channel = "stdout";
  let missing = 0;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (missing > 0) {
        const part = rest.subarray(0, missing);
        missing -= part.length;
        rest = rest.subarray(part.length);
        sink(channel, part);
        continue;
      }
      const take = HEADER_BYTES - header.length;
      header = Buffer.concat([header, rest.subarray(0, take)]);
      rest = rest.subarray(take);
      if (header.length < HEADER_BYTES) return;
      channel = header.readUInt8(0) === 2 ? "stderr" : "stdout";
      missing = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  };
}

/** dockerode's streams are Node's own, which its types do not say. */
export function readable(stream: unknown): Readable {
  if (!(stream instanceof Readable)) throw new TypeError("dockerode gave no Node stream");
  return stream;
}

/**
 * The lines of a text that comes as a stream; leaving the loop early ends the stream. (Node's
 * readline would let an error of the stream end the process.)
 */
export async function* lines(stream: Readable): AsyncGenerator<string> {
  // The loop gets errors while it lasts; a connection that breaks behind it is of no interest.
  stream.on("error", () => {});
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.write(chunk)).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}

/** The JSON values of a stream that has one a line. */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown> {
  for await (const line of lines(stream)) if (line.trim() !== "") yield JSON.parse(line);
}
