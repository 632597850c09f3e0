/**
 * What of the lab (scripts/lab/up.sh) is there. Each function gives the part, or null where it is
 * not, for `describe.skipIf(docker === null)(needing("a Docker daemon", "runs a point"), …)`.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { join } from "node:path";

/** Images that the lab's daemons have; `noShell` holds one program and no `sh`. */
export const images = {
  busybox: "busybox:stable",
  node: "node:24-bookworm-slim",
  noShell: "sim-lab/no-shell:latest",
} as const;

export interface Docker {
  /** As DOCKER_HOST takes it: unix:///… */
  readonly host: string;
  readonly socket: string;
}

export interface Registry {
  /** Host and port, as an image reference begins: 127.0.0.1:5001 */
  readonly address: string;
  readonly user: string;
  readonly password: string;
  /** An image that only these credentials can pull. */
  readonly image: string;
}

export interface TlsDaemon {
  /** As DOCKER_HOST takes it: tcp://… */
  readonly host: string;
  /** As DOCKER_CERT_PATH takes it: the folder of ca.pem, cert.pem and key.pem. */
  readonly certs: string;
}

/** Where droplets (droplet/droplet.ts) can be made. */
export interface Droplets {
  /** Of each droplet's disk. */
  readonly folder: string;
  /** Where a droplet finds this machine, and what listens on its loopback. */
  readonly host: string;
}

/** A suite's title that names what it needs, so that a skipped one says what is missing. */
export function needing(part: string, title: string): string {
  return `${title} (needs ${part})`;
}

/** The lab's daemon, or whichever answers on the usual socket. */
export async function findDocker(): Promise<Docker | null> {
  const socket = process.env.SIM_LAB_SOCKET ?? "/var/run/docker.sock";
  return (await answers(socket)) ? { host: `unix://${socket}`, socket } : null;
}

/** A registry that wants a password. */
export async function findRegistry(): Promise<Registry | null> {
  const address = process.env.SIM_LAB_REGISTRY;
  const user = process.env.SIM_LAB_REGISTRY_USER;
  const password = process.env.SIM_LAB_REGISTRY_PASSWORD;
  if (address === undefined || user === undefined || password === undefined) return null;
  const response = await fetch(`http://${address}/v2/`).catch(() => null);
  if (response?.status !== 401) return null;
  return { address, user, password, image: `${address}/sim-lab/busybox:stable` };
}

/** A daemon on TCP with TLS that sees none of our files; containers have no network in it. */
export async function findTlsDaemon(): Promise<TlsDaemon | null> {
  const host = process.env.SIM_LAB_TLS_HOST;
  const certs = process.env.SIM_LAB_TLS_CERTS;
  if (host === undefined || certs === undefined) return null;
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => readFile(join(certs, name)).catch(() => null)),
  );
  if (!ca || !cert || !key) return null;
  const url = new URL("/_ping", host.replace("tcp:", "https:"));
  return (await succeeds(secureRequest(url, { ca, cert, key }))) ? { host, certs } : null;
}

/** The lab's network of droplets, for which one has to be root. */
export function findDroplets(): Droplets | null {
  const folder = process.env.SIM_LAB_DROPLETS;
  const host = process.env.SIM_LAB_DROPLETS_HOST;
  if (folder === undefined || host === undefined || process.getuid?.() !== 0) return null;
  return existsSync(folder) && existsSync("/sys/class/net/sim-droplets") ? { folder, host } : null;
}

/** The blob entry of azurite, for the stand-in for GitHub (github/server.ts). */
export function findAzurite(): string | null {
  return program("SIM_LAB_AZURITE");
}

/** act, which runs workflows (act.ts). */
export function findAct(): string | null {
  return program("SIM_LAB_ACT");
}

/** moto's server, which stands in for EC2 (moto.ts). */
export function findMoto(): string | null {
  return program("SIM_LAB_MOTO");
}

/** A Chromium for tests of what is looked at in a browser. */
export function findChromium(): string | null {
  return program("SIM_LAB_CHROMIUM");
}

/** The plugin `docker buildx`, which no docker command finds by itself: see docker-config.ts. */
export function findBuildx(): string | null {
  return program("SIM_LAB_BUILDX");
}

/** Where a BuildKit of its own answers, as a buildx builder of the driver `remote` takes it. */
export function findBuildKit(): string | null {
  const address = process.env.SIM_LAB_BUILDKIT;
  return address !== undefined && existsSync(address.replace("unix://", "")) ? address : null;
}

function program(variable: string): string | null {
  const path = process.env[variable];
  return path !== undefined && existsSync(path) ? path : null;
}

/** Whether a Docker daemon answers on this socket. */
export function answers(socket: string): Promise<boolean> {
  return succeeds(request({ socketPath: socket, path: "/_ping", timeout: 5_000 }));
}

function succeeds(sent: ReturnType<typeof request>): Promise<boolean> {
  return new Promise((resolve) => {
    sent.once("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.once("error", () => resolve(false));
    sent.once("timeout", () => sent.destroy());
    sent.end();
  });
}
