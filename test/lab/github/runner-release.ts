/** The tests' runner (runner/) as a package that machines can download. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface RunnerPackage extends AsyncDisposable {
  /** What the action takes it from: SIM_PIPELINE_RUNNER_URL and SIM_PIPELINE_RUNNER_SHA256. */
  readonly env: Readonly<Record<string, string>>;
  /** How often it was downloaded. */
  downloads(): number;
}

/** @param host where machines find this one's loopback. */
export async function serveRunner(host: string): Promise<RunnerPackage> {
  const folder = fileURLToPath(new URL("runner", import.meta.url));
  const { stdout } = await promisify(execFile)("tar", ["-cz", "-C", folder, "."], {
    encoding: "buffer",
  });
  let downloads = 0;
  const server = createServer((_request, response) => {
    downloads += 1;
    response.end(stdout);
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
