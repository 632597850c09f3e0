import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import type { TlsDaemon } from "./lab.ts";

/**
 * The daemon behind TLS on a socket file, as a daemon on another host has one: it does not share our
 * files.
 */
export async function relayToTls(
  daemon: TlsDaemon,
): Promise<AsyncDisposable & { readonly socket: string }> {
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-relay-"));
  const socket = join(folder, "docker.sock");
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => readFile(join(daemon.certs, name))),
  );
  if (!ca || !cert || !key) throw new Error("unreachable");
  const { hostname, port } = new URL(daemon.host);
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const behind = connect({ host: hostname, port: Number(port), ca, cert, key });
    for (const side of [client, behind]) {
      open.add(side);
      side.on("close", () => open.delete(side));
    }
    // Either one's end is the other's.
    client.on("error", () => behind.destroy());
    behind.on("error", () => client.destroy());
    client.pipe(behind);
    behind.pipe(client);
  });
  server.listen(socket);
  await once(server, "listening");
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      for (const side of open) side.destroy();
      server.close();
      await once(server, "close");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
