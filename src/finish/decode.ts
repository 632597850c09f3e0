import { PictureProblem } from "./failure.ts";
import { inflatePng, PALETTE, type Png, type PngPass, passesOf, readPng } from "./png.ts";

/** Pixels of 8-bit red, green, blue and alpha, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Decodes a PNG of any kind: grey, colour or palette, 1 to 16 bits, with alpha or without.
 *
 * @throws PictureProblem where it is damaged.
 */
export async function decodePng(bytes: Buffer): Promise<Pixels> {
  const png = readPng(bytes);
  const { header } = png;
  const { width, height, samples, depth } = header;
  const raw = await inflatePng(png);
  const data = new Uint8Array(width * height * 4);
  const put = pixelWriter(png, data);
  let at = 0;
  for (const pass of passesOf(header)) {
    const { columns, rows, rowBytes } = pass;
    const rowsOfPass = raw.subarray(at, at + rows * rowBytes);
    unfilter(rowsOfPass, rowBytes, Math.max(1, (samples * depth) / 8));
    const row = new Uint16Array(columns * samples);
    for (let y = 0; y < rows; y++) {
      unpack(rowsOfPass, y * rowBytes + 1, depth, row);
      put(row, pass, y);
    }
    at += rows * rowBytes;
  }
  return { width, height, data };
}

/** Takes the filters off rows, in place: https://www.w3.org/TR/png-3/#9Filters */
function unfilter(data: Buffer, rowBytes: number, pixelBytes: number): void {
  for (let start = 0; start < data.length; start += rowBytes) {
    const filter = data[start] ?? 0;
    const end = start + rowBytes;
    const isFirst = start === 0;
    const first = start + 1 + pixelBytes;
    if (filter === 1) {
      for (let i = first; i < end; i++) data[i] = (data[i] ?? 0) + (data[i - pixelBytes] ?? 0);
    } else if (filter === 2) {
      if (isFirst) continue;
      for (let i = start + 1; i < end; i++) data[i] = (data[i] ?? 0) + (data[i - rowBytes] ?? 0);
    } else if (filter === 3) {
      for (let i = start + 1; i < end; i++) {
        const left = i < first ? 0 : (data[i - pixelBytes] ?? 0);
        const up = isFirst ? 0 : (data[i - rowBytes] ?? 0);
        data[i] = (data[i] ?? 0) + ((left + up) >> 1);
      }
    } else if (filter === 4) {
      for (let i = start + 1; i < end; i++) {
        const left = i < first ? 0 : (data[i - pixelBytes] ?? 0);
        const up = isFirst ? 0 : (data[i - rowBytes] ?? 0);
        const corner = isFirst || i < first ? 0 : (data[i - rowBytes - pixelBytes] ?? 0);
        const toLeft = Math.abs(up - corner);
        const toUp = Math.abs(left - corner);
        const toCorner = Math.abs(left + up - 2 * corner);
        const nearest =
          toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
        data[i] = (data[i] ?? 0) + nearest;
      }
    } else if (filter !== 0) {
      throw new PictureProblem(`is a PNG with the filter ${filter}, which there is not`);
    }
  }
}

/** Fills a row with one number a sample; below 8 bits several are packed into a byte. */
function unpack(data: Buffer, from: number, depth: number, row: Uint16Array): void {
  const { length } = row;
  if (depth === 8) {
    for (let i = 0; i < length; i++) row[i] = data[from + i] ?? 0;
  } else if (depth === 16) {
    for (let i = 0; i < length; i++) {
      row[i] = ((data[from + 2 * i] ?? 0) << 8) | (data[from + 2 * i + 1] ?? 0);
    }
  } else {
    const perByte = 8 / depth;
    for (let i = 0; i < length; i++) {
      const shift = 8 - depth * ((i % perByte) + 1);
      row[i] = ((data[from + Math.floor(i / perByte)] ?? 0) >> shift) & (2 ** depth - 1);
    }
  }
}

/** Writes a pass' row of samples into the picture's pixels. */
function pixelWriter(
  { header, palette, transparency }: Png,
  data: Uint8Array,
): (row: Uint16Array, pass: PngPass, y: number) => void {
  const { width, colourType, samples, depth } = header;
  const start = (pass: PngPass, y: number) => ((pass.y + y * pass.down) * width + pass.x) * 4;
  if (colourType === PALETTE) {
    return (row, pass, y) => {
      let to = start(pass, y);
      for (const colour of row) {
        for (let i = 0; i < 3; i++) data[to + i] = palette?.[colour * 3 + i] ?? 0;
        data[to + 3] = transparency?.[colour] ?? 255;
        to += 4 * pass.across;
      }
    };
  }
  // A sample's 8 bits; a table, as dividing each takes longer.
  const most = 2 ** depth - 1;
  const bytes = Uint8Array.from({ length: most + 1 }, (_, sample) => (sample * 255) / most + 0.5);
  const [green, blue] = samples < 3 ? [0, 0] : [1, 2];
  const hasAlpha = samples % 2 === 0;
  // The one colour that is transparent, in a picture without alpha.
  const clear = hasAlpha || transparency === null ? null : transparency;
  const clearOf = (sample: number) =>
    clear !== null && clear.length >= 2 * sample + 2 ? clear.readUInt16BE(2 * sample) : -1;
  const [clearRed, clearGreen, clearBlue] = [clearOf(0), clearOf(green), clearOf(blue)];
  return (row, pass, y) => {
    let to = start(pass, y);
    for (let at = 0; at < row.length; at += samples) {
      const r = row[at] ?? 0;
      const g = row[at + green] ?? 0;
      const b = row[at + blue] ?? 0;
      data[to] = bytes[r] ?? 0;
      data[to + 1] = bytes[g] ?? 0;
      data[to + 2] = bytes[b] ?? 0;
      data[to + 3] = hasAlpha
        ? (bytes[row[at + samples - 1] ?? most] ?? 255)
        : r === clearRed && g === clearGreen && b === clearBlue
          ? 0
          : 255;
      to += 4 * pass.across;
    }
  };
}
