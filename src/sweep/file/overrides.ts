import { isRangeExpression } from "../axis.ts";
import { nearest } from "../suggest.ts";
import type { Report, Source } from "./source.ts";
import type { ListNode, MapEntry, MapNode, Node, ScalarNode } from "./tree.ts";
import { parseYaml } from "./yaml.ts";

const PARAM_FORM = "write --param seed=1-20, --param noise=0,0.1 or --param 'day=\"1-5\"'";
const SET_FORM = "write --set timeout=5m or --set resources.cpus=2";

/**
 * The tree with `--param name=values` applied, which replaces or adds a parameter. What reads as a
 * range expression is one; else the values are a comma list of YAML scalars. Reports what is wrong.
 */
export function applyParam(root: MapNode, text: string, report: Report): MapNode {
  const split = splitFlag("--param", text, PARAM_FORM, report);
  if (split === null) return root;
  const { key, value, source, shift } = split;
  const node = isRangeExpression(value)
    ? rangeNode(value, source, shift)
    : listNode(value, source, shift, report);
  return node === null ? root : put(root, ["parameters", key], node, report);
}

/**
 * What is probably mistyped among `--param` flags: parameters that the file does not have, but one
 * with a name alike. They are added all the same.
 */
export function mistypedParams(root: MapNode, params: readonly string[]): string[] {
  const parameters = root.entries.get("parameters")?.value;
  const names = parameters?.kind === "map" ? [...parameters.entries.keys()] : [];
  return params.flatMap((text) => {
    const name = text.slice(0, text.indexOf("="));
    const near = names.includes(name) ? null : nearest(name, names);
    if (near === null) return [];
    return [
      `--param ${name}: the sweep has no parameter ${name}, it is added; did you mean ${near}?`,
    ];
  });
}

function rangeNode(value: string, source: Source, shift: number): MapNode {
  const place = { source, offset: shift };
  const range: ScalarNode = { kind: "scalar", value, text: value, raw: value, place };
  const key: ScalarNode = { kind: "scalar", value: "range", text: "range", raw: "", place };
  return { kind: "map", entries: new Map([["range", { key, value: range }]]), place };
}

function listNode(value: string, source: Source, shift: number, report: Report): Node | null {
  if (value.trim() === "") {
    report.error({ source, offset: shift }, "there is no value behind the =", PARAM_FORM);
    return null;
  }
  const list = parseYaml(`[${value}\n]`, source, shift - 1, report);
  if (list?.kind !== "list") return null;
  // A whole list or a form as {linspace: [0, 1, 5]} stands for itself.
  const [first] = list.items;
  return list.items.length === 1 && first !== undefined && first.kind !== "scalar" ? first : list;
}

/**
 * The tree with `--set path=value` applied: a key of the file, `.` between its steps, and a YAML
 * value. Reports what is wrong.
 */
export function applySet(root: MapNode, text: string, report: Report): MapNode {
  const split = splitFlag("--set", text, SET_FORM, report);
  if (split === null) return root;
  const { key, value, source, shift } = split;
  const steps = key.text.split(".");
  if (steps[0] === "parameters") {
    report.error(key.place, "--set does not set parameters", PARAM_FORM);
    return root;
  }
  if (value.trim() === "") {
    report.error({ source, offset: shift }, "there is no value behind the =", SET_FORM);
    return root;
  }
  const node = parseYaml(value, source, shift, report);
  if (node === null) return root;
  let offset = 0;
  const path = steps.map((step) => {
    const place = { source, offset };
    offset += step.length + 1;
    return { kind: "scalar", value: step, text: step, raw: step, place } as const;
  });
  return put(root, path, node, report);
}

interface Flag {
  readonly key: ScalarNode;
  readonly value: string;
  readonly source: Source;
  /** Where the value begins. */
  readonly shift: number;
}

function splitFlag(flag: string, text: string, form: string, report: Report): Flag | null {
  const source = { name: flag, text };
  const equals = text.indexOf("=");
  const name = text.slice(0, Math.max(0, equals));
  if (name.trim() === "") {
    report.error({ source, offset: 0 }, `expected name=value, got ${JSON.stringify(text)}`, form);
    return null;
  }
  const place = { source, offset: 0 };
  if (name.split(".").includes("__proto__")) {
    report.error(place, "__proto__ cannot be a key");
    return null;
  }
  const key: ScalarNode = { kind: "scalar", value: name, text: name, raw: name, place };
  return { key, value: text.slice(equals + 1), source, shift: equals + 1 };
}

/** The tree with the node at a path; mappings on the way are made where there are none. */
function put(
  root: MapNode,
  path: readonly (string | ScalarNode)[],
  value: Node,
  report: Report,
): MapNode {
  const node = putNode(root, path, value, report);
  return node.kind === "map" ? node : root;
}

function putNode(
  node: Node | undefined,
  path: readonly (string | ScalarNode)[],
  value: Node,
  report: Report,
): Node {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (node?.kind === "list") return putItem(node, step, rest, value, report);
  const name = typeof step === "string" ? step : step.text;
  const entries = new Map(node?.kind === "map" ? node.entries : []);
  const old = entries.get(name);
  const key: MapEntry["key"] = typeof step === "string" ? (old?.key ?? named(step, value)) : step;
  entries.set(name, { key, value: putNode(old?.value, rest, value, report) });
  return { kind: "map", entries, place: node?.place ?? key.place };
}

function putItem(
  list: ListNode,
  step: string | ScalarNode,
  rest: readonly (string | ScalarNode)[],
  value: Node,
  report: Report,
): Node {
  const text = typeof step === "string" ? step : step.text;
  const index = /^\d+$/.test(text) ? Number(text) : -1;
  const old = list.items[index];
  if (old === undefined) {
    const place = typeof step === "string" ? value.place : step.place;
    const last = list.items.length - 1;
    report.error(
      place,
      `${text} is no position in the list`,
      last < 0 ? "the list is empty: set it as a whole" : `positions are 0 to ${last}`,
    );
    return list;
  }
  return { ...list, items: list.items.with(index, putNode(old, rest, value, report)) };
}

function named(text: string, value: Node): ScalarNode {
  return { kind: "scalar", value: text, text, raw: "", place: value.place };
}
