import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { MANIFEST, type OutputFile } from "../results/outputs.ts";
import { type Parameters, STATUSES, type Status, type Template } from "../sweep/sweep.ts";
import { compileTemplate, type TemplateContext } from "../sweep/template.ts";

/** An output of a point; `removed`: a finish step has taken it away since. */
export interface SourceFile extends OutputFile {
  readonly removed: boolean;
}

/** A point of the current plan as finish steps see it. */
export interface FinishPoint {
  readonly index: number;
  readonly name: string;
  readonly key: string;
  readonly status: Status;
  readonly parameters: Parameters;
  /** By path; empty for a point that did not succeed. */
  readonly files: ReadonlyMap<string, SourceFile>;
}

const POINT = z.object({
  idx: z.number(),
  name: z.string(),
  key: z.string(),
  status: z.enum(STATUSES),
  parameters: z.string(),
  files: z.string().nullable(),
});
const PARAMETERS = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const REMOVED = z.object({
  key: z.string(),
  path: z.string(),
  size: z.number(),
  sha256: z.string(),
});

/** The points of the current plan, in its order, with the outputs that they have or had. */
export function finishPoints(database: DatabaseSync): FinishPoint[] {
  const removed = Map.groupBy(
    database
      .prepare("SELECT key, path, size, sha256 FROM removed")
      .all()
      .map((row) => REMOVED.parse(row)),
    ({ key }) => key,
  );
  return database
    .prepare("SELECT idx, name, key, status, parameters, files FROM points ORDER BY idx")
    .all()
    .map((raw) => {
      const { idx, name, key, status, parameters, files } = POINT.parse(raw);
      const there = files === null ? [] : MANIFEST.parse(JSON.parse(files));
      const gone = status === "succeeded" ? (removed.get(key) ?? []) : [];
      // What a point has made again since counts as it is now.
      const all = [
        ...gone.map(({ path, size, sha256 }) => ({ path, size, sha256, removed: true })),
        ...there.map((file) => ({ ...file, removed: false })),
      ];
      return {
        index: idx,
        name,
        key,
        status,
        parameters: PARAMETERS.parse(JSON.parse(parameters)),
        files: new Map(all.map((file) => [file.path, file])),
      };
    });
}

/** Renders a text that may name a point's parameters, index and name. */
export function pointText(template: Template): (point: FinishPoint) => string {
  const render = compileTemplate(template);
  return ({ index, name, parameters }) => {
    const folders = { output: "", input: "" };
    const context: TemplateContext = { index, name, parameters, folders, chunk: null };
    return render(context);
  };
}

/** A point and the output of it that a step reads. */
export interface Source {
  readonly point: FinishPoint;
  /** Relative to the point's outputs. */
  readonly path: string;
  /** Null where it is not among them. */
  readonly file: SourceFile | null;
}

/** The output that a step reads of each point. */
export function sourcesOf(points: readonly FinishPoint[], template: Template): Source[] {
  const render = pointText(template);
  return points.map((point) => {
    const path = render(point).replace(/^(?:\.\/)+/, "");
    return { point, path, file: point.files.get(path) ?? null };
  });
}

/** Why a source cannot be read; null where it can. */
export function absence({ point, path, file }: Source): string | null {
  if (point.status !== "succeeded") return `the point is ${point.status}`;
  if (file === null) return `the point has no ${path} among its outputs`;
  return file.removed
    ? `${path} was removed once its video was made (keep-frames: false); --resume off makes it again`
    : null;
}
