/** Bundles the client of the report into one script. */
import { globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("..", import.meta.url));

export interface ReportClient {
  /** Begins with the licences of the packages in it, since it travels in every report. */
  readonly code: string;
  /** Absolute paths. */
  readonly modules: readonly string[];
}

/** Bundles `src/report/client`. The same sources and packages give the same text. */
export async function bundleReport(): Promise<ReportClient> {
  // Most of the time nothing is to be bundled.
  const { rolldown } = await import("rolldown");
  const { licensesOf } = await import("./bundle-licenses.ts");
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

const CACHE = join(repository, "node_modules/.cache/sim-pipeline/report-client.js");

/**
 * The client as a checkout runs it: bundled again where the last time was before a change of what
 * it is made of.
 */
export async function currentClient(): Promise<string> {
  const sources = globSync(["src/report/**/*.ts", "scripts/bundle-*.ts", "package-lock.json"], {
    cwd: repository,
  });
  const time = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const last = time(CACHE);
  if (sources.every((source) => time(join(repository, source)) < last)) {
    return readFileSync(CACHE, "utf8");
  }
  const { code } = await bundleReport();
  mkdirSync(dirname(CACHE), { recursive: true });
  // Two may do this at the same time.
  const partial = `${CACHE}.${process.pid}`;
  writeFileSync(partial, code);
  renameSync(partial, CACHE);
  return code;
}
