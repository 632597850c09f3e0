/** Reads the triangles of a Wavefront OBJ file: `v`, `vn` and `f`; all else is passed over. */
import type { Vector } from "./scene.ts";

export interface Mesh {
  readonly triangles: readonly Triangle[];
}

export interface Triangle {
  readonly corners: readonly [Vector, Vector, Vector];
  /** At the corners; undefined where the file has none. */
  readonly normals: readonly [Vector, Vector, Vector] | undefined;
}

/** As in scene files. */
const FARTHEST = 1e9;

/** More would take longer to read and more memory to hold than a point of a sweep should. */
export const MOST_TRIANGLES = 2_000_000;

interface Corner {
  readonly position: Vector;
  readonly normal: Vector | undefined;
}

/**
 * @param name what errors call the file
 * @throws Error that names the file and the line of what is wrong
 */
export function parseObj(text: string, name: string, most = MOST_TRIANGLES): Mesh {
  const positions: Vector[] = [];
  const normals: Vector[] = [];
  const triangles: Triangle[] = [];
  let line = 0;
  const fail = (what: string): never => {
    throw new Error(`${name}:${line}: ${what}`);
  };

  const vector = (words: readonly string[]): Vector => {
    const [x, y, z] = words.slice(0, 3).map((word) => (word === "" ? Number.NaN : Number(word)));
    if (x !== undefined && y !== undefined && z !== undefined) {
      if ([x, y, z].every((number) => Math.abs(number) <= FARTHEST)) return [x, y, z];
    }
    return fail(`expected three numbers from -1e9 to 1e9, got ${JSON.stringify(words.join(" "))}`);
  };
  /** Numbers count from 1, or back from the last one with -1. */
  const pick = (list: readonly Vector[], word: string, what: string): Vector => {
    const number = Number(word);
    const found = list[number < 0 ? list.length + number : number - 1];
    return found ?? fail(`there is no ${what} ${word}, only ${list.length} so far`);
  };
  const corner = (word: string): Corner => {
    const [position = "", , normal = ""] = word.split("/");
    return {
      position: pick(positions, position, "vertex"),
      normal: normal === "" ? undefined : pick(normals, normal, "normal"),
    };
  };
  const face = (words: readonly string[]): void => {
    const [first, ...others] = words.map(corner);
    if (first === undefined || others.length < 2) fail(`a face needs three corners`);
    else {
      // A fan: right for the convex faces that modellers write.
      others.slice(1).forEach((third, index) => {
        triangles.push(triangleOf(first, others[index] ?? third, third));
      });
    }
    if (triangles.length > most) fail(`more than ${most} triangles`);
  };

  for (let start = 0; start < text.length; ) {
    line++;
    const end = text.indexOf("\n", start);
    const [key = "", ...words] = text
      .slice(start, end === -1 ? undefined : end)
      .trim()
      .split(/\s+/);
    if (key === "v") positions.push(vector(words));
    else if (key === "vn") normals.push(vector(words));
    else if (key === "f") face(words);
    start = end === -1 ? text.length : end + 1;
  }
  if (triangles.length === 0) throw new Error(`${name}: expected at least one face, got none`);
  return { triangles };
}

function triangleOf(a: Corner, b: Corner, c: Corner): Triangle {
  const corners = [a.position, b.position, c.position] as const;
  if (!a.normal || !b.normal || !c.normal) return { corners, normals: undefined };
  return { corners, normals: [a.normal, b.normal, c.normal] };
}
