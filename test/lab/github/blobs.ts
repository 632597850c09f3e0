/** The blob service behind the signed URLs: a real azurite, reached through the stand-in. */

import { spawn } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import type { Answer } from "./answer.ts";

const account = "devstoreaccount1";
/** Azure's published key of the emulator, the same for everyone. */
const key =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const version = "2021-12-02";
const container = "actions-results";

export interface Blobs extends AsyncDisposable {
  /** Path and query of a blob with a signature for `r`ead or for `c`reate and `w`rite. */
  sign(blob: string, permissions: "r" | "cw", fileName?: string): string;
  /** The blob's bytes; null where there is no such blob. */
  read(blob: string): Promise<{ size: number; digest: string; bytes: Buffer } | null>;
  /** Hands a request on to the service, body and all. */
  forward(incoming: IncomingMessage): Promise<Answer>;
}

/** The name of the blob that a request's path is about; null for any other path. */
export function blobOf(path: string): string | null {
  const prefix = `/${account}/${container}/`;
  return path.startsWith(prefix) ? decodeURIComponent(path.slice(prefix.length)) : null;
}

/** Starts azurite on a free port, its data in memory. `program`: its blob entry. */
export async function startBlobs(program: string): Promise<Blobs> {
  const azurite = spawn(
    "setpriv",
    [
      ...["--pdeathsig", "KILL", process.execPath, program, "--blobPort", "0"],
      // Its list of service versions always trails behind the client's.
      ...["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => {
    if (azurite.exitCode !== null || azurite.signalCode !== null) return;
    const ended = once(azurite, "exit");
    azurite.kill("SIGKILL");
    await ended;
  });
  let port: string | undefined;
  for await (const line of createInterface(azurite.stdout)) {
    port = /successfully listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) break;
  }
  if (port === undefined) throw new Error(`azurite did not start: ${program}`);
  azurite.stdout.resume();
  const origin = `http://127.0.0.1:${port}`;

  const made = await fetch(`${origin}/${account}/${container}?restype=container&${accountSas()}`, {
    method: "PUT",
  });
  if (made.status !== 201) throw new Error(`azurite made no container: ${await made.text()}`);
  const owned = cleanup.move();
  return {
    sign: (blob, permissions, fileName) =>
      `/${account}/${container}/${blob}?${blobSas(blob, permissions, fileName)}`,
    read: async (blob) => {
      const response = await fetch(
        `${origin}/${account}/${container}/${blob}?${blobSas(blob, "r")}`,
      );
      if (response.status === 404) return null;
      if (!response.ok) throw new Error(`azurite: ${response.status} ${await response.text()}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      return { size: bytes.length, digest, bytes };
    },
    forward: (incoming) => forward(incoming, origin),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function forward(incoming: IncomingMessage, origin: string): Promise<Answer> {
  const outgoing = request(`${origin}${incoming.url}`, {
    method: incoming.method,
    headers: { ...incoming.headers, host: new URL(origin).host },
  });
  const answered = once(outgoing, "response");
  incoming.on("aborted", () => outgoing.destroy());
  incoming.pipe(outgoing);
  const [response]: IncomingMessage[] = await answered;
  if (response?.statusCode === undefined) throw new Error("azurite sent no status");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (typeof value === "string") headers[name] = value;
  }
  return { status: response.statusCode, headers, body: response };
}

/**
 * A service SAS, by the rules for versions since 2020-12-06:
 * https://learn.microsoft.com/rest/api/storageservices/create-service-sas
 */
function blobSas(blob: string, permissions: "r" | "cw", fileName?: string): string {
  const expiry = inAnHour();
  const disposition = fileName === undefined ? "" : `attachment; filename="${fileName}"`;
  const resource = `/blob/${account}/${container}/${blob}`;
  const fields = [
    ...[permissions, "", expiry, resource, "", "", "", version, "b", "", ""],
    ...["", disposition, "", "", ""],
  ];
  const query = { sp: permissions, se: expiry, sv: version, sr: "b", sig: signature(fields) };
  const shown = disposition === "" ? {} : { rscd: disposition };
  return new URLSearchParams({ ...query, ...shown }).toString();
}

function accountSas(): string {
  const expiry = inAnHour();
  const sig = signature([account, "cw", "b", "c", "", expiry, "", "", version, "", ""]);
  return new URLSearchParams({
    ...{ sp: "cw", ss: "b", srt: "c", se: expiry, sv: version, sig },
  }).toString();
}

function inAnHour(): string {
  return `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`;
}

function signature(fields: readonly string[]): string {
  return createHmac("sha256", Buffer.from(key, "base64"))
    .update(fields.join("\n"))
    .digest("base64");
}
