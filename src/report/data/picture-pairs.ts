import type { DatabaseSync } from "node:sqlite";
import type { RunFolder } from "../../results/folder.ts";
import { addressOf } from "../address.ts";
import type { PicturePair } from "../document.ts";
import type { Pair } from "./pairs.ts";
import { type Picture, pictures } from "./pictures.ts";

const MOST = 2000;

/** Pictures of the same path that a point has in both runs, in the order of the pairs. */
export function picturePairs(
  before: DatabaseSync,
  after: DatabaseSync,
  a: RunFolder,
  b: RunFolder,
  pairs: readonly Pair[],
): PicturePair[] {
  const one = Map.groupBy(pictures(before, a), ({ row }) => row);
  const other = Map.groupBy(pictures(after, b), ({ row }) => row);
  const found: PicturePair[] = [];
  for (const [row, pair] of pairs.entries()) {
    for (const picture of other.get(pair.b ?? -1) ?? []) {
      const match = one.get(pair.a ?? -1)?.find(({ path }) => path === picture.path);
      if (match === undefined) continue;
      if (found.length === MOST) return found;
      const same = match.sha256 === picture.sha256;
      found.push({ row, path: picture.path, a: address(match), b: address(picture), same });
    }
  }
  return found;
}

function address({ name, path }: Picture): string {
  return addressOf(`points/${name}/${path}`);
}
