import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Plugin, rolldown } from "rolldown";
import { repository } from "./action-files.ts";
import { licensesOf } from "./bundle-licenses.ts";
import { bundleReport, type ReportClient } from "./bundle-report.ts";

export interface Chunk {
  /** Relative to the bundles' folder. */
  readonly file: string;
  readonly bytes: number;
  /** Other chunks that are loaded with this one. */
  readonly imports: readonly string[];
}

/** Parts of packages that the bundles do without, by what imports them. */
const LEFT_OUT: readonly { importer: RegExp; id: RegExp; code: string }[] = [
  // ssh2 has JavaScript for what its native modules do, and tries these first.
  { importer: /\/ssh2\/lib\//, id: /^cpu-features$|\.node$/, code: 'throw new Error("left out");' },
  // Native too, and absent with us: for a proxy that wants Kerberos, which is told so.
  {
    importer: /\/proxy-agent-negotiate\//,
    id: /^kerberos$/,
    code: 'throw new Error("the package kerberos is not in the bundle");',
  },
  // All of gRPC comes with it, and our builds open no session: src/images/build.ts.
  {
    importer: /\/dockerode\/lib\/docker\.js$/,
    id: /^\.\/session$/,
    code: 'module.exports = () => { throw new Error("BuildKit sessions are left out"); };',
  },
  // It names no licence. Of `binary`, unzip-stream calls `parse` only, which does without it.
  {
    importer: /\/binary\/index\.js$/,
    id: /^buffers$/,
    code: 'module.exports = () => { throw new Error("the package buffers is left out"); };',
  },
];

const leftOut: Plugin = {
  name: "left-out",
  resolveId(id, importer = "") {
    const found = LEFT_OUT.findIndex((part) => part.importer.test(importer) && part.id.test(id));
    return found === -1 ? null : `\0left-out/${found}`;
  },
  load(id) {
    const [, found] = id.split("\0left-out/");
    return found === undefined ? null : (LEFT_OUT[Number(found)]?.code ?? null);
  },
};

const CLIENT = "\0report-client";

/**
 * Makes of src/report/client-script.ts, which looks for a file, a module with the text itself: a
 * chunk that is loaded when a report is written.
 */
const withClient = ({ code }: ReportClient): Plugin => ({
  name: "report-client",
  resolveId: (id) => (id === CLIENT ? id : null),
  load(id) {
    if (id === CLIENT) return `export default ${JSON.stringify(code)};`;
    if (id !== join(repository, "src/report/client-script.ts")) return null;
    return `export const clientScript = async () => (await import("${CLIENT}")).default;`;
  },
});

/**
 * Bundles scripts, by name, into `folder`, which is emptied first. The same sources and packages give the
 * same bytes. Names and lines are kept, so that a stack trace can be read.
 */
export async function bundleActions(
  folder: string,
  entries: Readonly<Record<string, string>>,
): Promise<Chunk[]> {
  const client = await bundleReport();
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
    plugins: [leftOut, withClient(client)],
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
  writeFileSync(join(folder, "licenses.txt"), licensesOf([...modules, ...client.modules]));
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
