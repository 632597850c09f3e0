/** What a workflow left behind, as a user downloads it. */

import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { artifactStore } from "../../../src/github/artifacts.ts";
import { becomeJob, captureLog, noJob } from "../../github/job.ts";
import type { GitHub } from "../../lab/github/server.ts";
import type { Run } from "../../lab/github/state.ts";

export interface Results extends AsyncDisposable {
  readonly folder: string;
  /** results.csv: its columns, and a row each, sorted by name. */
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Downloads the newest artifact of a name that a run's newest attempt sees. */
export async function downloadResults(github: GitHub, run: Run, name: string): Promise<Results> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-results-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  captureLog();
  try {
    const store = artifactStore(becomeJob(await github.env(run)), run.token);
    const found = (await store.list()).findLast((artifact) => artifact.name === name);
    if (found === undefined) throw new Error(`there is no artifact ${name}`);
    await store.download(found, folder);
  } finally {
    noJob();
    vi.restoreAllMocks();
  }
  const [header = "", ...lines] = readFileSync(join(folder, "results.csv"), "utf8")
    .trimEnd()
    .split("\n");
  const columns = header.split(",");
  const rows = lines
    .map((line) => line.split(","))
    .map((cells) => Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ""])))
    .toSorted((a, b) => (a.name ?? "").localeCompare(b.name ?? ""));
  const owned = cleanup.move();
  return { folder, columns, rows, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
