import type { Sweep, Template } from "../sweep/sweep.ts";
import { compileTemplate, type TemplateContext } from "../sweep/template.ts";
import type { Point } from "./point.ts";
import type { Folders } from "./text.ts";

/** What one task runs, every placeholder replaced. */
export interface Rendered {
  /** Null: the image's own. */
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files that the task finds at `to`, an absolute path in the task. */
  readonly templates: readonly { readonly to: string; readonly text: string }[];
  /** The globs that must match among the point's outputs. */
  readonly outputs: readonly string[];
}

/** The first and last value of the parameter over which a range batch goes. */
export interface Chunk {
  readonly first: number;
  readonly last: number;
}

/**
 * Renders a sweep's texts for a point; `folders` as the task sees them. For a batch any of its
 * points will do, because a batch has no placeholder that differs between them but those of its
 * chunk. Throws a ReportedError (2) where there is nothing that a placeholder could stand for,
 * which a plan has ruled out for its own points.
 */
export type Renderer = (
  point: Pick<Point, "index" | "name" | "parameters">,
  folders: Folders,
  chunk: Chunk | null,
) => Rendered;

/** The renderer of a sweep, its templates compiled once. */
export function renderer(sweep: Sweep): Renderer {
  const entrypoint = sweep.entrypoint === null ? null : compileAll(sweep.entrypoint);
  const command = compileAll(sweep.command);
  const outputs = compileAll(sweep.outputs);
  const env = Object.entries(sweep.env).map(([name, value]) => ({
    name,
    text: compileTemplate(value),
  }));
  const templates = sweep.templates.map(({ to, template }) => ({
    to,
    text: compileTemplate(template),
  }));
  const range = sweep.isolation.kind === "batch" ? sweep.isolation.range : null;
  return ({ index, name, parameters }, folders, chunk) => {
    const context: TemplateContext = {
      index,
      name,
      parameters,
      folders,
      chunk: chunk === null || range === null ? null : { name: range, ...chunk },
    };
    return {
      entrypoint: entrypoint === null ? null : entrypoint(context),
      command: command(context),
      env: Object.fromEntries(env.map(({ name, text }) => [name, text(context)])),
      templates: templates.map(({ to, text }) => ({ to, text: text(context) })),
      outputs: outputs(context),
    };
  };
}

function compileAll(templates: readonly Template[]): (context: TemplateContext) => string[] {
  const texts = templates.map(compileTemplate);
  return (context) => texts.map((text) => text(context));
}
