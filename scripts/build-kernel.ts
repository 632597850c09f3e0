/** Compiles the raytracer's kernel in WebAssembly from its AssemblyScript. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const SOURCES = fileURLToPath(new URL("../sims/raytracer/wasm/", import.meta.url));
const OPTIONS = [
  ...["-O3", "--converge", "--noAssert"],
  // SIMD with one defined result everywhere: no "relaxed-simd".
  ...["--enable", "simd", "--enable", "threads"],
  // The memory comes from outside; the kernel neither allocates nor aborts.
  ...["--importMemory", "--noExportMemory", "--sharedMemory", "--maximumMemory", "65536"],
  ...["--runtime", "stub", "--use", "abort="],
];

/**
 * The bytes of `sims/raytracer/wasm/kernel.wasm`. The same sources and compiler give the same bytes.
 *
 * @throws Error with what the compiler says of a mistake
 */
export async function buildKernel(): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ["kernel.ts", "--baseDir", SOURCES, "--outFile", "kernel.wasm", ...OPTIONS],
    {
      // Absent is what the compiler finds at most places where it looks for an import.
      readFile: (name, folder) => readFile(join(folder, name), "utf8").catch(() => null),
      writeFile: (_name, contents) => {
        if (typeof contents !== "string") bytes = contents;
      },
      listFiles: () => null,
    },
  );
  if (error || !bytes) throw new Error(`${error?.message}\n${stderr}`, { cause: error });
  return bytes;
}
