import { ReportedError } from "../sweep/errors.ts";

/** What of a Dockerfile the outside decides. */
export interface DockerfileImages {
  /** References of the images that it starts from or copies from, each once, in file order. */
  readonly bases: readonly string[];
  /** Names of its stages, in lower case. */
  readonly stages: readonly string[];
}

interface Instruction {
  readonly word: string;
  readonly rest: string;
  /** Counts from 1. */
  readonly line: number;
}

/**
 * Finds the images that a Dockerfile is built upon: in FROM, with its ARGs put in, in
 * `COPY --from` and in `RUN --mount=from`. Stages and `scratch` are none.
 * https://docs.docker.com/reference/dockerfile/
 *
 * @throws ReportedError (2) with the line, where a FROM has no image.
 */
export function imagesOf(
  content: string,
  buildArgs: ReadonlyMap<string, string>,
  file = "Dockerfile",
): DockerfileImages {
  const bases = new Set<string>();
  const stages: string[] = [];
  const args = new Map<string, string>();
  let stageCount = 0;
  for (const { word, rest, line } of instructions(content)) {
    if (word === "ARG" && stageCount === 0) {
      for (const [, name = "", value] of rest.matchAll(
        /([A-Za-z_]\w*)(?:=("[^"]*"|'[^']*'|\S*))?/g,
      )) {
        const given = buildArgs.get(name) ?? (value === undefined ? undefined : unquoted(value));
        if (given !== undefined) args.set(name, substitute(given, args));
      }
    } else if (word === "FROM") {
      stageCount++;
      const [, image = "", stage] = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(rest) ?? [];
      const reference = substitute(unquoted(image), args);
      if (reference === "" || /\s|^[:@]/.test(reference)) {
        throw new ReportedError(
          2,
          `${file}:${line}: FROM ${image} has no image: ${JSON.stringify(reference)}.\n` +
            "Give each ARG in it a default before the first FROM, or a value in the build arguments.",
        );
      }
      if (reference !== "scratch" && !stages.includes(reference.toLowerCase()))
        bases.add(reference);
      if (stage !== undefined) stages.push(stage.toLowerCase());
    } else if (["COPY", "ADD", "RUN"].includes(word)) {
      for (const [, named = ""] of rest.matchAll(/--(?:from=|mount=\S*?\bfrom=)([^\s,]+)/g)) {
        const reference = unquoted(named);
        // A number is a stage; a variable is not replaced there, and Docker will say so.
        if (/^\d+$/.test(reference) || reference.includes("$") || reference === "scratch") continue;
        if (!stages.includes(reference.toLowerCase())) bases.add(reference);
      }
    }
  }
  return { bases: [...bases], stages };
}

/** The instructions, with continued lines joined, comments and here-documents left out. */
function* instructions(content: string): Generator<Instruction> {
  const lines = content.replace(/^\uFEFF/, "").split(/\r?\n/);
  const escapes = /^#\s*escape\s*=\s*`/im.test(directives(lines)) ? "`" : "\\";
  for (let i = 0; i < lines.length; i++) {
    const line = i + 1;
    let whole = lines[i] ?? "";
    if (isSkipped(whole)) continue;
    while (whole.trimEnd().endsWith(escapes) && i + 1 < lines.length) {
      i++;
      const next = lines[i] ?? "";
      // Comments and empty lines between are skipped, and the instruction goes on behind them.
      const kept = whole.trimEnd().slice(0, -1);
      whole = isSkipped(next) ? `${kept}${escapes}` : kept + next;
    }
    const [, word = "", rest = ""] = /^\s*(\S+)\s*(.*)$/s.exec(whole) ?? [];
    const upper = word.toUpperCase();
    if (["RUN", "COPY", "ADD"].includes(upper)) {
      for (const [, dash, , end] of rest.matchAll(/<<(-?)(["']?)([A-Za-z_]\w*)\2/g)) {
        const isEnd = (text: string) => (dash ? text.replace(/^\t+/, "") : text) === end;
        while (i + 1 < lines.length && !isEnd(lines[++i] ?? ""));
      }
    }
    yield { word: upper, rest: rest.trim(), line };
  }
}

/** The comments at the very top, where `# escape=` may stand. */
function directives(lines: readonly string[]): string {
  const end = lines.findIndex((line) => !/^#\s*\w+\s*=/.test(line));
  return lines.slice(0, end < 0 ? lines.length : end).join("\n");
}

function isSkipped(line: string): boolean {
  return /^\s*(#.*)?$/.test(line);
}

function unquoted(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
}

/** What BuildKit sets for each platform that it builds for: left as it is. */
const PLATFORM_ARG = /^(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)$/;

/** Puts ARGs in: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`. */
function substitute(text: string, args: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$(?:\{([A-Za-z_]\w*)(?::?([-+])([^}]*))?\}|([A-Za-z_]\w*))/g,
    (_, braced?: string, operator?: string, other = "", plain?: string) => {
      const name = braced ?? plain ?? "";
      const value = args.get(name) ?? (PLATFORM_ARG.test(name) ? `$${name}` : "");
      if (operator === "-" && value === "") return substitute(other, args);
      if (operator === "+") return value === "" ? "" : substitute(other, args);
      return value;
    },
  );
}
