import type { Report, Source } from "./source.ts";
import { type MapEntry, type Node, type Path, pathText, type ScalarNode } from "./tree.ts";

const MAX_DEPTH = 50;
const MAX_NODES = 10_000_000;

/**
 * The tree of an object that a program gave; diagnostics name key paths. Keys whose value is
 * undefined count as absent. Reports what YAML could not say and returns null.
 */
export function objectTree(object: unknown, source: Source, report: Report): Node | null {
  const place = { source, offset: 0 };
  const before = report.diagnostics.length;
  let nodes = 0;

  function visit(value: unknown, path: Path): Node {
    if (++nodes > MAX_NODES || path.length > MAX_DEPTH) {
      throw new RangeError(`${pathText(path)}: the object is too large, or holds itself`);
    }
    if (Array.isArray(value)) {
      return { kind: "list", items: value.map((item, at) => visit(item, [...path, at])), place };
    }
    if (typeof value === "object" && value !== null && isPlain(value)) {
      const entries = new Map<string, MapEntry>();
      for (const [name, item] of Object.entries(value)) {
        if (item === undefined) continue;
        if (name === "__proto__") report.error(place, "__proto__ cannot be a key");
        entries.set(name, { key: scalar(name), value: visit(item, [...path, name]) });
      }
      return { kind: "map", entries, place };
    }
    if (
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean" ||
      value === null
    ) {
      return scalar(value === 0 ? 0 : value);
    }
    const found = typeof value === "object" ? Object.prototype.toString.call(value) : typeof value;
    report.error(
      place,
      `${pathText(path)}: expected a text, a number, true, false, a list or a plain object, got ${found}`,
    );
    return scalar(null);
  }

  function scalar(value: ScalarNode["value"]): ScalarNode {
    return { kind: "scalar", value, text: String(value), raw: "", place };
  }

  try {
    const root = visit(object, []);
    return report.diagnostics.length > before ? null : root;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report.error(place, error.message);
    return null;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
