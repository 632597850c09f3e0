import { inflateRawSync } from "node:zlib";
import { CHARACTERS, GLYPHS, LINE } from "./font-data.ts";

interface Glyph {
  /** Pixels to the next character. */
  readonly advance: number;
  readonly width: number;
  /** Coverage from 0 to 255, row by row. */
  readonly pixels: Uint8Array;
}

/** Pixels from one line of text to the next. */
export const LINE_HEIGHT = LINE.height;

let glyphs: ReadonlyMap<string, Glyph> | null = null;

function readGlyphs(): ReadonlyMap<string, Glyph> {
  const bytes = inflateRawSync(Buffer.from(GLYPHS, "base64"));
  const characters = Array.from(CHARACTERS);
  // In halves of bytes.
  let at = characters.length * 4;
  const read = characters.map((character, index): [string, Glyph] => {
    const advance = bytes[index * 2] ?? 0;
    const width = bytes[index * 2 + 1] ?? 0;
    const pixels = Uint8Array.from({ length: width * LINE.height }, () => {
      const byte = bytes[at >> 1] ?? 0;
      const level = at % 2 === 0 ? byte >> 4 : byte & 15;
      at += 1;
      return level * 17;
    });
    return [character, { advance, width, pixels }];
  });
  return new Map(read);
}

function glyphOf(character: string): Glyph {
  glyphs ??= readGlyphs();
  const glyph = glyphs.get(character) ?? glyphs.get(Array.from(CHARACTERS).at(-1) ?? "");
  if (glyph === undefined) throw new Error("a font without glyphs");
  return glyph;
}

/** Width of a line of text in pixels. */
export function textWidth(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + glyphOf(character).advance, 0);
}

/** Calls back for each pixel that a line of text touches, with its coverage from 1 to 255. */
export function drawText(
  text: string,
  plot: (x: number, y: number, coverage: number) => void,
): void {
  let left = 0;
  for (const character of text) {
    const { advance, width, pixels } = glyphOf(character);
    for (const [at, coverage] of pixels.entries()) {
      if (coverage > 0) plot(left + (at % width), Math.floor(at / width), coverage);
    }
    left += advance;
  }
}

/** Where a line may be broken: after these. */
const BREAK_AFTER = /(?<=[\s_,;/-])/u;

/**
 * Breaks a text into at most `lines` lines of at most `width` pixels, at its separators where there
 * are any; what does not fit ends in an ellipsis.
 */
export function wrapText(text: string, width: number, lines: number): string[] {
  const wrapped: string[] = [];
  let rest = text.trim();
  while (rest !== "" && wrapped.length < lines) {
    if (textWidth(rest) <= width) return [...wrapped, rest];
    const isLast = wrapped.length === lines - 1;
    const line = isLast ? shortened(rest, width) : firstLine(rest, width);
    wrapped.push(line.trimEnd());
    rest = isLast ? "" : rest.slice(line.length).trimStart();
  }
  return wrapped;
}

function firstLine(text: string, width: number): string {
  let line = "";
  for (const word of text.split(BREAK_AFTER)) {
    // What a line's end takes away may stand beyond its width.
    if (textWidth((line + word).trimEnd()) > width) break;
    line += word;
  }
  return line === "" ? cut(text, width) : line;
}

function shortened(text: string, width: number): string {
  return `${cut(text, width - textWidth("…")).trimEnd()}…`;
}

/** As many characters as fit, but at least one. */
function cut(text: string, width: number): string {
  let fits = "";
  for (const character of text) {
    if (fits !== "" && textWidth(fits + character) > width) break;
    fits += character;
  }
  return fits;
}
