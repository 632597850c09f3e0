import { ReportedError } from "../sweep/errors.ts";
import type { Cursor, Sweep, Template } from "../sweep/sweep.ts";
import { MAX_TEXTS } from "./duplicates.ts";
import { namer } from "./naming.ts";
import type { Point } from "./point.ts";

/** Above this many points a plan must be confirmed. */
const MAX_UNCONFIRMED = 1_000_000;

/** All points of a sweep, checked and named, made one by one and never held. */
export interface Plan {
  readonly sweep: Sweep;
  readonly count: number;
  /** Points `from` (inclusive, default 0) to `to` (exclusive, default `count`), ascending. */
  points(from?: number, to?: number): IterableIterator<Point>;
  /** The name of the point at which a cursor of the sweep's space stands. */
  name(cursor: Cursor): string;
}

/**
 * Checks what only the points show, and names them. `confirmed`: more than a million points are
 * meant. Throws ReportedError (2): no points, too many, a point without a parameter that a
 * placeholder needs, an unsafe name, a name that two points share.
 */
export function makePlan(sweep: Sweep, options: { readonly confirmed: boolean }): Plan {
  const { space } = sweep;
  const count = space.count;
  const where = sweep.file ?? sweep.name;
  if (count === 0) {
    throw new ReportedError(
      2,
      `${where} has no points: exclude leaves none of what is combined.\nRemove an entry of exclude, or add points with include.`,
    );
  }
  if (count > MAX_UNCONFIRMED && !options.confirmed) {
    throw new ReportedError(
      2,
      `${where} has ${grouped(count)} points, more than ${grouped(MAX_UNCONFIRMED)}.\nIf that is meant, say --yes; else shorten a parameter or combine some with a zip, as in "(a, b) * c".`,
    );
  }
  if (count > MAX_TEXTS) {
    throw new ReportedError(
      2,
      `${where} has ${grouped(count)} points, and a plan has at most ${grouped(MAX_TEXTS)}.\nSplit the sweep into several.`,
    );
  }
  checkPlaceholders(sweep, where);
  const name = namer(sweep);
  return {
    sweep,
    count,
    name,
    *points(from, to) {
      const cursor = space.cursor(from, to);
      while (cursor.next()) {
        yield {
          index: cursor.index,
          name: name(cursor),
          parameters: cursor.parameters(),
          ordinal: cursor.ordinal,
        };
      }
    },
  };
}

function checkPlaceholders(sweep: Sweep, where: string): void {
  const checked = new Set<string>();
  for (const { key, template } of texts(sweep)) {
    for (const part of template.parts) {
      if (typeof part === "string" || part.kind !== "parameter" || checked.has(part.name)) continue;
      checked.add(part.name);
      const point = sweep.space.lacking(part.name);
      if (point === null) continue;
      throw new ReportedError(
        2,
        `${where}: ${key} needs {{ ${part.name} }}, which point ${point.index} does not have: ${JSON.stringify(point.parameters)}.\nGive ${part.name} a value in every entry of include that makes a point of its own, or a place under parameters.`,
      );
    }
  }
}

/** Every text that is rendered for each point, with the key it stands under. */
function texts(sweep: Sweep): { readonly key: string; readonly template: Template }[] {
  const list = (key: string, templates: readonly Template[]) =>
    templates.map((template, i) => ({ key: `${key}[${i}]`, template }));
  return [
    ...(sweep.pointName === null ? [] : [{ key: "point-name", template: sweep.pointName }]),
    ...list("entrypoint", sweep.entrypoint ?? []),
    ...list("command", sweep.command),
    ...Object.entries(sweep.env).map(([name, template]) => ({ key: `env.${name}`, template })),
    ...sweep.templates.map(({ from, template }) => ({ key: `the template ${from}`, template })),
    ...list("outputs", sweep.outputs),
  ];
}

/** 1000000 as 1,000,000. */
function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
