import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { RunFolder } from "../../results/folder.ts";
import { MANIFEST } from "../../results/outputs.ts";
import type { PictureData } from "../document.ts";
import { ROWS } from "./table.ts";

/** What browsers show: https://developer.mozilla.org/docs/Web/Media/Guides/Formats */
const SHOWN = /\.(?:png|apng|jpe?g|gif|webp|avif|svg|mp4|webm|ogv|mov)$/i;
/** A page with more is of no use. */
const MOST = 20_000;
const ROW = z.object({ name: z.string(), files: z.string() });

/** A picture or video of a point, which is there. */
export interface Picture {
  readonly row: number;
  readonly name: string;
  /** Relative to the point's folder. */
  readonly path: string;
  readonly sha256: string;
}

/** The pictures among the outputs of succeeded points, in the plan's order; rows count from 0. */
export function* pictures(database: DatabaseSync, folder: RunFolder): Iterable<Picture> {
  const rows = database.prepare(
    "SELECT name, coalesce(files, '[]') AS files FROM points ORDER BY idx LIMIT ?",
  );
  let row = -1;
  for (const raw of rows.iterate(ROWS)) {
    const { name, files } = ROW.parse(raw);
    row++;
    for (const { path, sha256 } of MANIFEST.parse(JSON.parse(files))) {
      // A finish step may have removed frames.
      if (SHOWN.test(path) && existsSync(join(folder.points, name, path)))
        yield { row, name, path, sha256 };
    }
  }
}

/** All that a page shows of them. */
export function pictureData(database: DatabaseSync, folder: RunFolder): PictureData {
  const indices = new Map<string, number>();
  const items: number[] = [];
  let more = 0;
  for (const { row, path } of pictures(database, folder)) {
    if (items.length === 2 * MOST) {
      more++;
      continue;
    }
    const index = indices.get(path) ?? indices.size;
    indices.set(path, index);
    items.push(row, index);
  }
  return { paths: [...indices.keys()], items, more };
}
