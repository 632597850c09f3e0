import { stripVTControlCharacters } from "node:util";

export { shellWord } from "./shell-word.ts";

// GitHub's flavour of Markdown. What a simulation says may stand in it as text only: it can make no
// markup, no HTML, no link, no mention of somebody and no reference to an issue.

/**
 * A text as it can be shown: no escape sequences, no control characters but tabs and line ends, and
 * none that change the direction of what follows.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    "",
  );
}

/** At most so many UTF-16 code units of a text, with an ellipsis where it was longer. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Not through the middle of a character.
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 2)) ? length - 2 : length - 1;
  return `${text.slice(0, end)}…`;
}

/** A text for any place in a line: every character that Markdown or HTML could read is a reference. */
export function inline(text: string): string {
  return clean(text)
    .replace(/[\t\n]+/g, " ")
    .replace(/[!-,./:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * A text as code, for any place in a line or a table's cell. An HTML element, because neither
 * backticks nor pipes can be escaped in a code span of every text; GitHub links nothing inside.
 */
export function code(text: string): string {
  return text === "" ? "" : `<code>${inline(text)}</code>`;
}

/** A block of code. Its fence is longer than any run of backticks in it. */
export function fenced(text: string, language = "text"): string {
  const content = clean(text);
  const longest = Math.max(2, ...(content.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

/** What is folded under a line that is Markdown-free HTML, as `inline` and `code` make. */
export function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
}

export interface TableColumn {
  /** As `inline` and `code` make it. */
  readonly heading: string;
  readonly right: boolean;
}

/** A table of cells that `inline` or `code` made. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ heading }) => heading)),
    line(columns.map(({ right }) => (right ? "---:" : "---"))),
    ...rows.map(line),
  ].join("\n");
}
