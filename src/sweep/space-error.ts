/**
 * Parameters that do not make a space. `place` says where to look: `axis` and its index, `combine`
 * and an offset in the expression, `exclude` or `include` with the entry's index and, where one key
 * is at fault, that key. Null: the whole.
 */
export class SpaceError extends Error {
  override readonly name = "SpaceError";
  readonly place:
    | { readonly part: "axis"; readonly index: number }
    | { readonly part: "combine"; readonly offset: number }
    | {
        readonly part: "exclude" | "include";
        readonly index: number;
        readonly key: string | null;
      }
    | null;
  readonly hint: string | null;

  constructor(message: string, place: SpaceError["place"], hint: string | null = null) {
    super(message);
    this.place = place;
    this.hint = hint;
  }
}
