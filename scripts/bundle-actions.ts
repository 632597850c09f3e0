import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Plugin, rolldown } from "rolldown";
import { repository } from "./action-files.ts";
import { licensesOf } from "./bundle-licenses.ts";

export interface Chunk {
  /** Relative to the bundles' folder. */
  readonly file: string;
  readonly bytes: number;
  /** Other chunks that are loaded with this one. */
  readonly imports: readonly string[];
}

/**
 * Parts of packages that the bundles do without: ssh2 has JavaScript for what its native modules
 * do, and tries them first; dockerode's BuildKit session, which needs all of gRPC, is for builds by
 * its own API, which ours are not.
 */
const leftOut: Plugin = {
  name: "left-out",
  resolveId(id, importer) {
    if (id === "cpu-features" || id.endsWith(".node")) return "\0left-out";
    if (id === "./session" && importer?.endsWith("/dockerode/lib/docker.js")) return "\0no-session";
    return null;
  },
  load(id) {
    if (id === "\0left-out") return 'throw new Error("not in the bundle");';
    if (id === "\0no-session") {
      return 'module.exports = () => { throw new Error("BuildKit sessions are not in the bundle"); };';
    }
    return null;
  },
};

/**
 * Bundles scripts, by name, into `folder`, which is emptied first. The same sources and packages give the
 * same bytes. Names and lines are kept, so that a stack trace can be read.
 */
export async function bundleActions(
  folder: string,
  entries: Readonly<Record<string, string>>,
): Promise<Chunk[]> {
  await using bundle = await rolldown({
    cwd: repository,
    input: entries,
    platform: "node",
    tsconfig: false,
    transform: {
      target: "node24",
      // CommonJS modules may look for files beside themselves; ESM has no such variables.
      define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
    },
    // Without this, all of undici comes with the function that prints a warning.
    treeshake: {
      moduleSideEffects: [
        { test: /\/node_modules\/@actions\/(core|exec|http-client|io)\//, sideEffects: false },
      ],
    },
    plugins: [leftOut],
    onLog(_level, log) {
      throw new Error(log.message);
    },
  });
  const { output } = await bundle.write({
    dir: folder,
    cleanDir: true,
    format: "esm",
    chunkFileNames: "chunks/[name]-[hash].js",
    minify: "dce-only",
    comments: false,
  });
  const chunks = output.filter((one) => one.type === "chunk");
  const modules = chunks.flatMap((chunk) => Object.keys(chunk.modules));
  writeFileSync(join(folder, "licenses.txt"), licensesOf(modules));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  return chunks.map((chunk) => ({
    file: chunk.fileName,
    bytes: Buffer.byteLength(chunk.code),
    imports: chunk.imports.filter((file) => chunks.some((other) => other.fileName === file)),
  }));
}

/** The bytes that Node reads to start a chunk: its own and those of all it imports. */
export function startBytes(chunks: readonly Chunk[], file: string): number {
  const needed = new Set([file]);
  for (const name of needed) {
    for (const next of chunks.find((chunk) => chunk.file === name)?.imports ?? []) needed.add(next);
  }
  return chunks
    .filter((chunk) => needed.has(chunk.file))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}
