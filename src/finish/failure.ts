/** Why a finish step could not be done: its message is for people, and is the step's reason. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
}

/** What is wrong with a picture file; the message reads on after its name: "is cut short". */
export class PictureProblem extends Error {
  override readonly name = "PictureProblem";
}

/** At most this many things are named one by one. */
const MAX_NAMED = 10;

/** The first few of many lines, and how many more there are. */
export function shortList(lines: readonly string[]): string {
  const more = lines.length - MAX_NAMED;
  const named = lines.slice(0, MAX_NAMED).map((line) => `  ${line}`);
  return [...named, ...(more > 0 ? [`  and ${more} more like these`] : [])].join("\n");
}
