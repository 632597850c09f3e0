import { posix } from "node:path";
import { type Diagnostic, formatDiagnostic } from "../errors.ts";
import { suggestion } from "../suggest.ts";
import type { Isolation, OnFailure, Sweep, Template, TemplateFile } from "../sweep.ts";
import { type CheckedSweep, checkSweep } from "./check.ts";
import { readCommand, readWords, type WordsContext } from "./command.ts";
import { NAME_SCOPES, POINT_SCOPES, reference, TASK_SCOPES } from "./fields.ts";
import type { Bounds } from "./files.ts";
import { buildFinish, plainTexts, relativeProblem } from "./finish.ts";
import { createTargets, type MountContext, readInputs, readTemplateFiles } from "./mounts.ts";
import { lackingProblem, readTemplate, refusePlaceholders, wholePiece } from "./placeholders.ts";
import { buildPoints } from "./points.ts";
import { sweepSchema } from "./schema.ts";
import { diagnosticAt, type Place, type Report } from "./source.ts";
import { child, type MapNode, type Node, type ScalarNode } from "./tree.ts";
import { isScalar } from "./values.ts";

export interface Origin extends Bounds {
  /** Absolute path of the sweep file, or null. */
  readonly file: string | null;
  /** The folder as messages write it in front of the sweep's relative paths. */
  readonly shownFolder: string;
}

const MAX_WARNINGS = 100;

/** Keys in which later steps find errors. */
const LATER_KEYS = ["parameters", "include", "point-name", "secrets"];

/** Keys whose texts are values, taken literally, or looked at on their own. */
const OWN_PLACEHOLDERS = ["parameters", "exclude", "include", "combine", "finish"];

/** Makes a sweep of a tree; null where something is wrong, all of which is reported. */
export function buildSweep(root: MapNode, origin: Origin, report: Report): Sweep | null {
  const warnings: Diagnostic[] = [];
  const warn = (place: Place, message: string, hint: string) => {
    if (warnings.length < MAX_WARNINGS) warnings.push(diagnosticAt(place, message, hint));
  };
  const checked = checkSweep(root, report);
  const { folder, root: bound, allowOutside } = origin;
  const files: MountContext = {
    folder,
    root: bound,
    allowOutside,
    report,
    shown: (from) => posix.join(origin.shownFolder, from),
  };
  const { space, kinds, include } = buildPoints(checked, root, { ...files, warn });
  const isolation = isolationOf(checked.isolation ?? "container");
  const lacking = memoized((name) => space?.lacking(name) ?? null);
  const context: WordsContext = { report, kinds, lacking, include, isolation, warn };
  checkIsolation(isolation, root, context);
  checkPlainTexts(root, report);

  const node = (key: keyof CheckedSweep): Node | undefined =>
    checked[key] === undefined ? undefined : child(root, key);
  const items = (key: keyof CheckedSweep): readonly Node[] => {
    const list = node(key);
    return list?.kind === "list" ? list.items : [];
  };
  const pointName = node("point-name");
  const command = node("command");
  const entrypoint = node("entrypoint");
  const process = node("process");
  const targets = createTargets(report);
  const parts = {
    pointName: isScalar(pointName)
      ? readTemplate(wholePiece(pointName), NAME_SCOPES, context)
      : null,
    command: command === undefined ? [] : readCommand(command, TASK_SCOPES, context),
    entrypoint: entrypoint === undefined ? null : readCommand(entrypoint, TASK_SCOPES, context),
    env: readEnv(node("env"), context),
    process: process === undefined ? null : readWords(process, context).map(({ text }) => text),
    inputs: readInputs(items("inputs"), targets, files),
    templates: readTemplateFiles(items("templates"), targets, files).map(
      ({ from, to, node: text }): TemplateFile => ({
        from,
        to,
        template: readTemplate(wholePiece(text), TASK_SCOPES, context),
      }),
    ),
    outputs: readOutputs(items("outputs"), context),
    finish: buildFinish(checked.finish ?? [], node("finish"), context),
  };
  for (const [key, words] of [
    ["entrypoint", parts.entrypoint],
    ["process", parts.process],
  ] as const) {
    if (words?.length === 0) {
      report.error(child(root, key)?.place ?? root.place, `${key}: expected at least one word`);
    }
  }
  checkTwice(items("secrets"), "secret", report);

  if (report.diagnostics.length > 0 || space === null || checked.name === undefined) return null;
  return {
    ...settings(checked),
    ...parts,
    name: checked.name,
    file: origin.file,
    request: null,
    folder,
    reads: origin.file === null ? report.named : [origin.file, ...report.named],
    space,
    isolation,
    warnings: warnings.map(formatDiagnostic),
    places: placesOf(root),
  };
}

/** None for an object, which has no text. */
function placesOf(root: MapNode): Sweep["places"] {
  const places = LATER_KEYS.flatMap((key) => {
    const at = child(root, key)?.place;
    if (at === undefined || at.source.text === null) return [];
    const { file, line, column, source } = diagnosticAt(at, "", null);
    return [[key, { file, line, column, source }] as const];
  });
  return Object.fromEntries(places);
}

