import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { openDatabase, transaction } from "../../src/results/database.ts";
import { createRunFolder, type RunFolder, runFolder } from "../../src/results/folder.ts";
import type { Status } from "../../src/sweep/sweep.ts";

/** A point of a made run; what is left out is as in a point that succeeded. */
export interface ReportPoint {
  readonly name: string;
  readonly status?: Status;
  readonly key?: string;
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly metrics?: Readonly<Record<string, string | number | boolean | null>> | null;
  readonly reason?: string | null;
  /** Names of pictures among its outputs, which are written. */
  readonly pictures?: readonly string[];
  /** What its last attempt printed. */
  readonly log?: string;
  readonly attempts?: number;
  readonly seconds?: number;
  readonly cached?: boolean;
  readonly command?: readonly string[];
}

export interface ReportRun {
  readonly points: readonly ReportPoint[];
  /** The run folder's name; default `made`. */
  readonly folder?: string;
  /** Where the run folder is made; default: a temporary folder of its own. */
  readonly parent?: string;
  readonly engine?: string;
  readonly image?: string;
  readonly identity?: string;
  readonly workers?: number;
}

const START = 1_800_000_000;

/** A run folder with what a report shows, in a temporary folder until disposed. */
export function makeReportRun(run: ReportRun): RunFolder & Disposable {
  const { points, engine = "docker", image = "ghcr.io/org/made:1", workers = 2 } = run;
  const { identity = "sha256:11" } = run;
  const own = run.parent === undefined ? mkdtempSync(join(tmpdir(), "sim-pipeline-report-")) : null;
  const folder = runFolder(join(run.parent ?? own ?? "", run.folder ?? "made"));
  createRunFolder(folder);
  using database = openDatabase(folder);
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  const length = points.reduce((sum, { seconds = 1 }) => sum + seconds, 0) / workers;
  const point = database.prepare(
    `INSERT INTO points (idx, name, key, status, cached, exit_code, attempts, seconds, cpu_seconds,
       peak_memory, reason, parameters, ordinal, common, document, metrics, files, todo)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1048576, ?, ?, 0, 1, ?, ?, ?, 0)`,
  );
  const attempt = database.prepare(
    `INSERT INTO attempts (task, key, name, attempt, execution, worker, folder, outputs, protocol,
       status, started, seconds) VALUES (?, ?, ?, ?, 1, ?, '', '[]', 'single', ?, ?, ?)`,
  );
  const free = Array.from({ length: workers }, () => START);
  transaction(database, () => {
    database.prepare("INSERT INTO run VALUES ('abcdefghij', 'made', ?)").run(iso(START));
    database
      .prepare(
        `INSERT INTO executions (started, ended, pid, host, engine, image, identity, workers)
         VALUES (?, ?, 1, 'here', ?, ?, ?, ?)`,
      )
      .run(iso(START), iso(START + length), engine, image, identity, workers);
    database
      .prepare("INSERT INTO commons (id, document) VALUES (1, ?)")
      .run(JSON.stringify({ image: identity, network: "none", version: 1 }));
    for (const [index, one] of points.entries()) {
      const { name, status = "succeeded", parameters = {}, seconds = 1, attempts = 1 } = one;
      const { key = `key-${name}`, command = [] } = one;
      const files = writePictures(folder, one, index);
      const succeeded = status === "succeeded";
      point.run(
        index,
        name,
        key,
        status,
        one.cached === true ? 1 : 0,
        succeeded ? 0 : 1,
        attempts,
        seconds,
        seconds / 2,
        one.reason ?? null,
        JSON.stringify(parameters),
        JSON.stringify({ command, ordinal: 0, parameters }),
        one.metrics == null ? null : JSON.stringify(one.metrics),
        succeeded ? JSON.stringify(files) : null,
      );
      for (let n = 1; n <= attempts; n++) {
        const worker = index % workers;
        const started = free[worker] ?? START;
        free[worker] = started + seconds;
        const ended = n < attempts ? "failed" : status;
        attempt.run(`t${index}-${n}`, key, name, n, worker, ended, started, seconds);
      }
      if (one.log !== undefined) {
        mkdirSync(join(folder.logs, name), { recursive: true });
        writeFileSync(join(folder.logs, name, `${attempts}.txt`), one.log);
      }
    }
  });
  return {
    ...folder,
    [Symbol.dispose]: () => rmSync(own ?? folder.root, { recursive: true, force: true }),
  };
}

function writePictures({ points }: RunFolder, { name, pictures = [] }: ReportPoint, index: number) {
  return pictures.map((path) => {
    const [width, height] = [48, 32];
    const data = Uint8Array.from(
      { length: width * height * 3 },
      (_, i) => (i * 7 + index * 31) % 256,
    );
    const bytes = encode({ width, height, data, channels: 3, depth: 8 });
    mkdirSync(join(points, name), { recursive: true });
    writeFileSync(join(points, name, path), bytes);
    return { path, size: bytes.length, sha256: `${index}`.padStart(64, "0") };
  });
}

/** A training of 3 rates, 2 optimizers and some seeds, each with a metric that both decide. */
export function training(
  seeds: number,
  change: (point: ReportPoint) => ReportPoint = (one) => one,
) {
  const points: ReportPoint[] = [];
  for (const rate of [0.001, 0.01, 0.1]) {
    for (const optimizer of ["adam", "sgd"]) {
      for (let seed = 1; seed <= seeds; seed++) {
        const loss = Math.abs(Math.log10(rate) + 2) + (optimizer === "adam" ? 0 : 0.5) + seed / 1e5;
        const parameters = { rate, optimizer, seed };
        points.push(
          change({ name: `r${rate}-${optimizer}-s${seed}`, parameters, metrics: { loss } }),
        );
      }
    }
  }
  return points;
}
