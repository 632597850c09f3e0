/** Small pictures, made for the tests. */

import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encode, type ImageData } from "fast-png";
import { openDatabase } from "../../src/results/database.ts";
import { createRunFolder, type RunFolder, runFolder } from "../../src/results/folder.ts";
import type { Parameters, Status } from "../../src/sweep/sweep.ts";

/** A PNG of one colour. */
export function png(
  width: number,
  height: number,
  colour: readonly number[] = [10, 120, 230],
  options: Partial<ImageData> = {},
): Buffer {
  const channels = colour.length;
  const all = Array.from({ length: width * height }, () => colour).flat();
  const data = options.depth === 16 ? Uint16Array.from(all) : Uint8Array.from(all);
  return Buffer.from(encode({ width, height, data, channels, ...options }));
}

/** The same with one byte of its pixels changed. */
export function damaged(picture: Buffer): Buffer {
  const copy = Buffer.from(picture);
  const at = copy.indexOf("IDAT") + 6;
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

/** A JPEG, which only ffmpeg makes. */
export function jpeg(source = "color=red:size=32x24"): Buffer {
  const words = ["-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1"];
  return spawnSync("ffmpeg", [...words, "-f", "mjpeg", "-"]).stdout;
}

/** A JPEG whose segments are right, with the end mark where it belongs, and half of its pixels gone. */
export function halfJpeg(): Buffer {
  const whole = jpeg("testsrc=size=160x120");
  return Buffer.concat([whole.subarray(0, whole.length / 2), whole.subarray(-2)]);
}

/** A tile of linear light, one colour and weight all over. */
export function tile(
  place: {
    readonly width: number;
    readonly height: number;
    readonly x: number;
    readonly y: number;
    readonly columns: number;
    readonly rows: number;
  },
  colour: readonly [number, number, number],
  samples = 1,
): Buffer {
  const channels = ["red", "green", "blue", "samples"];
  const header = JSON.stringify({ format: "linear-tile", version: 1, ...place, channels });
  const pixels = Array.from({ length: place.columns * place.rows }, () => [...colour, samples]);
  return Buffer.concat([
    Buffer.from(`${header}\n`),
    Buffer.from(Float32Array.from(pixels.flat()).buffer),
  ]);
}

export interface MadePoint {
  readonly parameters: Parameters;
  /** Default: succeeded. */
  readonly status?: Status;
  /** Path to content. */
  readonly files?: Readonly<Record<string, Buffer>>;
}

/** A run folder whose points have ended, as `execute` leaves it; points are called p0, p1, ... */
export function endedRun(root: string, points: readonly MadePoint[]): RunFolder {
  const folder = runFolder(root);
  createRunFolder(folder);
  // A temporary folder is its owner's alone, and a container is another user.
  chmodSync(root, 0o755);
  using database = openDatabase(folder);
  const insert = database.prepare(
    `INSERT INTO points (idx, name, key, status, parameters, ordinal, common, document, files, todo)
     VALUES (?, ?, ?, ?, ?, 0, 1, '{}', ?, 0)`,
  );
  for (const [index, { parameters, status = "succeeded", files = {} }] of points.entries()) {
    const name = `p${index}`;
    const manifest = Object.entries(files).map(([path, content]) => {
      const target = join(folder.points, name, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content);
      return { path, size: content.length, sha256: hash("sha256", content) };
    });
    const listed = status === "succeeded" ? JSON.stringify(manifest) : null;
    insert.run(index, name, `key-${index}`, status, JSON.stringify(parameters), listed);
  }
  return folder;
}