function memoized<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, { value: T }>();
  return (name) => {
    const held = made.get(name) ?? { value: make(name) };
    made.set(name, held);
    return held.value;
  };
}

/** What needs no more than its defaults. */
function settings(checked: CheckedSweep) {
  const { build, resources, retries } = checked;
  return {
    image: checked.image ?? null,
    build: build === undefined ? null : typeof build === "string" ? { context: build } : build,
    secrets: checked.secrets ?? [],
    resources: {
      cpus: resources?.cpus ?? null,
      memory: resources?.memory ?? null,
      gpus: resources?.gpus ?? 0,
    },
    platform: checked.platform ?? null,
    user: checked.user ?? "host",
    network: checked.network ?? "none",
    timeout: checked.timeout ?? null,
    idleTimeout: checked["idle-timeout"] ?? null,
    retries: {
      max: retries?.max ?? 0,
      on: retries?.on ?? [],
      memoryFactor: retries?.["memory-factor"] ?? 1,
    },
    onFailure: onFailureOf(checked["on-failure"] ?? "continue"),
    workers: checked.workers ?? "auto",
  } as const;
}

function onFailureOf(raw: NonNullable<CheckedSweep["on-failure"]>): OnFailure {
  if (raw === "continue") return { kind: "continue" };
  return { kind: "stop", after: raw === "stop" ? 1 : raw["stop-after"] };
}

function isolationOf(raw: NonNullable<CheckedSweep["isolation"]>): Isolation {
  if (typeof raw === "string") return { kind: raw };
  return { kind: "batch", size: raw.batch, range: raw.range ?? null };
}

function checkIsolation(isolation: Isolation, root: MapNode, context: WordsContext): void {
  const { kinds, report } = context;
  if (isolation.kind !== "batch" || isolation.range === null || kinds === null) return;
  const { range } = isolation;
  const node = child(root, "isolation");
  const place = (node === undefined ? root : (child(node, "range") ?? node)).place;
  const known = kinds.get(range);
  if (known === undefined) {
    report.error(
      place,
      `there is no parameter ${range}`,
      suggestion(range, [...kinds.keys()], "parameters"),
    );
  } else if (!known.integers) {
    const found = known.other === null ? "fractions" : JSON.stringify(known.other);
    report.error(place, `batches go over an integer parameter, and ${range} can be ${found}`);
  } else {
    const lacking = context.lacking(range);
    if (lacking === null) return;
    const { message, hint } = lackingProblem(range, lacking, context);
    report.error(place, message, hint);
  }
}

/** Refuses placeholders where they would be taken literally. */
function checkPlainTexts(root: MapNode, report: Report): void {
  for (const [key, schema] of Object.entries(sweepSchema.shape)) {
    const value = child(root, key);
    if (value === undefined || OWN_PLACEHOLDERS.includes(key)) continue;
    // A template's own keys are paths; the placeholders are in the file.
    if (key !== "templates" && reference.get(schema)?.placeholders !== undefined) continue;
    for (const text of texts(value)) refusePlaceholders(key, text, report);
  }
  for (const { path, text } of plainTexts(child(root, "finish"))) {
    refusePlaceholders(path, text, report);
  }
}

function texts(node: Node): ScalarNode[] {
  if (node.kind === "scalar") return [node];
  if (node.kind === "list") return node.items.flatMap(texts);
  return [...node.entries.values()].flatMap(({ value }) => texts(value));
}

function readEnv(
  node: Node | undefined,
  context: WordsContext,
): Readonly<Record<string, Template>> {
  const env: Record<string, Template> = {};
  if (node?.kind !== "map") return env;
  for (const [name, { key, value }] of node.entries) {
    if (!isScalar(value)) continue;
    if (/^SIM_/.test(name)) {
      context.report.error(key.place, `env: ${name} is set by us`, "choose a name without SIM_");
    } else if (value.text.includes("\0")) {
      context.report.error(value.place, `env: ${name} holds a NUL character`);
    }
    env[name] = readTemplate(wholePiece(value), TASK_SCOPES, context);
  }
  return env;
}

function readOutputs(nodes: readonly Node[], context: WordsContext): Template[] {
  checkTwice(nodes, "glob", context.report);
  return nodes.filter(isScalar).map((node) => {
    const problem = relativeProblem(node.text);
    if (problem !== null) {
      const hint = "outputs are globs below the point's output folder, such as *.png";
      context.report.error(node.place, `${node.text} ${problem}`, hint);
    }
    return readTemplate(wholePiece(node), POINT_SCOPES, context);
  });
}

function checkTwice(nodes: readonly Node[], what: string, report: Report): void {
  const seen = new Set<string>();
  for (const node of nodes.filter(isScalar)) {
    if (seen.has(node.text)) report.error(node.place, `the ${what} ${node.text} is here twice`);
    seen.add(node.text);
  }
}
