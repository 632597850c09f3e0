import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Parser,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Report, Source } from "./source.ts";
import type { MapEntry, Node, ScalarNode } from "./tree.ts";

/** Levels of nesting; the deepest that a sweep means anything by is 6. */
const MAX_DEPTH = 50;
/** Keys and values of a file: longer lists belong into tables. */
const MAX_VALUES = 200_000;
const TOO_DEEP = `lists and mappings are nested deeper than ${MAX_DEPTH} levels`;
/** Nodes and characters that aliases may add: anchors that repeat each other multiply. */
const MAX_ALIASED = 20_000;
const MAX_ALIASED_TEXT = 1024 * 1024;

/**
 * Parses YAML 1.2 (core schema) into a tree with places. Reports what is wrong and returns null
 * where nothing can be made of it. `shift` is where in the source the text begins.
 */
export function parseYaml(
  text: string,
  source: Source,
  shift: number,
  report: Report,
): Node | null {
  const at = (offset: number) => ({ source, offset: Math.max(0, offset + shift) });
  const tokens = [...new Parser().parse(text)];
  const problem = sizeProblem(tokens);
  if (problem !== null) {
    report.error(at(0), problem, "write a range, a table or fewer values");
    return null;
  }
  // Its own check for keys given twice takes time by their square; the conversion has one.
  const composer = new Composer({ uniqueKeys: false, resolveKnownTags: false, logLevel: "silent" });
  const [document, second] = composer.compose(tokens, true, text.length);
  if (document === undefined) return null;
  const version = document.directives?.yaml;
  if (version?.explicit === true && version.version !== "1.2") {
    report.error(
      at(0),
      `a sweep file is YAML 1.2, not ${version.version}`,
      "remove the %YAML line",
    );
    return null;
  }
  if (second !== undefined) {
    report.error(
      at(second.range[0]),
      "a sweep file is one YAML document, and here a second begins",
    );
    return null;
  }
  const before = report.diagnostics.length;
  // One slip makes many errors: the first few say it all.
  for (const problem of document.errors.slice(0, 3)) {
    const [message, hint] = syntaxMessage(problem.code, problem.message, text, problem.pos[0]);
    report.error(at(problem.pos[0]), message, hint);
  }
  for (const warning of document.warnings.slice(0, 20)) {
    report.error(at(warning.pos[0]), "tags are not used in a sweep file", "remove it");
  }
  if (report.diagnostics.length > before) return null;
  const root = convert(document, text, at, report);
  return report.diagnostics.length > before ? null : root;
}

type At = (offset: number) => { source: Source; offset: number };

