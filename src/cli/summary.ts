import { join } from "node:path";
import { isDeepStrictEqual, styleText } from "node:util";
import { costText } from "../report/cost.ts";
import { counted, duration, grouped, shortPath } from "../report/units.ts";
import type { Failure, Remarks } from "../results/failures.ts";
import type { RunCost } from "../results/machines.ts";
import { tally } from "../results/rows.ts";
import type { RunSummary } from "../run/summary.ts";
import { STATUSES, type Status } from "../sweep/sweep.ts";
import { harmless, harmlessText } from "./output.ts";
import { finishLine } from "./progress.ts";

/** How the statuses look, on the stream that they are written to. */
export function statusStyle(status: Status, text: string, stream: NodeJS.WriteStream): string {
  const style =
    status === "succeeded"
      ? "green"
      : status === "pending" || status === "running"
        ? "cyan"
        : status === "cancelled"
          ? "yellow"
          : "red";
  return styleText(style, text, { stream });
}

/** Whether every point and every finish step succeeded. */
export function isWhole({ counts, finish }: RunSummary): boolean {
  return (
    counts.succeeded === tally(counts).points &&
    finish.every(({ status }) => status === "succeeded")
  );
}

/** A table of the statuses that any point has. */
export function statusTable(
  counts: Readonly<Record<Status, number>>,
  cached: number,
  stream: NodeJS.WriteStream,
): string[] {
  const shown = STATUSES.filter((status) => counts[status] > 0);
  const width = Math.max(0, ...shown.map((status) => grouped(counts[status]).length));
  return shown.map((status) => {
    const count = grouped(counts[status]).padStart(width);
    const note =
      status === "succeeded" && cached > 0 ? `  (${grouped(cached)} from earlier runs)` : "";
    return `  ${statusStyle(status, status.padEnd(10), stream)} ${count}${note}`;
  });
}

/** What `run` says at its end; `remedy` is for points that did not end. */
export function summaryText(
  summary: RunSummary,
  remedy = "the same command runs what is missing",
): string {
  const { counts, failures, folder } = summary;
  const { points, failed } = tally(counts);
  const stream = process.stderr;
  const lines = [
    `${counts.succeeded === points ? "All" : `${grouped(counts.succeeded)} of`} ` +
      `${counted(points, "point")} succeeded, in ${duration(summary.seconds)} (${summary.engine})`,
    ...statusTable(counts, summary.cached, stream),
  ];
  if (summary.stopped !== null) lines.push("", harmless(summary.stopped));
  failures.forEach((failure, i) => {
    lines.push("", ...failureLines(failure, failures[i - 1]?.lastLines ?? []));
  });
  lines.push(...remarkLines(summary.remarks));
  for (const step of summary.finish) {
    if (step.status === "succeeded") continue;
    const log = step.log === null ? [] : [`  log: ${shortPath(join(folder, step.log))}`];
    lines.push("", `finish step ${step.index + 1}, ${harmlessText(finishLine(step))}`, ...log);
  }
  if (failed > failures.length) {
    const more = counted(failed - failures.length, "more failed point");
    lines.push("", `${more}: sim-pipeline status ${shortPath(folder)} --failed`);
  }
  const [table] = summary.exports;
  lines.push(
    "",
    ...(table === undefined ? [] : [`results  ${summary.exports.map(shortPath).join(", ")}`]),
    `outputs  ${shortPath(join(folder, "points"))}`,
    `logs     ${shortPath(join(folder, "logs"))}`,
  );
  const made = summary.finish.flatMap(({ files }) => files ?? []);
  if (made.length > 0) {
    const paths = made.slice(0, 5).map(({ path }) => shortPath(join(folder, "finish", path)));
    const more = made.length > 5 ? [`${grouped(made.length - 5)} more`] : [];
    lines.push(`finish   ${[...paths, ...more].join(", ")}`);
  }
  if (summary.cost !== null) lines.push(`cost     ${costLine(summary.cost)}`);
  if (summary.report !== null) lines.push(`report   ${shortPath(summary.report)}`);
  else if (summary.interrupted !== null) {
    lines.push(`report   sim-pipeline report ${shortPath(folder)} makes it of what finished`);
  }
  if (counts.pending + counts.cancelled > 0) {
    const rest = counted(counts.pending + counts.cancelled, "point");
    lines.push("", `${rest} did not end: ${remedy}.`);
  }
  return lines.join("\n");
}

/** What machines cost, and whether that is all. */
export function costLine(cost: RunCost): string {
  const rest = cost.open ? ", and not given back yet: `sim-pipeline machines ls`" : "";
  return `${costText(cost)}${rest}`;
}

/** Points that succeeded with something to say. */
function remarkLines({ count, first }: Remarks): string[] {
  if (count === 0) return [];
  const more = count > first.length ? [`  and ${grouped(count - first.length)} more`] : [];
  return [
    "",
    `${counted(count, "point")} succeeded with a remark:`,
    ...first.map(({ name, reason }) => `  ${name}: ${harmless(reason)}`),
    ...more,
  ];
}

/** A failed point with the end of its log, unless that is what was shown `before`. */
function failureLines(failure: Failure, before: readonly string[]): string[] {
  const { name, status, reason, log, lastLines } = failure;
  const same = before.length > 0 && isDeepStrictEqual(before, lastLines);
  return [
    `${name} ${statusStyle(status, status, process.stderr)}${reason === null ? "" : `: ${harmless(reason)}`}`,
    ...(same ? ["  (the same lines)"] : lastLines.map((line) => `  | ${harmless(line)}`)),
    ...(log === null ? [] : [`  log: ${shortPath(log)}`]),
  ];
}
