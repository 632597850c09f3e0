/** Reads a file of linear floats, by its description in README.md. */
export function readLinear(file: Buffer): {
  header: Record<string, unknown>;
  pixels: Float32Array;
} {
  const end = file.indexOf("\n");
  const data = file.subarray(end + 1);
  const pixels = Float32Array.from({ length: data.length / 4 }, (_, index) =>
    data.readFloatLE(index * 4),
  );
  return { header: JSON.parse(file.toString("utf8", 0, end)), pixels };
}
