import * as z from "zod";
import { nearest, suggestion } from "../suggest.ts";
import { DISTRIBUTIONS } from "./parameter-schema.ts";
import type { Report } from "./source.ts";
import { described, type Node, nearestNode, nodeAt, type Path, pathText } from "./tree.ts";

type Issue = z.core.$ZodIssue;

/** Tells zod's issues as a person would, each at the key or value at fault. */
export function reportIssues(
  issues: readonly Issue[],
  schema: z.ZodType,
  root: Node,
  report: Report,
): void {
  for (const issue of issues) {
    if (report.isFull()) return;
    reportIssue(issue, [], schema, root, report);
  }
}

function reportIssue(
  issue: Issue,
  base: Path,
  schema: z.ZodType,
  root: Node,
  report: Report,
): void {
  const path = [...base, ...steps(issue.path)];
  if (issue.code === "unrecognized_keys") {
    for (const name of issue.keys) {
      if (report.isFull()) return;
      reportUnknownKey(name, path, schema, root, report);
    }
    return;
  }
  if (issue.code === "invalid_key") {
    const parent = nearestNode(root, path.slice(0, -1));
    const name = String(path.at(-1));
    const place = parent.kind === "map" ? (parent.entries.get(name)?.key ?? parent) : parent;
    const message = issue.issues[0]?.message ?? "expected another name";
    report.error(place.place, `${pathText(path.slice(0, -1))}: ${message}, got ${quoted(name)}`);
    return;
  }
  if (issue.code === "invalid_union") {
    const branch = chosenBranch(issue, path, root);
    if (branch !== null) {
      for (const inner of branch) reportIssue(inner, path, schema, root, report);
      return;
    }
  }
  const node = nodeAt(root, path);
  if (node === null) {
    const parent = nearestNode(root, path);
    const [where, name] = [pathText(path.slice(0, -1)), String(path.at(-1))];
    const message = `${where === "" ? "" : `${where}: `}the key ${name} is missing`;
    report.error(parent.place, message, issue.message);
    return;
  }
  const where = path.length === 0 ? "" : `${pathText(path)}: `;
  const message = `${where}${issue.message}, got ${described(node)}`;
  report.error(node.place, message, hint(issue, node) ?? mistypedKey(node, keysAt(schema, path)));
}

/** For a mapping that fits no alternative: the key that may have been meant. */
function mistypedKey(node: Node, known: readonly string[]): string | null {
  if (node.kind !== "map") return null;
  for (const name of node.entries.keys()) {
    const near = known.includes(name) ? null : nearest(name, known);
    if (near !== null) return `did you mean ${near}?`;
  }
  return null;
}

function reportUnknownKey(
  name: string,
  path: Path,
  schema: z.ZodType,
  root: Node,
  report: Report,
): void {
  const parent = nearestNode(root, path);
  const found = parent.kind === "map" ? parent.entries.get(name) : undefined;
  const known = keysAt(schema, path).filter((key) => !hasKey(parent, key));
  const where = path.length === 0 ? "" : `${pathText(path)}: `;
  report.error(
    (found?.key ?? parent).place,
    `${where}there is no key ${quoted(name)}`,
    suggestion(name, known, "keys left to set"),
  );
}

function hasKey(node: Node, key: string): boolean {
  return node.kind === "map" && node.entries.has(key);
}

/**
 * The issues of the alternative that was meant: the one of the right type with the fewest keys
 * unknown or missing. Null where several are as near, or none is.
 */
function chosenBranch(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  root: Node,
): readonly Issue[] | null {
  let best: readonly Issue[] | null = null;
  let least = 2;
  for (const branch of issue.errors) {
    let faults = 0;
    for (const inner of branch) {
      const here = inner.path.length === 0;
      if (inner.code === "unrecognized_keys") faults += inner.keys.length;
      else if (inner.code === "invalid_union" && inner.discriminator !== undefined) {
        // Which one was meant is not even said.
        faults += nodeAt(root, [...path, ...steps(inner.path)]) === null ? 2 : 0;
      } else if (here) faults = Number.POSITIVE_INFINITY;
      else if (nodeAt(root, [...path, ...steps(inner.path)]) === null) faults++;
    }
    if (faults === least) best = null;
    if (faults < least) {
      best = branch;
      least = faults;
    }
  }
  return best;
}

function hint(issue: Issue, node: Node): string | null {
  if (node.kind !== "scalar") return null;
  if (issue.code === "invalid_value" && typeof node.value === "string") {
    const near = nearest(node.value, issue.values.map(String));
    return near === null ? null : `did you mean ${near}?`;
  }
  if (issue.code === "invalid_union" && issue.discriminator === "distribution") {
    return suggestion(node.text, DISTRIBUTIONS, "distributions");
  }
  if (issue.code === "invalid_union" && typeof node.value === "string") {
    const words = issue.errors.flat().flatMap((inner) => {
      return inner.code === "invalid_value" ? inner.values.map(String) : [];
    });
    const near = nearest(node.value, words);
    return near === null ? null : `did you mean ${near}?`;
  }
  if (typeof node.value === "number" && /duration/.test(issue.message)) {
    return `write its unit: ${node.text}s, ${node.text}m or ${node.text}h`;
  }
  if (typeof node.value === "number" && /amount of memory/.test(issue.message)) {
    return `write its unit: ${node.text}Mi or ${node.text}Gi`;
  }
  if (typeof node.value === "number" && !Number.isFinite(node.value)) {
    return `NaN and infinity are no values; quote it for the text: "${node.text}"`;
  }
  if (node.value === null) return "write a value, or leave the key out";
  if (issue.code === "invalid_type" && issue.expected === "boolean") return null;
  if (issue.code === "invalid_type" && issue.expected === "string" && node.value !== "") {
    return `quote it to make it a text: "${node.text}"`;
  }
  return null;
}

/** The keys that the schema knows at a path, those of all alternatives together. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let level: readonly z.core.$ZodType[] = alternatives(schema);
  for (const step of path) {
    level = level.flatMap((one) => alternatives(below(one, step)));
  }
  const keys = level.flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []));
  return [...new Set(keys)];
}

function below(schema: z.core.$ZodType, step: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[step];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  return undefined;
}

/** A schema without what wraps it; a union's options. */
export function alternatives(schema: z.core.$ZodType | undefined): readonly z.core.$ZodType[] {
  if (schema === undefined) return [];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return alternatives(schema.unwrap());
  }
  if (schema instanceof z.ZodPrefault) return alternatives(schema.unwrap());
  if (schema instanceof z.ZodPipe) return alternatives(schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(alternatives);
  return [schema];
}

function steps(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === "symbol" ? step.toString() : step));
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}...` : name);
}
