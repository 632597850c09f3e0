import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { finishSteps } from "../../results/finish.ts";
import type { RunFolder } from "../../results/folder.ts";
import { addressOf } from "../address.ts";
import type { FinishData } from "../document.ts";
import { clean, cut } from "../markdown.ts";
import { logEnd } from "./log-end.ts";

/** Files of one step that are shown. */
const FILES = 200;

/** The finish steps of a run, with what they made and the logs of those that failed. */
export function finishData(database: DatabaseSync, folder: RunFolder): FinishData[] {
  return finishSteps(database).map(({ kind, status, cached, seconds, reason, files, log }) => {
    const path = log === null ? null : join(folder.root, log);
    const isFailed = status !== "succeeded" && path !== null && existsSync(path);
    return {
      kind,
      status,
      cached,
      seconds,
      reason: reason === null ? null : cut(clean(reason), 1000),
      files: (files ?? []).slice(0, FILES).map(({ path, size }) => ({ path, size })),
      moreFiles: Math.max(0, (files?.length ?? 0) - FILES),
      log: isFailed ? logEnd(path).text : null,
      href: log === null ? null : addressOf(log),
    };
  });
}
