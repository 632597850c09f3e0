/**
 * Bundles the client of the report into one script, and prints where it is: in node_modules/.cache,
 * or in the file that is named. Does nothing where that is newer than all it is made of.
 */
import { globSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { rolldown } from "rolldown";
import { repository } from "./action-files.ts";
import { licensesOf } from "./bundle-licenses.ts";

export interface ReportClient {
  /** Begins with the licences of the packages in it, since it travels in every report. */
  readonly code: string;
  /** Absolute paths. */
  readonly modules: readonly string[];
}

/** Bundles `src/report/client`. The same sources and packages give the same text. */
export async function bundleReport(): Promise<ReportClient> {
  await using bundle = await rolldown({
    cwd: repository,
    input: "src/report/client/main.ts",
    platform: "browser",
    tsconfig: false,
    transform: { target: "es2023" },
    onLog(_level, log) {
      throw new Error(log.message);
    },
  });
  const { output } = await bundle.generate({ format: "iife", minify: true, comments: false });
  const [chunk, ...others] = output;
  if (others.length > 0) throw new Error("the report's client is no single script");
  const modules = Object.keys(chunk.modules);
  const licenses = licensesOf(modules).replaceAll("*/", "* /").trimEnd();
  return { code: `/*\n${licenses}\n*/\n${chunk.code.trimEnd()}\n`, modules };
}

/** Writes it where that is older than what it is made of. */
async function update(path: string): Promise<void> {
  const sources = globSync(["src/report/**/*.ts", "scripts/bundle-*.ts", "package-lock.json"], {
    cwd: repository,
  });
  const time = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (sources.every((source) => time(join(repository, source)) < time(path))) return;
  const { code } = await bundleReport();
  mkdirSync(dirname(path), { recursive: true });
  // Two may do this at the same time.
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, code);
  renameSync(partial, path);
}

if (import.meta.main) {
  const [named = join(repository, "node_modules/.cache/sim-pipeline/report-client.js")] =
    process.argv.slice(2);
  const path = resolve(named);
  await update(path);
  process.stdout.write(`${path}\n`);
}
