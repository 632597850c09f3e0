import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { type Diagnostic, keyError, SweepError } from "./errors.ts";
import { buildSweep, type Origin } from "./file/build.ts";
import { FileProblem, readTextFile } from "./file/files.ts";
import { objectTree } from "./file/object.ts";
import { applyParam, applySet, mistypedParams } from "./file/overrides.ts";
import { createReport, type Report, type Source } from "./file/source.ts";
import type { Node } from "./file/tree.ts";
import { parseYaml } from "./file/yaml.ts";
import type { Sweep, SweepRequest } from "./sweep.ts";

export interface LoadOptions {
  /** `name=values`, as the flag `--param` takes them. */
  readonly params: readonly string[];
  /** `key=value`, as the flag `--set` takes them. */
  readonly set: readonly string[];
  /** Inputs, templates and tables may lie outside the sweep's repository. */
  readonly allowOutside: boolean;
  /** Absolute folder inside of which they must be else; default: the sweep's repository. */
  readonly root?: string;
}

const MAX_BYTES = 1024 * 1024;
const MAX_DIAGNOSTICS = 20;

/**
 * Reads and checks a sweep file, with the tables and templates that it names. Takes time by the
 * size of these files, not by the number of points. Throws SweepError with all that is wrong.
 */
export function loadSweep(path: string, options: LoadOptions): Sweep {
  const report = createReport();
  const source = readSource(path, report);
  const parsed = source === null ? null : parseYaml(source.text ?? "", source, 0, report);
  const root = parsed?.kind === "scalar" && parsed.value === null ? null : parsed;
  if (source !== null && root === null && report.diagnostics.length === 0) {
    report.error(
      { source, offset: 0 },
      "the file is empty",
      "sim-pipeline init writes one to start from",
    );
  }
  const file = resolve(path);
  const origin = {
    file,
    folder: dirname(file),
    shownFolder: dirname(path),
    root: options.root ?? null,
    allowOutside: options.allowOutside,
  };
  return { ...finish(root, origin, options, report), request: requestOf(file, options) };
}

function requestOf(file: string, options: LoadOptions): SweepRequest {
  const { params, set, allowOutside } = options;
  const path = relative(resolve(options.root ?? "."), file);
  const isInside = !isAbsolute(path) && path.split(sep)[0] !== "..";
  return { path: isInside ? path.replaceAll(sep, "/") : file, params, set, allowOutside };
}

/**
 * Makes a sweep of an object with the keys of a sweep file. `folder` is what its relative paths
 * begin in. Throws SweepError, whose diagnostics name key paths.
 */
export function sweepFromObject(
  object: unknown,
  folder: string,
  options: Partial<LoadOptions> = {},
): Sweep {
  const report = createReport();
  const root = objectTree(object, { name: "sweep", text: null }, report);
  const { params = [], set = [], allowOutside = false } = options;
  const origin = {
    file: null,
    folder: resolve(folder),
    shownFolder: folder,
    root: options.root ?? null,
    allowOutside,
  };
  return finish(root, origin, { params, set, allowOutside }, report);
}

/**
 * The values of the sweep's secrets in an environment. Throws a SweepError that names all
 * that are not set; an empty one counts as not set.
 */
export function secretsFrom(
  sweep: Pick<Sweep, "secrets" | "name" | "file" | "places">,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const values: Record<string, string> = {};
  const unset: string[] = [];
  for (const name of sweep.secrets) {
    const value = env[name];
    if (value === undefined || value === "") unset.push(name);
    else values[name] = value;
  }
  if (unset.length === 0) return values;
  const [subject, verb] = unset.length === 1 ? ["secret", "is"] : ["secrets", "are"];
  throw keyError(
    sweep,
    "secrets",
    `the ${subject} ${unset.join(", ")} ${verb} not set in the environment`,
    "set the variable, or remove the name from `secrets`",
  );
}

function readSource(path: string, report: Report): Source | null {
  try {
    return { name: path, text: readTextFile(path, MAX_BYTES) };
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    report.error(
      { source: { name: path, text: null }, offset: 0 },
      `the sweep file ${error.message}`,
      error.hint,
    );
    return null;
  }
}

function finish(root: Node | null, origin: Origin, options: LoadOptions, report: Report): Sweep {
  if (root !== null && root.kind !== "map") {
    report.error(root.place, "expected a mapping of keys such as name, parameters and command");
  } else if (root !== null && report.diagnostics.length === 0) {
    let map = root;
    for (const text of options.params) map = applyParam(map, text, report);
    for (const text of options.set) map = applySet(map, text, report);
    const sweep = buildSweep(map, origin, report);
    const mistyped = mistypedParams(root, options.params);
    if (sweep !== null) return { ...sweep, warnings: [...mistyped, ...sweep.warnings] };
  }
  throw new SweepError(capped(report));
}

/** In the order of reading, and no more than anyone reads. */
function capped({ diagnostics, isFull }: Report): Diagnostic[] {
  const files = [...new Set(diagnostics.map(({ file }) => file))];
  const sorted = diagnostics.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
  const [first] = sorted;
  if (first === undefined || sorted.length <= MAX_DIAGNOSTICS) return sorted;
  const more = `${sorted.length - MAX_DIAGNOSTICS}${isFull() ? " or more" : " more"}`;
  const message = `${more} errors are not shown`;
  const rest = { file: first.file, line: 0, column: 0, source: "", message, hint: null };
  return [...sorted.slice(0, MAX_DIAGNOSTICS), rest];
}
