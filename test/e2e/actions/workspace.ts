/** A checkout with a sweep in it, and the jobs of a workflow run over it. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";

export interface Workspace {
  readonly folder: string;
  /** Where simulations of the process engine leave marks for the test. */
  readonly marks: string;
  /** Resolves when a simulation has made this mark. */
  marked(name: string): Promise<void>;
  /** Makes a mark that simulations look for. */
  mark(name: string): void;
}

/** Writes `sweep.yaml`, whose process is this shell script with the point in its variables. */
export function workspace(
  script: string,
  sweep: Readonly<Record<string, unknown>> = {},
): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-workspace-"));
  const marks = mkdtempSync(join(tmpdir(), "sim-pipeline-marks-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(marks, { recursive: true, force: true });
  });
  const whole = {
    name: "trial",
    parameters: { i: { range: "1-6" } },
    "point-name": "p{{ i }}",
    process: ["sh", "simulate.sh"],
    command: ["{{ i }}"],
    env: { MARKS: marks },
    workers: 1,
    ...sweep,
  };
  mkdirSync(join(folder, "sweeps"));
  writeFileSync(join(folder, "sweeps/sweep.yaml"), stringify(whole));
  writeFileSync(join(folder, "sweeps/simulate.sh"), script);
  return {
    folder,
    marks,
    async marked(name) {
      // The watch is on before the first look, so that no mark comes unseen.
      const changes = watch(marks, { signal: AbortSignal.timeout(60_000) });
      const seen = changes[Symbol.asyncIterator]();
      writeFileSync(join(marks, `waiting-for-${name}`), "");
      for (;;) {
        const { value } = await seen.next();
        if (value === undefined) throw new Error(`nobody watches ${marks} any more`);
        if (existsSync(join(marks, name))) break;
      }
      await seen.return?.();
    },
    mark(name) {
      writeFileSync(join(marks, name), "");
    },
  };
}
