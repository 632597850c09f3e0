import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { readEnvironment } from "./environment.ts";
import { type Report, reportText } from "./report.ts";

/** Where things lie that are made once: outside the clone, and safe to delete. */
export const CACHE = join(tmpdir(), "sim-pipeline-bench");

export interface Bench {
  readonly rounds: number;
  /** An empty folder, removed at the end. */
  readonly folder: string;
  /** Tells of the progress, on standard error. */
  say(text: string): void;
}

export type Findings = Pick<Report, "series" | "goals"> &
  Partial<Pick<Report, "skipped" | "notes">>;

/**
 * Runs one file of this folder: reads its flags (`--rounds N`, `--json`), measures, and prints the
 * report on standard output.
 */
export async function bench(
  title: string,
  defaults: { readonly rounds: number },
  measure: (self: Bench) => Promise<Findings>,
): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: "string" }, json: { type: "boolean", default: false } },
  });
  const rounds = values.rounds === undefined ? defaults.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds ${values.rounds}: expected a whole number from 1`);
  }
  const name = basename(process.argv[1] ?? "", ".ts");
  const environment = readEnvironment();
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, `${name}-`));
  try {
    const say = (text: string) => void process.stderr.write(`  ${name}: ${text}\n`);
    const found = await measure({ rounds, folder, say });
    const report: Report = { name, title, environment, rounds, skipped: [], notes: [], ...found };
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${reportText(report)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
