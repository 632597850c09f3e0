import type { Template } from "../sweep.ts";
import type { Scope } from "./fields.ts";
import { type Piece, type PlaceholderContext, readTemplate, wholePiece } from "./placeholders.ts";
import type { Place } from "./source.ts";
import { type Node, placeInside } from "./tree.ts";
import { isScalar } from "./values.ts";
import { splitWords } from "./words.ts";

export interface WordsContext extends PlaceholderContext {
  warn(place: Place, message: string, hint: string): void;
}

/** The words of `command`, `entrypoint` and the like: a list, or a text that is split. */
export function readWords(node: Node, context: WordsContext): Piece[] {
  if (node.kind === "list") return node.items.filter(isScalar).map(wholePiece);
  if (!isScalar(node)) return [];
  const { words, problem, inert } = splitWords(node.text);
  if (problem !== null) {
    const place = placeInside(node, problem.offset, node.text.charAt(problem.offset));
    context.report.error(place, problem.message, "write the words as a list instead: [a, b]");
  }
  const [first] = inert;
  if (first !== undefined) {
    context.warn(
      placeInside(node, first.offset, first.text),
      `no shell runs this: the program gets ${first.text} as it stands here`,
      "quote it if that is meant, or run a shell: [sh, -c, ...]",
    );
  }
  return words.map(({ text, offset }) => ({ node, text, offset }));
}

export function readCommand(
  node: Node,
  scopes: readonly Scope[],
  context: WordsContext,
): readonly Template[] {
  return readWords(node, context).map((piece) => readTemplate(piece, scopes, context));
}
