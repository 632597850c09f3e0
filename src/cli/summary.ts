import { join } from "node:path";
import { styleText } from "node:util";
import type { RunSummary } from "../run/summary.ts";
import { STATUSES, type Status } from "../sweep/sweep.ts";
import { harmless } from "./output.ts";
import { counted, duration, grouped } from "./units.ts";

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

/** What `run` says at its end; `shown` makes a path as short as it may be. */
export function summaryText(summary: RunSummary, shown: (path: string) => string): string {
  const { counts, failures, folder } = summary;
  const points = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  const stream = process.stderr;
  const lines = [
    `${counts.succeeded === points ? "All" : `${grouped(counts.succeeded)} of`} ` +
      `${counted(points, "point")} succeeded, in ${duration(summary.seconds)} (${summary.engine})`,
    ...statusTable(counts, summary.cached, stream),
  ];
  if (summary.stopped !== null) lines.push("", harmless(summary.stopped));
  for (const failure of failures) {
    const reason = failure.reason === null ? "" : `: ${harmless(failure.reason)}`;
    lines.push(
      "",
      `${failure.name} ${statusStyle(failure.status, failure.status, stream)}${reason}`,
    );
    lines.push(...failure.lastLines.map((line) => `  | ${harmless(line)}`));
    if (failure.log !== null) lines.push(`  log: ${shown(failure.log)}`);
  }
  const badly = points - counts.succeeded - counts.pending - counts.running - counts.cancelled;
  if (badly > failures.length) {
    const more = counted(badly - failures.length, "more failed point");
    lines.push("", `${more}: sim-pipeline status ${shown(folder)} --failed`);
  }
  const [table] = summary.exports;
  lines.push(
    "",
    ...(table === undefined ? [] : [`results  ${summary.exports.map(shown).join(", ")}`]),
    `outputs  ${shown(join(folder, "points"))}`,
    `logs     ${shown(join(folder, "logs"))}`,
  );
  if (counts.pending + counts.cancelled > 0) {
    const rest = counted(counts.pending + counts.cancelled, "point");
    lines.push("", `${rest} did not end: the same command runs what is missing.`);
  }
  return lines.join("\n");
}
