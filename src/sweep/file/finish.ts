import { suggestion } from "../suggest.ts";
import type { FinishStep } from "../sweep.ts";
import { readCommand, readWords, type WordsContext } from "./command.ts";
import { POINT_SCOPES } from "./fields.ts";
import { lackingProblem, readTemplate, wholePiece } from "./placeholders.ts";
import type { RawSweep } from "./schema.ts";
import type { Place } from "./source.ts";
import { child, type Node, nodeAt, pathText, type ScalarNode } from "./tree.ts";
import { isScalar } from "./values.ts";

type RawStep = RawSweep["finish"][number];

/** The steps, each checked against the sweep's parameters. */
export function buildFinish(
  steps: readonly RawStep[],
  node: Node | undefined,
  context: WordsContext,
): FinishStep[] {
  const targets = new Set<string>();
  return steps.flatMap((step, index) => {
    const at = node?.kind === "list" ? node.items[index] : undefined;
    const [kind] = Object.keys(step);
    const inner = at === undefined || kind === undefined ? undefined : child(at, kind);
    const built = inner === undefined ? null : buildStep(step, inner, context);
    if (built === null || inner === undefined) return [];
    if ("to" in built)
      checkTarget(built.to, child(inner, "to")?.place ?? inner.place, targets, context);
    return [built];
  });
}

function buildStep(step: RawStep, node: Node, context: WordsContext): FinishStep | null {
  const { video, tiles, sheet, command } = step;
  if (video !== undefined) {
    checkBy(video.by, node, true, context);
    const [width = 0, height = 0] = video.size.split("x").map(Number);
    checkVideo(video.to, width, height, node, context);
    return {
      kind: "video",
      frames: fileTemplate(child(node, "frames"), context),
      by: video.by,
      fps: video.fps,
      width,
      height,
      to: video.to,
      keepFrames: video["keep-frames"],
      allowMissing: video["allow-missing"],
    };
  }
  if (tiles !== undefined) {
    if (tiles.by !== undefined) checkBy(tiles.by, node, false, context);
    const files = fileTemplate(child(node, "files"), context);
    return { kind: "tiles", files, by: tiles.by ?? null, to: tiles.to };
  }
  if (sheet !== undefined) {
    const label = child(node, "label");
    return {
      kind: "sheet",
      images: fileTemplate(child(node, "images"), context),
      label: isScalar(label) ? readTemplate(wholePiece(label), POINT_SCOPES, context) : null,
      columns: sheet.columns ?? null,
      to: sheet.to,
    };
  }
  if (command !== undefined) {
    const [entrypoint, words] = [child(node, "entrypoint"), child(node, "command")];
    return {
      kind: "command",
      image: command.image ?? null,
      entrypoint:
        entrypoint === undefined ? null : readWords(entrypoint, context).map(({ text }) => text),
      command: words === undefined ? [] : readCommand(words, ["folders"], context),
      network: command.network,
    };
  }
  return null;
}

function fileTemplate(node: Node | undefined, context: WordsContext) {
  if (!isScalar(node)) return { source: "", parts: [] };
  const problem = relativeProblem(node.text);
  if (problem !== null) context.report.error(node.place, `${node.text} ${problem}`);
  return readTemplate(wholePiece(node), POINT_SCOPES, context);
}

/** Why a path does not stay below the folder it is relative to, or null where it does. */
export function relativeProblem(path: string): string | null {
  if (path.startsWith("/")) return "is absolute, and only relative paths go here";
  if (path.split("/").includes("..")) return "holds .. steps";
  if (path.includes("\\")) return "holds a backslash: write /";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) return "holds a control character";
  return null;
}

function checkBy(by: string, node: Node, numeric: boolean, context: WordsContext): void {
  const { kinds, report } = context;
  const place = child(node, "by")?.place ?? node.place;
  const known = kinds?.get(by);
  if (kinds === null) return;
  if (known === undefined) {
    report.error(
      place,
      `there is no parameter ${by}`,
      suggestion(by, [...kinds.keys()], "parameters"),
    );
    return;
  }
  if (numeric && known.other !== null) {
    const found = JSON.stringify(known.other);
    report.error(place, `frames are numbered by a numeric parameter, and ${by} can be ${found}`);
  }
  const lacking = context.lacking(by);
  if (lacking === null) return;
  const { message, hint } = lackingProblem(by, lacking, context);
  report.error(place, message, hint);
}

function checkVideo(
  to: string,
  width: number,
  height: number,
  node: Node,
  { report }: WordsContext,
): void {
  if (!/\.(?:mp4|webm|gif)$/.test(to)) {
    report.error(
      child(node, "to")?.place ?? node.place,
      `expected a file name that ends in .mp4, .webm or .gif, got ${JSON.stringify(to)}`,
    );
  } else if (!to.endsWith(".gif") && (width % 2 !== 0 || height % 2 !== 0)) {
    report.error(
      child(node, "size")?.place ?? node.place,
      `expected an even width and height, got ${width}x${height}`,
      "the video's colours are stored for 2 by 2 pixels; a .gif may have any size",
    );
  }
}

function checkTarget(
  to: string,
  place: Place,
  targets: Set<string>,
  { report }: WordsContext,
): void {
  const problem =
    relativeProblem(to) ?? (/^[^<>:"|?*]+[^/]$/.test(to) ? null : "is no safe file name");
  if (problem !== null)
    report.error(place, `${to} ${problem}`, "it goes below the run folder's finish/");
  else if (targets.has(to))
    report.error(place, `another step writes ${to} already`, "name it otherwise with `to`");
  targets.add(to);
}

/** Texts of steps that hold no placeholders, with their paths. */
export function plainTexts(node: Node | undefined): { path: string; text: ScalarNode }[] {
  if (node?.kind !== "list") return [];
  return node.items.flatMap((item, index) =>
    ["video", "tiles", "sheet", "command"].flatMap((kind) =>
      ["to", "image", "entrypoint"].flatMap((key) => {
        const held = nodeAt(item, [kind, key]);
        const texts = held?.kind === "list" ? held.items : [held ?? undefined];
        const path = pathText(["finish", index, kind, key]);
        return texts.filter(isScalar).map((text) => ({ path, text }));
      }),
    ),
  );
}
