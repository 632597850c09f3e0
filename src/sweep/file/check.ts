import { reportIssues } from "./issues.ts";
import { type RawSweep, sweepSchema } from "./schema.ts";
import type { Report } from "./source.ts";
import { type MapNode, plain } from "./tree.ts";

const COMPLETED = sweepSchema.partial();

/** The keys that passed the schema; those with a default are there unless they are wrong. */
export type CheckedSweep = Partial<RawSweep>;

/**
 * Checks a tree against the schema. What is wrong is reported and left out of the result, so that
 * the rest can be checked further.
 */
export function checkSweep(root: MapNode, report: Report): CheckedSweep {
  const whole = sweepSchema.safeParse(plain(root));
  checkRequired(root, report);
  if (whole.success) return whole.data;
  reportIssues(whole.error.issues, sweepSchema, root, report);
  const paths = whole.error.issues.map(({ path }) => path);
  // One wrong parameter leaves the others to be checked.
  const inside = paths.filter(([first, second]) => first === "parameters" && second !== undefined);
  const lost = new Set(inside.map(([, name]) => name));
  const wrong = new Set(paths.filter((path) => !inside.includes(path)).map(([name]) => name));
  const good = new Map([...root.entries].filter(([name]) => !wrong.has(name) && known(name)));
  const parameters = good.get("parameters");
  if (parameters?.value.kind === "map") {
    const entries = new Map([...parameters.value.entries].filter(([name]) => !lost.has(name)));
    good.set("parameters", { ...parameters, value: { ...parameters.value, entries } });
  }
  const rest = COMPLETED.safeParse(plain({ ...root, entries: good }));
  if (!rest.success) return {};
  // A default must not stand in for what is there and wrong.
  return Object.fromEntries(Object.entries(rest.data).filter(([name]) => !wrong.has(name)));
}

function known(name: string): boolean {
  return Object.hasOwn(sweepSchema.shape, name);
}

function checkRequired(root: MapNode, report: Report): void {
  const has = (name: string) => root.entries.has(name);
  if (!has("parameters") && !has("include")) {
    report.error(
      root.place,
      "there are no points: neither parameters nor include is there",
      PARAMETERS,
    );
  }
  if (!has("image") && !has("build") && !has("process")) {
    report.error(
      root.place,
      "nothing says what to run: none of image, build and process is there",
      RUNNABLE,
    );
  }
}

const PARAMETERS = 'write parameters: {seed: {range: "1-20"}}';
const RUNNABLE = "write image: for containers, process: for programs of this machine, or both";
