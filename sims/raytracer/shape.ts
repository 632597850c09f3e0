/** What values of a JSON file may be: each shape reads them and writes its own JSON Schema. */
import { type JsonNode, PlacedError } from "./json.ts";
import type { Vector } from "./scene.ts";

export interface Shape<Value> {
  /** @throws PlacedError that says what was expected */
  read(node: JsonNode): Value;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** A field of an object; `otherwise` makes it optional. */
interface Field<Value> {
  readonly shape: Shape<Value>;
  readonly otherwise?: { readonly value: Value };
}

export function number(
  range: { least?: number; most?: number; above?: number } = {},
): Shape<number> {
  const { least, most, above } = range;
  const limits = [
    ...(least === undefined ? [] : [`from ${least}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(most === undefined ? [] : [`to ${most}`]),
  ];
  const expected = ["a number", ...limits].join(" ");
  return {
    read(node) {
      const { value } = node;
      const fits =
        typeof value === "number" &&
        Number.isFinite(value) &&
        value >= (least ?? -1e9) &&
        value <= (most ?? 1e9) &&
        (above === undefined || value > above);
      return fits ? value : fail(node, expected);
    },
    schema: {
      type: "number",
      ...(least === undefined ? {} : { minimum: least }),
      ...(above === undefined ? {} : { exclusiveMinimum: above }),
      ...(most === undefined ? {} : { maximum: most }),
    },
  };
}

/** Three numbers. */
export function vector(range: { least?: number; most?: number } = {}): Shape<Vector> {
  const item = number(range);
  return {
    read(node) {
      const [x, y, z, ...more] = Array.isArray(node.value) ? node.value : [];
      if (!x || !y || !z || more.length > 0) return fail(node, "three numbers in brackets");
      return [item.read(x), item.read(y), item.read(z)];
    },
    schema: { type: "array", items: item.schema, minItems: 3, maxItems: 3 },
  };
}

/** A vector that points somewhere. */
export function direction(): Shape<Vector> {
  const any = vector();
  return {
    read(node) {
      const read = any.read(node);
      return read.some((one) => one !== 0) ? read : fail(node, "a direction, not all 0");
    },
    schema: any.schema,
  };
}

/** What a shape reads, if it passes a check that JSON Schema cannot say. */
export function checked<Value>(
  shape: Shape<Value>,
  passes: (value: Value) => boolean,
  expected: string,
): Shape<Value> {
  return {
    read(node) {
      const value = shape.read(node);
      if (!passes(value)) throw new PlacedError(node, `expected ${expected}`);
      return value;
    },
    schema: shape.schema,
  };
}

export function pair<Value>(item: Shape<Value>): Shape<readonly [Value, Value]> {
  return {
    read(node) {
      const [first, second, ...more] = Array.isArray(node.value) ? node.value : [];
      if (!first || !second || more.length > 0) return fail(node, "a list of two");
      return [item.read(first), item.read(second)];
    },
    schema: { type: "array", items: item.schema, minItems: 2, maxItems: 2 },
  };
}

export function text(): Shape<string> {
  return {
    read: (node) =>
      typeof node.value === "string" && node.value !== "" ? node.value : fail(node, "a text"),
    schema: { type: "string", minLength: 1 },
  };
}

export function flag(): Shape<boolean> {
  return {
    read: (node) => (typeof node.value === "boolean" ? node.value : fail(node, "true or false")),
    schema: { type: "boolean" },
  };
}

export function choice<Value extends string>(...values: readonly Value[]): Shape<Value> {
  return {
    read: (node) =>
      values.find((value) => value === node.value) ??
      fail(node, values.map((value) => JSON.stringify(value)).join(" or ")),
    schema: { enum: values },
  };
}

export function list<Value>(item: Shape<Value>, least: number): Shape<readonly Value[]> {
  return {
    read(node) {
      if (!Array.isArray(node.value) || node.value.length < least) {
        return fail(node, `a list of at least ${least}`);
      }
      return node.value.map((one) => item.read(one));
    },
    schema: { type: "array", items: item.schema, minItems: least },
  };
}

/** A mapping whose names are free. */
export function record<Value>(item: Shape<Value>): Shape<Readonly<Record<string, Value>>> {
  return {
    read(node) {
      const entries = [...entriesOf(node)].map(
        ([name, { node: one }]) => [name, item.read(one)] as const,
      );
      return Object.fromEntries(entries);
    },
    schema: { type: "object", additionalProperties: item.schema },
  };
}

export function required<Value>(shape: Shape<Value>): Field<Value> {
  return { shape };
}

export function optional<Value>(shape: Shape<Value>, value: Value): Field<Value> {
  return { shape, otherwise: { value } };
}

export type Fields<Value> = { readonly [Name in keyof Value]-?: Field<Value[Name]> };

export function object<Value extends object>(fields: Fields<Value>): Shape<Value> {
  const all = Object.entries<Field<unknown>>(fields);
  return {
    read(node) {
      const entries = entriesOf(node);
      for (const [name, { key }] of entries) {
        if (all.some(([known]) => known === name)) continue;
        const known = all.map(([one]) => one).join(", ");
        throw new PlacedError(key, `unknown name ${JSON.stringify(name)}; there are ${known}`);
      }
      const values = all.map(([name, { shape, otherwise }]) => {
        const entry = entries.get(name);
        if (entry) return [name, shape.read(entry.node)];
        return [name, otherwise ? otherwise.value : fail(node, `${JSON.stringify(name)} in it`)];
      });
      // Each field's shape has read the value of its name.
      return Object.fromEntries(values) as Value;
    },
    schema: {
      type: "object",
      properties: Object.fromEntries(all.map(([name, { shape }]) => [name, shape.schema])),
      required: all.flatMap(([name, { otherwise }]) => (otherwise ? [] : [name])),
      additionalProperties: false,
    },
  };
}

/** One of several objects, told apart by their field `kind`. */
export function union<Value extends { readonly kind: string }>(
  kinds: {
    readonly [Kind in Value["kind"]]: Shape<Value & { readonly kind: Kind }>;
  },
): Shape<Value> {
  const all = Object.entries<Shape<Value>>(kinds);
  return {
    read(node) {
      const kind = entriesOf(node).get("kind")?.node;
      const found = all.find(([name]) => name === kind?.value);
      const names = all.map(([name]) => JSON.stringify(name)).join(" or ");
      return found ? found[1].read(node) : fail(kind ?? node, kind ? names : `"kind": ${names}`);
    },
    schema: { oneOf: all.map(([, { schema }]) => schema) },
  };
}

/** A list by one shape, all else by another. */
export function listOr<First, Second>(
  first: Shape<First>,
  second: Shape<Second>,
): Shape<First | Second> {
  return {
    read: (node) => (Array.isArray(node.value) ? first.read(node) : second.read(node)),
    schema: { oneOf: [first.schema, second.schema] },
  };
}

function entriesOf(node: JsonNode) {
  return node.value instanceof Map ? node.value : fail(node, "an object in braces");
}

function fail(node: JsonNode, expected: string): never {
  const { value } = node;
  const got = Array.isArray(value)
    ? `a list of ${value.length}`
    : value instanceof Map
      ? "an object"
      : typeof value === "number"
        ? String(value)
        : JSON.stringify(value);
  throw new PlacedError(node, `expected ${expected}, got ${got}`);
}
