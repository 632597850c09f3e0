import type { CommandData, ExecutionData } from "../document.ts";
import { shellWord } from "../shell-word.ts";

const SWEEP = "sweep.yaml";

/** How to make a run again: by its last start. `folder` is the run folder's name. */
export function commandData(
  folder: string,
  last: ExecutionData | null,
  failed: number,
): CommandData[] {
  const line = (...words: string[]) => ["sim-pipeline", ...words].map(shellWord).join(" ");
  const out = `runs/${folder}`;
  const again = line("run", SWEEP, ...engineFlags(last));
  const rest = `${again} ${["--out", out].map(shellWord).join(" ")}`;
  return [
    {
      title: "The whole sweep, from the start, into a folder of its own",
      text: `${again} --out runs/again`,
    },
    ...(failed > 0
      ? [{ title: "Only the points that failed, in this folder", text: `${rest} --resume failed` }]
      : []),
    { title: "What one point printed", text: `${line("logs", out)} POINT` },
    {
      title: "This report anew, and compared with another run",
      text: `${line("report", out)}\n${line("report", out, "runs/again")}`,
    },
  ];
}

/** The words that run one point alone, but for its parameters. */
export function pointCommand(last: ExecutionData | null): string[] {
  return ["sim-pipeline", "run", SWEEP, ...engineFlags(last), "--out", "runs/one-point"];
}

function engineFlags(last: ExecutionData | null): string[] {
  if (last === null) return [];
  if (last.engine === "process") return ["--engine", "process"];
  return imageFlags(last.image);
}

/** What names the image of a run again. One that was built has no name but its digest, in brackets. */
export function imageFlags(image: string): string[] {
  if (image === "") return [];
  return /\s/.test(image) ? ["--build"] : ["--set", `image=${image}`];
}
