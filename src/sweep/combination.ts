/** A parsed combination expression; offsets serve errors that only show beside the parameters. */
export type Combination =
  | { readonly kind: "name"; readonly name: string; readonly offset: number }
  /** Every combination of the operands' values, the leftmost slowest. */
  | { readonly kind: "product"; readonly operands: readonly Combination[]; readonly offset: number }
  /** The operands' values side by side: all of one length. */
  | { readonly kind: "zip"; readonly operands: readonly Combination[]; readonly offset: number };

/** A combination expression that cannot be; `offset` counts from 0 in the expression. */
export class CombinationError extends Error {
  override readonly name = "CombinationError";
  readonly offset: number;
  readonly hint: string | null;

  constructor(message: string, offset: number, hint: string | null = null) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

const HINT = 'write as in "(a, b) * c": parentheses put values side by side, * multiplies';
/** Far deeper than anybody writes, and shallow enough for the stack. */
const MAX_DEPTH = 100;

/**
 * Parses an Open Job Description combination expression
 * (https://github.com/OpenJobDescription/openjd-specifications/wiki/2023-09-Template-Schemas#343-combinationexpr).
 * A name is whatever stands between spaces and `( ) * ,`. One expression alone in parentheses is
 * itself, as the grammar allows. Throws CombinationError.
 */
export function parseCombination(text: string): Combination {
  const tokens = [...text.matchAll(/[()*,]|[^\s()*,]+/g)].map((match) => ({
    text: match[0],
    offset: match.index,
  }));
  let next = 0;
  const end = { text: "", offset: text.length };
  const peek = () => tokens[next] ?? end;

  const expected = (what: string): CombinationError => {
    const { text: found, offset } = peek();
    const shown = found === "" ? "nothing" : JSON.stringify(found);
    return new CombinationError(`expected ${what} but found ${shown}`, offset, HINT);
  };

  const element = (depth: number): Combination => {
    const token = peek();
    if (token.text === "" || ")*,".includes(token.text)) {
      throw expected('a parameter or "("');
    }
    if (depth > MAX_DEPTH) {
      throw new CombinationError("parentheses nested too deeply", token.offset);
    }
    next++;
    if (token.text !== "(") return { kind: "name", name: token.text, offset: token.offset };
    const operands = [product(depth + 1)];
    while (peek().text === ",") {
      next++;
      operands.push(product(depth + 1));
    }
    if (peek().text !== ")") throw expected('"*", "," or ")"');
    next++;
    return grouped("zip", operands, token.offset);
  };

  const product = (depth: number): Combination => {
    const { offset } = peek();
    const operands = [element(depth)];
    while (peek().text === "*") {
      next++;
      operands.push(element(depth));
    }
    return grouped("product", operands, offset);
  };

  const whole = product(0);
  if (next < tokens.length) throw expected('"*" or the end');
  return whole;
}

function grouped(
  kind: "product" | "zip",
  operands: readonly Combination[],
  offset: number,
): Combination {
  const [only] = operands;
  return operands.length === 1 && only !== undefined ? only : { kind, operands, offset };
}
