/** How many texts one pass can hold: a million take a single pass and a table of 25 MB. */
const PER_PASS = 2 ** 20;

/** Room for the chance that decides how few texts are shared out. */
const MIN_SLOTS = 256;

/** Words a slot of the table: two of hash, then the index counted from 1 (0: empty). */
const WORDS = 3;

/** The index of a text has one word of a slot. */
export const MAX_TEXTS = 2 ** 32 - 2;

/**
 * Finds texts that stand at several indices, letter case aside, in memory that does not grow with
 * their number: a hash table of fixed size, and as many passes over the texts as it then takes.
 *
 * `visit` must call its argument with the same texts each time, at most `count` (at most
 * MAX_TEXTS) of them. `found` is called for each text that was there before, with the index at
 * which it was first; two texts are taken for equal when 64 bits of hash are, so a caller that
 * must be certain compares them.
 */
export function findDuplicates(
  count: number,
  visit: (see: (text: string, index: number) => void) => void,
  found: (earlier: number, later: number) => void,
  perPass: number = PER_PASS,
): void {
  const passes = Math.max(1, Math.ceil(count / perPass));
  // Hashes share the texts out among the passes almost evenly: twice the room is never used up.
  const slots = Math.max(MIN_SLOTS, 2 ** Math.ceil(Math.log2(2 * Math.min(count, perPass))));
  const table = new Uint32Array(slots * WORDS);
  const hash = new Uint32Array(2);
  for (let pass = 0; pass < passes; pass += 1) {
    if (pass > 0) table.fill(0);
    visit((text, index) => {
      hashFolded(text, hash);
      const high = hash[0] ?? 0;
      const low = hash[1] ?? 0;
      if (passes > 1 && (Math.imul(high ^ (low >>> 9), 0x9e3779b1) >>> 0) % passes !== pass) return;
      let at = (low & (slots - 1)) * WORDS;
      for (;;) {
        const held = table[at + 2] ?? 0;
        if (held === 0) {
          table[at] = high;
          table[at + 1] = low;
          table[at + 2] = index + 1;
          return;
        }
        if (table[at] === high && table[at + 1] === low) {
          found(held - 1, index);
          return;
        }
        at += WORDS;
        if (at === table.length) at = 0;
      }
    });
  }
}

/** The text as a file system that ignores letter case compares it. */
export function foldCase(text: string): string {
  // Upper case first, for letters with two lower-case forms: Greek final sigma, the long s.
  return text.toUpperCase().toLowerCase();
}

/** 64 bits of hash of the folded text: rotate, xor and multiply in two lanes, then mixed. */
function hashFolded(text: string, into: Uint32Array): void {
  let a = 0x2545f491;
  let b = 0x6a09e667;
  let units = text;
  let folded = false;
  for (let i = 0; i < units.length; i += 1) {
    let unit = units.charCodeAt(i);
    if (unit >= 65 && unit <= 90) {
      unit |= 32;
    } else if (unit > 127 && !folded) {
      // What was hashed so far is ASCII in lower case, which folding leaves as it is.
      units = foldCase(text);
      unit = units.charCodeAt(i);
      folded = true;
    }
    a = Math.imul(((a << 5) | (a >>> 27)) ^ unit, 0x9e3779b1);
    b = Math.imul(((b << 9) | (b >>> 23)) ^ unit, 0x85ebca77);
  }
  a = Math.imul(a ^ (a >>> 15) ^ (b >>> 13), 0xc2b2ae3d);
  b = Math.imul(b ^ (b >>> 16) ^ (a >>> 14), 0x27d4eb2f);
  into[0] = a ^ (a >>> 16);
  into[1] = b ^ (b >>> 15);
}
