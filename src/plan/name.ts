/** Bytes of UTF-8 that a point's name may have: room for suffixes below the usual limit of 255. */
export const MAX_NAME_BYTES = 120;

/** The names that need no closer look: ASCII, nothing special, ending in neither dot nor space. */
const PLAIN = /^[A-Za-z0-9._=+,@-]*[A-Za-z0-9_=+,@-]$/;

/** Separators and what Windows and GitHub's artifacts refuse in a path. */
const FORBIDDEN = /[/\\:*?"<>|]/;

/** Control characters, line separators, and the marks that make a terminal show another text. */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/**
 * Device names, with or without an extension.
 * https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
 */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i;

/**
 * Why a point's name is no safe folder name on every system that may hold the results, or null
 * where it is one. Reads on after the name: `contains "/"`.
 */
export function nameProblem(name: string): string | null {
  if (PLAIN.test(name) && name.length <= MAX_NAME_BYTES && !RESERVED.test(name)) return null;
  if (name === "") return "is empty";
  if (name === "." || name === "..") return "means another folder in every path";
  if (!name.isWellFormed()) return "is not valid Unicode: it holds half of a surrogate pair";
  const invisible = INVISIBLE.exec(name)?.[0];
  if (invisible !== undefined) return `contains the control character ${codePoint(invisible)}`;
  const forbidden = FORBIDDEN.exec(name)?.[0];
  if (forbidden !== undefined) return `contains ${forbidden === '"' ? "'\"'" : `"${forbidden}"`}`;
  if (name.endsWith(".")) return "ends in a dot, which Windows drops";
  if (name.endsWith(" ")) return "ends in a space, which Windows drops";
  if (RESERVED.test(name)) return "is a reserved device name on Windows";
  if (name.normalize("NFC") !== name) {
    return "is not in Unicode's normal form NFC, so that equal-looking names could differ";
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME_BYTES) return `has ${bytes} bytes, more than ${MAX_NAME_BYTES}`;
  return null;
}

/**
 * The text with every character that might need care in a file name replaced by `-`: ASCII
 * letters, digits and `._=+,@-` stay. The result may still be empty, too long, `..` or reserved.
 */
export function sanitize(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._=+,@-]/gu, "-");
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `U+${hex.padStart(4, "0")}`;
}
