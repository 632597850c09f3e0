/** Removes secrets from a stream of bytes. */

const REPLACEMENT = "***";

/** A multi-line secret's lines are secrets too, if they are longer than what JSON is full of. */
const LINE_LENGTH = 8;

export interface Redactor {
  /** What can be shown so far; the beginning of a secret is held back until it is known. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back and turned out to be no secret. */
  end(): Uint8Array;
}

/**
 * Replaces each secret by `***`, also where it is split over chunks; of secrets that overlap the
 * leftmost, then the longest. White space around a secret does not belong to it, since programs
 * that read it from a file drop the last newline. Null where there is nothing to redact.
 */
export function redactor(secrets: readonly string[]): Redactor | null {
  const needles = needlesOf(secrets);
  if (needles.length === 0) return null;
  const pattern = new RegExp(needles.map(escapeBytes).join("|"), "g");
  const longest = needles[0]?.length ?? 0;
  let held = "";

  /** Where a secret may begin that is not complete yet, from a position on. */
  const openFrom = (text: string, from: number): number => {
    for (let at = Math.max(from, text.length - longest + 1); at < text.length; at += 1) {
      const rest = text.slice(at);
      if (needles.some((needle) => needle.length > rest.length && needle.startsWith(rest))) {
        return at;
      }
    }
    return text.length;
  };

  const push = (chunk: Uint8Array): Uint8Array => {
    // One character a byte, so that strings' search works on bytes.
    const text =
      held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    let shown = "";
    let from = 0;
    let open = openFrom(text, 0);
    for (const match of text.matchAll(pattern)) {
      if (match.index >= open) break;
      shown += text.slice(from, match.index) + REPLACEMENT;
      from = match.index + match[0].length;
      if (from > open) open = openFrom(text, from);
    }
    held = text.slice(open);
    return Buffer.from(shown + text.slice(from, open), "latin1");
  };

  return {
    push,
    end: () => {
      const rest = held.replaceAll(pattern, REPLACEMENT);
      held = "";
      return Buffer.from(rest, "latin1");
    },
  };
}

/** A text with each secret replaced by `***`, by the rules of `redactor`. */
export function redactText(text: string, secrets: readonly string[]): string {
  const redacting = redactor(secrets);
  if (redacting === null) return text;
  return Buffer.concat([redacting.push(Buffer.from(text)), redacting.end()]).toString();
}

/** The byte strings to look for, longest first. */
function needlesOf(secrets: readonly string[]): string[] {
  const texts = secrets.flatMap((secret) => {
    const lines = secret.split(/\r?\n/).map((line) => line.trim());
    return [secret.trim(), ...lines.filter((line) => line.length >= LINE_LENGTH)];
  });
  const needles = new Set(texts.filter((text) => text !== ""));
  return [...needles]
    .map((text) => Buffer.from(text).toString("latin1"))
    .sort((a, b) => b.length - a.length);
}

/** A pattern that matches these bytes and nothing else. */
function escapeBytes(bytes: string): string {
  return bytes.replace(/\W/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