function convert(document: Document.Parsed, text: string, at: At, report: Report): Node | null {
  const anchors = new Map<string, unknown>();
  const open = new Set<unknown>();
  let aliased = 0;
  let aliasedText = 0;

  function scalar(value: unknown, start: number, raw: string, written: string): ScalarNode {
    const known = typeof value === "number" || typeof value === "boolean" || value === null;
    return {
      kind: "scalar",
      // -0 and 0 would be two values that look the same to every reader.
      value: known ? (value === 0 ? 0 : value) : String(value),
      text: known ? written : String(value),
      raw,
      place: at(start),
    };
  }

  function visit(node: unknown, way: Way): Node {
    if (way.alias !== null) {
      aliased++;
      if (isScalar(node)) aliasedText += node.source?.length ?? 0;
    }
    if (way.alias !== null && (aliased > MAX_ALIASED || aliasedText > MAX_ALIASED_TEXT)) {
      const message = `the anchors repeat more than ${MAX_ALIASED} values in all, or a mebibyte of text`;
      throw new AliasError(way.alias, message, "write a range, a table or fewer values");
    }
    if (way.depth > MAX_DEPTH) {
      throw new AliasError(way.alias ?? way.start, TOO_DEEP, null);
    }
    if (isAlias(node)) {
      const begin = node.range?.[0] ?? way.start;
      const target = anchors.get(node.source);
      if (target === undefined || open.has(target)) {
        const message = `*${node.source} stands for nothing`;
        throw new AliasError(begin, message, `no anchor &${node.source} ends before it`);
      }
      return visit(target, { ...way, start: begin, alias: way.alias ?? begin });
    }
    if (!isScalar(node) && !isSeq(node) && !isMap(node)) return scalar(null, way.start, "", "");
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    const begin = node.range?.[0] ?? way.start;
    if (isScalar(node)) {
      const raw = text.slice(begin, node.range?.[1] ?? begin);
      return scalar(node.value, begin, raw, node.source ?? raw);
    }
    open.add(node);
    const inside = { start: begin, alias: way.alias, depth: way.depth + 1 };
    const collection = isSeq(node) ? visitList(node, inside) : visitMap(node, inside);
    open.delete(node);
    return collection;
  }

  function visitList(node: YAMLSeq, way: Way): Node {
    const items = node.items.map((item) => visit(item, way));
    return { kind: "list", items, place: at(way.start) };
  }

  function visitMap(node: YAMLMap, way: Way): Node {
    const entries = new Map<string, MapEntry>();
    for (const pair of node.items) {
      const key = visit(pair.key, way);
      // An absent value is shown at its key.
      const start = isScalar(pair.key) ? (pair.key.range?.[0] ?? way.start) : way.start;
      const value = visit(pair.value, { ...way, start });
      if (key.kind === "scalar") addEntry(entries, key, value, report);
      else if (!text.startsWith("{{", way.start)) {
        report.error(key.place, "a key is a single word, not a list or mapping");
      } else {
        const hint = 'put quotes around the text: "{{ name }}"';
        report.error(at(way.start), "{{ begins a mapping in YAML, not a placeholder", hint);
      }
    }
    return { kind: "map", entries, place: at(way.start) };
  }

  try {
    return document.contents === null
      ? null
      : visit(document.contents, { start: 0, alias: null, depth: 0 });
  } catch (error) {
    if (!(error instanceof AliasError)) throw error;
    report.error(at(error.offset), error.message, error.hint);
    return null;
  }
}

/** How a node was come to. */
interface Way {
  /** What to show for a node without a place of its own. */
  readonly start: number;
  /** Where the outermost alias stands that led here. */
  readonly alias: number | null;
  readonly depth: number;
}

class AliasError extends Error {
  override readonly name = "AliasError";
  readonly offset: number;
  readonly hint: string | null;

  constructor(offset: number, message: string, hint: string | null) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

function addEntry(
  entries: Map<string, MapEntry>,
  key: ScalarNode,
  value: Node,
  report: Report,
): void {
  if (entries.has(key.text)) {
    report.error(key.place, `the key ${key.text} is here a second time`, "keep one of them");
  } else if (key.text === "__proto__") {
    report.error(key.place, "__proto__ cannot be a key");
  } else {
    entries.set(key.text, { key, value });
  }
}

/** Whether the nesting would overflow the stack of whatever recurses into it, or it all takes long. */
function sizeProblem(tokens: readonly CST.Token[]): string | null {
  let count = 0;
  const open: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return TOO_DEEP;
    if (++count > MAX_VALUES) return `there are more than ${MAX_VALUES} keys and values`;
    if (token.type === "document" && token.value !== undefined) {
      open.push({ token: token.value, depth });
    }
    if (!("items" in token)) continue;
    for (const item of token.items) {
      if (item.key) open.push({ token: item.key, depth: depth + 1 });
      if (item.value !== undefined) open.push({ token: item.value, depth: depth + 1 });
    }
  }
  return null;
}

/** The parser's own message, or a clearer one for what people meet most. */
function syntaxMessage(
  code: string,
  message: string,
  text: string,
  offset: number,
): [message: string, hint: string | null] {
  switch (code) {
    case "TAB_AS_INDENT":
      return ["a tab cannot indent in YAML", "indent with spaces"];
    case "BAD_SCALAR_START":
      return [
        `a value cannot begin with ${text.charAt(offset)} in YAML`,
        "put quotes around the value",
      ];
    case "BLOCK_AS_IMPLICIT_KEY":
      return [
        "a second key on one line, or a line indented further than its neighbours",
        'align the keys of one mapping, and quote a text that holds ": "',
      ];
    case "BAD_INDENT":
    case "MISSING_CHAR":
    case "UNEXPECTED_TOKEN":
      return [`the YAML does not parse: ${message}`, "check brackets, quotes and indentation here"];
    default:
      return [`the YAML does not parse: ${message}`, null];
  }
}
