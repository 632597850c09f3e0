/** A word of a command line; `offset` is where it begins in the text. */
interface Word {
  readonly text: string;
  readonly offset: number;
}

export interface Words {
  readonly words: readonly Word[];
  /** A quote that nothing closes, or a backslash at the end. */
  readonly problem: { readonly offset: number; readonly message: string } | null;
  /** Where stands what a shell would act on (`$HOME`, `>`, `*`) and this does not. */
  readonly inert: readonly { readonly offset: number; readonly text: string }[];
}

const SPACE = /[ \t\n]/;
/** What a POSIX shell acts on outside quotes; `#` and `~` only where a word begins. */
const SPECIAL = /[|&;<>()$`*?[]/;

/**
 * Splits a text into words as a POSIX shell does by its quoting rules (section 2.2 of the Shell
 * Command Language, https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html),
 * and does nothing else that a shell does: no variables, patterns, pipes or comments. A
 * placeholder never splits, and quotes inside it are its own.
 */
export function splitWords(text: string): Words {
  const words: Word[] = [];
  const inert: { offset: number; text: string }[] = [];
  let word = "";
  let start: number | null = null;
  let quote: { character: "'" | '"'; offset: number } | null = null;
  let problem: Words["problem"] = null;
  const lastClose = text.lastIndexOf("}}");
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    const begins = start === null;
    if (quote === null && SPACE.test(character)) {
      if (start !== null) words.push({ text: word, offset: start });
      word = "";
      start = null;
      at++;
      continue;
    }
    if (character === "\\" && text.charAt(at + 1) === "\n" && quote?.character !== "'") {
      at += 2;
      continue;
    }
    start ??= at;
    const held = placeholderAt(text, at, lastClose);
    if (held !== null) {
      word += held;
      at += held.length;
    } else if (quote !== null) {
      if (character === quote.character) {
        quote = null;
        at++;
      } else if (
        quote.character === '"' &&
        character === "\\" &&
        /[$`"\\]/.test(text.charAt(at + 1))
      ) {
        word += text.charAt(at + 1);
        at += 2;
      } else {
        if (quote.character === '"' && acts(text, at, true, false)) inert.push(seen(text, at));
        word += character;
        at++;
      }
    } else if (character === "'" || character === '"') {
      quote = { character, offset: at };
      at++;
    } else if (character === "\\") {
      if (at + 1 === text.length) {
        problem = { offset: at, message: "a backslash at the end escapes nothing" };
      }
      word += text.charAt(at + 1);
      at += 2;
    } else {
      if (acts(text, at, false, begins)) inert.push(seen(text, at));
      word += character;
      at++;
    }
  }
  if (start !== null) words.push({ text: word, offset: start });
  if (quote !== null) {
    problem = { offset: quote.offset, message: `the quote ${quote.character} is not closed` };
  }
  return { words, problem, inert };
}

/** A whole placeholder, or `{{{{`, if one begins here. */
function placeholderAt(text: string, at: number, lastClose: number): string | null {
  if (!text.startsWith("{{", at)) return null;
  if (text.startsWith("{{{{", at)) return "{{{{";
  return at + 2 > lastClose ? null : text.slice(at, text.indexOf("}}", at + 2) + 2);
}

function acts(text: string, at: number, quoted: boolean, begins: boolean): boolean {
  const character = text.charAt(at);
  if (character === "`") return true;
  if (character === "$") return /[A-Za-z0-9_{(@*#?$!-]/.test(text.charAt(at + 1));
  if (quoted) return false;
  if (character === "#" || character === "~") return begins;
  return SPECIAL.test(character);
}

/** The piece that a message shows: up to the next blank. */
function seen(text: string, offset: number): { offset: number; text: string } {
  const rest = /^\S{1,20}/.exec(text.slice(offset, offset + 20))?.[0] ?? "";
  return { offset, text: rest };
}
