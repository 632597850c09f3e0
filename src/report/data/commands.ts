import type { RunRequest } from "../../results/request.ts";
import type { SweepRequest } from "../../sweep/sweep.ts";
import type { CommandData, ExecutionData } from "../document.ts";
import { shellWord } from "../shell-word.ts";

/** Where a run folder does not tell: made by a program, or by an older version. */
const UNKNOWN: Omit<RunRequest, "out"> = {
  path: "sweep.yaml",
  params: [],
  set: [],
  allowOutside: false,
};

/** A run, as much of it as the commands that make it again need. */
export interface Asked {
  /** The run folder's name. */
  readonly folder: string;
  readonly request: RunRequest | null;
  /** The last start. */
  readonly last: Pick<ExecutionData, "engine" | "image"> | null;
  readonly failed: number;
}

/** How to make a run again: by its last start. */
export function commandData(asked: Asked): CommandData[] {
  const again = wholeRun(asked);
  const out = runFolderPath(asked);
  return [
    {
      title: "The whole sweep, from the start, into a folder of its own",
      text: `${again} --out runs/again`,
    },
    ...(asked.failed > 0
      ? [
          {
            title: "Only the points that failed, in this folder",
            text: `${again} ${line("--out", out)} --resume failed`,
          },
        ]
      : []),
    { title: "What one point printed", text: `${line("sim-pipeline", "logs", out)} POINT` },
    {
      title: "This report anew, and compared with another run",
      text: `${line("sim-pipeline", "report", out)}\n${line("sim-pipeline", "report", out, "runs/again")}`,
    },
  ];
}

/** The command that runs the whole sweep of a run, but for the folder. */
export function wholeRun({ request, last }: Pick<Asked, "request" | "last">): string {
  return line("sim-pipeline", "run", ...runWords(request ?? UNKNOWN, last));
}

/** Where the run folder is, from the folder that the run was started in. */
export function runFolderPath({ folder, request }: Pick<Asked, "folder" | "request">): string {
  const out = request?.out ?? "";
  // It may have been moved, or come from another machine.
  return out.split(/[/\\]/).at(-1) === folder ? out : `runs/${folder}`;
}

/**
 * The words that run one point alone, but for its parameters, which replace all others. What the
 * sweep includes besides would run too.
 */
export function pointCommand({ request, last }: Pick<Asked, "request" | "last">): string[] {
  const words = runWords({ ...(request ?? UNKNOWN), params: [] }, last);
  return ["sim-pipeline", "run", ...words, "--set", "include=[]", "--out", "runs/one-point"];
}

/** The arguments of `run` that ask for the same again: the sweep, its overrides, what runs it. */
export function runWords(
  { path, params, set, allowOutside }: SweepRequest,
  last: Asked["last"],
): string[] {
  const named = set.some((text) => text.startsWith("image="));
  return [
    path,
    ...params.flatMap((param) => ["--param", param]),
    ...set.flatMap((text) => ["--set", text]),
    ...(allowOutside ? ["--allow-outside"] : []),
    ...(last === null ? [] : engineFlags(last, named)),
  ];
}

function line(...words: string[]): string {
  return words.map(shellWord).join(" ");
}

function engineFlags({ engine, image }: NonNullable<Asked["last"]>, named: boolean): string[] {
  if (engine === "process") return ["--engine", "process"];
  return named ? [] : imageFlags(image);
}

/** What names the image of a run again. One that was built has no name but its digest, in brackets. */
function imageFlags(image: string): string[] {
  if (image === "") return [];
  return /\s/.test(image) ? ["--build"] : ["--set", `image=${image}`];
}
