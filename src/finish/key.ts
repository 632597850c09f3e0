import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../plan/canonical.ts";
import type { FinishStep } from "../sweep/sweep.ts";
import { type FinishPoint, pointText, type Source, sourcesOf } from "./points.ts";
import type { FinishTools } from "./tools.ts";

/** Part of every key: a higher number makes all steps anew, as after a change of how sheets look. */
const KEY_VERSION = 1;

/**
 * The content keys of a plan's finish steps: each the sha256 of the step's own definition, of what
 * it reads of the points, and of the program that makes it. A program does not count once files that
 * the step was made of were taken away: it could not be made again.
 */
export function finishKeys(
  steps: readonly FinishStep[],
  points: readonly FinishPoint[],
  tools: FinishTools,
): string[] {
  const parts = steps.map((step) => partsOf(step, points));
  return steps.map((step, index) => {
    const { definition, lines, sources } = parts[index] ?? {
      definition: null,
      lines: [],
      sources: [],
    };
    const gone = sources.some(({ file }) => file?.removed === true);
    const tool = gone ? null : (toolOf(step, index, tools) ?? null);
    // A command sees what the steps before it have made.
    const earlier =
      step.kind === "command"
        ? parts.slice(0, index).map((part) => digest(part.definition, part.lines))
        : [];
    return digest({ definition, tool, earlier, version: KEY_VERSION }, lines);
  });
}

interface Parts {
  readonly definition: Json;
  /** One for each point. */
  readonly lines: readonly Json[];
  readonly sources: readonly Source[];
}

function partsOf(step: FinishStep, points: readonly FinishPoint[]): Parts {
  const { kind } = step;
  switch (kind) {
    case "video": {
      const { to, fps, width, height, by } = step;
      const sources = sourcesOf(points, step.frames);
      const lines = sources.map((source) => [
        source.point.parameters[by] ?? null,
        sha256Of(source),
      ]);
      return { definition: { kind, to, fps, width, height }, lines, sources };
    }
    case "tiles": {
      const { to, by } = step;
      const sources = sourcesOf(points, step.files);
      const value = (point: FinishPoint) => (by === null ? null : (point.parameters[by] ?? null));
      const lines = sources.map((source) => [value(source.point), sha256Of(source)]);
      return { definition: { kind, to }, lines, sources };
    }
    case "sheet": {
      const { to, columns, images, label } = step;
      const text = label === null ? ({ name }: FinishPoint) => name : pointText(label);
      const sources = sourcesOf(points, images);
      const lines = sources.map((source) => [
        text(source.point),
        source.point.status,
        sha256Of(source),
      ]);
      return { definition: { kind, to, columns }, lines, sources };
    }
    case "command": {
      const { entrypoint, network } = step;
      const command = step.command.map(({ source }) => source);
      const lines = points.map(({ name, key, status, files }) => [
        ...[name, key, status],
        [...files.values()].map(({ path, sha256 }) => [path, sha256]).sort(),
      ]);
      return { definition: { kind, entrypoint, command, network }, lines, sources: [] };
    }
  }
}

function sha256Of({ file }: Source): string | null {
  return file?.sha256 ?? null;
}

function toolOf(step: FinishStep, index: number, tools: FinishTools): string | undefined {
  if (step.kind === "command") return tools.commands.get(index)?.identity;
  return step.kind === "video" ? tools.ffmpeg?.identity : undefined;
}

function digest(head: Json, lines: readonly Json[]): string {
  const hash = createHash("sha256");
  hash.update(canonicalJson(head));
  for (const line of lines) hash.update(`\n${canonicalJson(line)}`);
  return hash.digest("hex");
}
