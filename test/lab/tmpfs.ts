import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Makes `folder` a filesystem of its own that is full after `bytes`, until it is disposed of. */
export async function mountTmpfs(folder: string, bytes: number): Promise<AsyncDisposable> {
  // The source names us, so that scripts/lab/leftovers.sh can tell whose mount it is.
  const source = `sim-pipeline-tmpfs-${process.pid}`;
  await execute("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=755`, source, folder]);
  return {
    // Lazily: a process that still has a file open there must not keep the mount visible.
    [Symbol.asyncDispose]: async () => {
      await execute("umount", ["-l", folder]);
    },
  };
}
