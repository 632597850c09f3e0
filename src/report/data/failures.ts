import { relative, sep } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { RunFolder } from "../../results/folder.ts";
import { attemptLogs, size } from "../../results/logs.ts";
import { allFailures } from "../../results/status.ts";
import { addressOf } from "../address.ts";
import type { FailureData } from "../document.ts";
import { clean, cut } from "../markdown.ts";
import { logEnd } from "./log-end.ts";

/** Points that are listed, and of these the first with their logs. */
const LISTED = 1000;
const WITH_LOG = 100;

/** The first points that ended without success, with the ends of their logs. */
export function failureData(database: DatabaseSync, folder: RunFolder): FailureData[] {
  const failures: FailureData[] = [];
  for (const { index, name, status, reason } of allFailures(database)) {
    if (failures.length === LISTED) break;
    const attempts = attemptLogs(database, folder, index);
    const last = attempts.at(-1);
    const there = last !== undefined && size(last.path) !== null;
    const end =
      there && failures.length < WITH_LOG ? logEnd(last.path, last.start, last.end) : null;
    failures.push({
      name,
      status,
      reason: reason === null ? null : cut(clean(reason), 1000),
      attempts: last?.attempt ?? 0,
      href: there ? addressOf(relative(folder.root, last.path).replaceAll(sep, "/")) : null,
      log: end?.text ?? null,
      cut: end?.cut ?? 0,
    });
  }
  return failures;
}
