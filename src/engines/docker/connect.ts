import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { Socket } from "node:net";
import { homedir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import Docker from "dockerode";
import { z } from "zod";
import { dockerConfigFolder, readDockerConfig } from "../../registry/credentials.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { parseSshAddress } from "../ssh.ts";
import { request } from "./request.ts";
import { openTunnel, type Tunnel } from "./tunnel.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a daemon is, as far as it can be told without asking it. */
export interface DockerHost {
  /** `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`, ... */
  readonly url: string;
  /** What named it: `DOCKER_HOST`, a context, or the default. */
  readonly from: string;
  /** Folder with ca.pem, cert.pem and key.pem; null for no TLS. */
  readonly certificates: string | null;
}

export interface Connection {
  readonly docker: Docker;
  readonly host: DockerHost;
  /**
   * Whether the daemon goes on when the connection breaks, so that tasks are found again once it is
   * back: it is on another host.
   */
  readonly mends: boolean;
  /**
   * Whether the daemon takes new connections, asked through a new one. Throws a ReportedError (3)
   * where it cannot before somebody does something.
   */
  answers(): Promise<boolean>;
  /** Why nothing answers, where that can be found out on the daemon's own host; else null. */
  diagnose(): Promise<ReportedError | null>;
  close(): void;
}

const contextSchema = z.object({
  Endpoints: z.object({ docker: z.object({ Host: z.string() }) }),
});

/**
 * Finds the daemon as the docker CLI does: DOCKER_HOST (with DOCKER_TLS_VERIFY and
 * DOCKER_CERT_PATH), else DOCKER_CONTEXT or the docker config's current context, else the default
 * socket. https://docs.docker.com/reference/cli/docker/#environment-variables
 *
 * Throws a ReportedError (3) for a context that is not there, or an address that is none.
 */
export async function findDockerHost(env: Environment): Promise<DockerHost> {
  const named = env.DOCKER_HOST ?? "";
  if (named !== "") {
    const verify = (env.DOCKER_TLS_VERIFY ?? "") !== "";
    const folder = env.DOCKER_CERT_PATH ?? "";
    const secure = verify || folder !== "";
    return {
      url: named,
      from: "DOCKER_HOST",
      certificates: secure ? folder || dockerConfigFolder(env) : null,
    };
  }
  const context = env.DOCKER_CONTEXT || (await readDockerConfig(env)).currentContext;
  if (context !== undefined && context !== "" && context !== "default") {
    return await readContext(env, context);
  }
  return { url: defaultUrl(env), from: "the default", certificates: null };
}

/** Contexts lie in folders named by the SHA-256 of their names: docker/cli, cli/context/store. */
async function readContext(env: Environment, name: string): Promise<DockerHost> {
  const id = createHash("sha256").update(name).digest("hex");
  const contexts = path.join(dockerConfigFolder(env), "contexts");
  const file = path.join(contexts, "meta", id, "meta.json");
  try {
    const meta = contextSchema.parse(JSON.parse(await readFile(file, "utf8")));
    const tls = path.join(contexts, "tls", id, "docker");
    return {
      url: meta.Endpoints.docker.Host,
      from: `the docker context ${name}`,
      certificates: existsSync(path.join(tls, "ca.pem")) ? tls : null,
    };
  } catch (cause) {
    throw new ReportedError(
      3,
      `The docker context ${name} cannot be read (${file}). List the contexts with ` +
        "`docker context ls` and choose one with `docker context use` or DOCKER_CONTEXT.",
      { cause },
    );
  }
}

function defaultUrl(env: Environment): string {
  if (process.platform === "win32") return "npipe:////./pipe/docker_engine";
  const system = "/var/run/docker.sock";
  // Rootless Docker and Docker Desktop put theirs where only the user can reach it.
  const own = [
    path.join(env.XDG_RUNTIME_DIR ?? "", "docker.sock"),
    path.join(env.HOME ?? homedir(), ".docker", "run", "docker.sock"),
  ].find((file) => path.isAbsolute(file) && existsSync(file));
  return `unix://${existsSync(system) ? system : (own ?? system)}`;
}

/**
 * Connects lazily: nothing is asked of the daemon yet, and no ssh is started.
 * Throws a ReportedError (3) for certificates that cannot be read and addresses that cannot be
 * used.
 */
export async function connectDocker(env: Environment): Promise<Connection> {
  const host = await findDockerHost(env);
  const { target, secure, tunnel } = await parseHost(host, env);
  // Waiting and following each hold a connection for as long as their container runs.
  const agent = makeAgent(secure !== null, true, tunnel);
  const options = {
    // Names every field that dockerode would otherwise take from process.env.
    ...{ socketPath: undefined, host: undefined, port: undefined, protocol: undefined },
    ...{ ca: undefined, cert: undefined, key: undefined, pathPrefix: "/", timeout: undefined },
    ...target,
    ...secure,
  };
  const once = new Docker({ ...options, ...{ agent: makeAgent(secure !== null, false, tunnel) } });
  return {
    docker: new Docker({ ...options, ...{ agent } }),
    host,
    mends: tunnel !== null,
    answers: async () => {
      try {
        await request(once, { method: "GET", path: "/_ping" });
        return true;
      } catch (error) {
        if (error instanceof ReportedError) throw error;
        // Whatever the reason, it does not answer; who wants to know it asks for something.
        return false;
      }
    },
    diagnose: async () => (tunnel === null ? null : await tunnel.diagnose()),
    close: () => {
      agent.destroy();
      tunnel?.close();
    },
  };
}

interface Target {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly protocol?: "http" | "https";
}

interface Certificates {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Way {
  readonly target: Target;
  readonly secure: Certificates | null;
  readonly tunnel: Tunnel | null;
}

async function parseHost(host: DockerHost, env: Environment): Promise<Way> {
  const { url, from } = host;
  const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(url)?.[1];
  if (socket !== undefined) return { target: { socketPath: socket }, secure: null, tunnel: null };
  if (url.startsWith("ssh://")) {
    const tunnel = openTunnel(parseSshAddress(url, from), env);
    // Only says that no name is looked up: the agent connects by itself.
    return { target: { socketPath: "ssh" }, secure: null, tunnel };
  }
  const tcp = URL.parse(url.includes("://") ? url : `tcp://${url}`);
  if (tcp === null || !["tcp:", "http:", "https:"].includes(tcp.protocol) || tcp.hostname === "") {
    throw new ReportedError(
      3,
      `${from} names ${url}, which is no address of a Docker daemon: use ` +
        "unix:///path/docker.sock, tcp://host:port or ssh://user@host.",
    );
  }
  const secure =
    host.certificates === null && tcp.protocol !== "https:"
      ? null
      : await readCertificates(host.certificates);
  const port = tcp.port === "" ? (secure === null ? 2375 : 2376) : Number(tcp.port);
  const hostname = tcp.hostname.replace(/^\[(.*)\]$/, "$1");
  const protocol = secure === null ? "http" : "https";
  return { target: { host: hostname, port, protocol }, secure, tunnel: null };
}

async function readCertificates(folder: string | null): Promise<Certificates> {
  try {
    if (folder === null) throw new Error("DOCKER_CERT_PATH is not set");
    const [ca, cert, key] = await Promise.all(
      ["ca.pem", "cert.pem", "key.pem"].map((name) => readFile(path.join(folder, name))),
    );
    if (ca === undefined || cert === undefined || key === undefined) throw new Error("unreachable");
    return { ca, cert, key };
  } catch (cause) {
    throw new ReportedError(
      3,
      `The Docker daemon is to be reached with TLS, but its certificates cannot be read` +
        `${folder === null ? "" : ` from ${folder}`}: set DOCKER_CERT_PATH to the folder with ` +
        "ca.pem, cert.pem and key.pem.",
      { cause },
    );
  }
}

function makeAgent(secure: boolean, keepAlive: boolean, tunnel: Tunnel | null): Agent {
  const settings = { keepAlive, maxSockets: Number.POSITIVE_INFINITY };
  const agent = quiet(secure ? new SecureAgent(settings) : new Agent(settings));
  return tunnel === null ? agent : throughTunnel(agent, tunnel);
}

/** Makes an agent get its connections from a tunnel. */
function throughTunnel(agent: Agent, tunnel: Tunnel): Agent {
  return Object.assign(agent, {
    createConnection: (
      _options: object,
      callback: (error: Error | null, socket?: Socket) => void,
    ): void => {
      tunnel.connect().then(
        (socket) => callback(null, socket),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
}

/**
 * docker-modem renders the options of every request for its debug log, the agent with all its
 * sockets among them, whether the log is on or not: 0.6 ms of CPU a request instead of 0.25.
 */
function quiet<T extends Agent>(agent: T): T {
  return Object.assign(agent, { [inspect.custom]: () => "Agent" });
}
