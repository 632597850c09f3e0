/** The tests' runner (runner/) as a package that machines can download. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface RunnerPackage extends AsyncDisposable {
  /** What the action takes it from: SIM_PIPELINE_RUNNER_URL and SIM_PIPELINE_RUNNER_SHA256. */
  readonly env: Readonly<Record<string, string>>;
  /** How often it was downloaded. */
  downloads(): number;
}

/** What of a package is not as it should be. */
export interface Flaws {
  /** The runner ends at once, with a message of its own. */
  readonly broken?: boolean;
  /** Which downloads, counted from 1, bring something else. */
  readonly damaged?: (download: number) => boolean;
}

/** @param host where machines find this one's loopback. */
export async function serveRunner(host: string, flaws: Flaws = {}): Promise<RunnerPackage> {
  const stdout = await packed(flaws.broken ?? false);
  let downloads = 0;
  const server = createServer((_request, response) => {
    downloads += 1;
    response.end(flaws.damaged?.(downloads) ? "something else" : stdout);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    env: {
      SIM_PIPELINE_RUNNER_URL: `http://${host}:${address.port}/actions-runner-linux-x64.tar.gz`,
      SIM_PIPELINE_RUNNER_SHA256: createHash("sha256").update(stdout).digest("hex"),
    },
    downloads: () => downloads,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function packed(broken: boolean): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-runner-"));
  try {
    await cp(fileURLToPath(new URL("runner", import.meta.url)), folder, { recursive: true });
    const ending = "#!/bin/bash\necho 'An error occurred: Not configured.'\nexit 1\n";
    if (broken) await writeFile(join(folder, "run.sh"), ending);
    const { stdout } = await promisify(execFile)("tar", ["-cz", "-C", folder, "."], {
      encoding: "buffer",
    });
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
