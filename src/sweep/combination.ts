/** A parsed combination expression, with offsets for errors that only its parameters show. */
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

/**
 * Parses an Open Job Description combination expression
 * (https://github.com/OpenJobDescription/openjd-specifications/wiki/2023-09-Template-Schemas#3412-combinationexpr).
 * Throws CombinationError.
 */
export function parseCombination(_text: string): Combination {
  throw new CombinationError("not there yet", 0);
}
