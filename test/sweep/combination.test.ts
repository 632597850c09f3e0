import { describe, expect, it } from "vitest";
import {
  type Combination,
  CombinationError,
  parseCombination,
} from "../../src/sweep/combination.ts";
import { failure } from "./failure.ts";

/** The tree written out: every product and zip in brackets of its own. */
function written(node: Combination): string {
  if (node.kind === "name") return node.name;
  const operands = node.operands.map(written);
  return node.kind === "product" ? `[${operands.join(" * ")}]` : `<${operands.join(", ")}>`;
}

describe("a combination expression", () => {
  it.each([
    ["A", "A"],
    ["A * B", "[A * B]"],
    ["A*B*C", "[A * B * C]"],
    ["(A,B)", "<A, B>"],
    ["(A,B) * C", "[<A, B> * C]"],
    ["(A, B, D)", "<A, B, D>"],
    ["(A * B, C)", "<[A * B], C>"],
    ["((A, B), C)", "<<A, B>, C>"],
    ["((A, B) * C, D) * E", "[<[<A, B> * C], D> * E]"],
    ["(A)", "A"],
    ["((A * B))", "[A * B]"],
    ["A * (B * C)", "[A * [B * C]]"],
    ["learning-rate * x.y", "[learning-rate * x.y]"],
    ["\n (\tA ,B )\n", "<A, B>"],
  ])("%j reads as %s", (text, tree) => {
    expect(written(parseCombination(text))).toBe(tree);
  });

  it.each([
    ["", 0, 'expected a parameter or "(" but found nothing'],
    ["  ", 2, 'expected a parameter or "(" but found nothing'],
    ["A *", 3, 'expected a parameter or "(" but found nothing'],
    ["* A", 0, 'expected a parameter or "(" but found "*"'],
    ["A B", 2, 'expected "*" or the end but found "B"'],
    ["A, B", 1, 'expected "*" or the end but found ","'],
    ["A )", 2, 'expected "*" or the end but found ")"'],
    ["(A, B", 5, 'expected "*", "," or ")" but found nothing'],
    ["(A B)", 3, 'expected "*", "," or ")" but found "B"'],
    ["(A,)", 3, 'expected a parameter or "(" but found ")"'],
    ["()", 1, 'expected a parameter or "(" but found ")"'],
    ["A ** B", 3, 'expected a parameter or "(" but found "*"'],
    ["(".repeat(100_000), 101, "parentheses nested too deeply"],
  ])("%.20j is refused at offset %i: %s", (text, offset, message) => {
    const error = failure(CombinationError, () => parseCombination(text));
    expect(error.message).toBe(message);
    expect(error.offset).toBe(offset);
  });
});
