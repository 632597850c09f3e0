import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism, homedir, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectDocker, findDockerHost } from "../engines/docker/connect.ts";
import { dockerAvailable } from "../engines/docker/docker.ts";
import { makeMarker, readFileOf } from "../engines/docker/files.ts";
import { bytes } from "../report/units.ts";

/** What `doctor` found of one thing. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** A version, a place, an amount; never a secret. */
  readonly found: string;
  /** What does not work, and what to do; null where nothing is lost. */
  readonly lack: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Looks at everything that this version of sim-pipeline can use. Each look ends within seconds. */
export async function runChecks(env: Environment): Promise<Check[]> {
  const found = await Promise.all([
    [nodeCheck()],
    dockerChecks(env),
    toolCheck("buildx", "docker", ["buildx", "version"], {
      lack: "no `sim-pipeline build` where Docker's command line is 23 or newer; no builds for several platforms, no cache in a registry. `run` builds with the daemon's own BuildKit. https://docs.docker.com/go/buildx/",
    }),
    toolCheck("ffmpeg", "ffmpeg", ["-version"], {
      lack: "videos of a run's frames are made in a container, which needs Docker. Install ffmpeg.",
    }),
    toolCheck("ssh", "ssh", ["-V"], {
      lack: "no other machine can be reached by SSH. Install OpenSSH's client.",
    }),
    clusterCheck(),
    tokenChecks(env),
    diskCheck(process.cwd()),
  ]);
  return found.flat();
}

function nodeCheck(): Check {
  const machine = `${availableParallelism()} cores, ${bytes(totalmem())} of memory`;
  return {
    name: "node",
    ok: true,
    found: `${process.version}, ${process.execPath}; ${machine}`,
    lack: null,
  };
}

async function dockerChecks(env: Environment): Promise<Check[]> {
  const docker = await dockerAvailable(env);
  if (!docker.available) {
    const none =
      "no containers: only sweeps with a `process` key run, one process a point, without a sandbox.";
    // What the remedy is depends on how the other host failed, and the reason says it.
    const remote = await namesSsh(env);
    return [
      {
        name: "docker",
        ok: false,
        found: remote ? docker.reason.replaceAll("\n", " ") : firstLine(docker.reason),
        lack: remote
          ? none
          : `${none} Install and start Docker, or point DOCKER_HOST at a daemon, ssh://user@host for one on another machine.`,
      },
    ];
  }
  const through = docker.host.startsWith("ssh://") ? ", through one SSH connection" : "";
  const found = `${docker.version} at ${docker.host}${through}`;
  return [{ name: "docker", ok: true, found, lack: null }, await sharingCheck(env)];
}

async function namesSsh(env: Environment): Promise<boolean> {
  try {
    return (await findDockerHost(env)).url.startsWith("ssh://");
  } catch {
    // A context that cannot be read; the reason is told already.
    return false;
  }
}

/** Whether a folder of ours is the same one in a container; the container is never started. */
async function sharingCheck(env: Environment): Promise<Check> {
  const name = "docker files";
  const connection = await connectDocker(env);
  try {
    const [image] = await connection.docker.listImages();
    if (image === undefined) {
      return { name, ok: true, found: "not known before there is any image", lack: null };
    }
    await using marker = await makeMarker(tmpdir());
    const target = "/mnt/data";
    const container = await connection.docker.createContainer({
      Image: image.Id,
      Cmd: ["true"],
      HostConfig: {
        NetworkMode: "none",
        Mounts: [{ Type: "bind", Source: marker.folder, Target: target, ReadOnly: true }],
      },
    });
    try {
      const content = await readFileOf(container, `${target}/${marker.name}`);
      if (content === marker.content) return { name, ok: true, found: "shared", lack: null };
    } finally {
      await container.remove({ force: true });
    }
  } catch {
    // The daemon refuses to mount a folder that it does not have.
  } finally {
    connection.close();
  }
  return {
    name,
    ok: false,
    found: "not shared: the daemon is on another machine",
    lack: "inputs and outputs are copied through its API, which takes longer. Nothing needs to be done.",
  };
}

interface Tool {
  readonly lack: string;
}

const execute = promisify(execFile);

/** Asks a program for its version. */
async function toolCheck(
  name: string,
  command: string,
  args: readonly string[],
  { lack }: Tool,
): Promise<Check> {
  try {
    const { stdout, stderr } = await execute(command, args, { timeout: 5000 });
    return { name, ok: true, found: firstLine(stdout || stderr), lack: null };
  } catch {
    return { name, ok: false, found: "not found", lack };
  }
}

async function clusterCheck(): Promise<Check> {
  const context = await toolCheck("cluster", "kubectl", ["config", "current-context"], {
    lack: "nothing in this version: points run on this machine or on a Docker daemon.",
  });
  return context.ok ? { ...context, found: `kubectl context ${context.found}` } : context;
}

/** Whether credentials are set; their values are never looked at. */
function tokenChecks(env: Environment): Check[] {
  const home = homedir();
  const set = (...names: string[]) => names.find((name) => (env[name] ?? "") !== "");
  const file = (...parts: string[]) => {
    const path = join(home, ...parts);
    return existsSync(path) ? path : undefined;
  };
  const check = (name: string, found: string | undefined, lack: string): Check =>
    found === undefined
      ? { name, ok: false, found: "not set", lack }
      : { name, ok: true, found, lack: null };
  return [
    check(
      "registries",
      file(".docker", "config.json"),
      "images are pulled without a password. `docker login REGISTRY` for a private one.",
    ),
    check(
      "AWS",
      set("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE") ??
        file(".aws", "credentials"),
      "no s3:// inputs from private buckets, no machines from EC2. Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
    check(
      "Google Cloud",
      set("GOOGLE_APPLICATION_CREDENTIALS") ??
        file(".config", "gcloud", "application_default_credentials.json"),
      "no gs:// inputs from private buckets. `gcloud auth application-default login`.",
    ),
    check("GITHUB_TOKEN", set("GITHUB_TOKEN"), "nothing in this version."),
    check(
      "DigitalOcean",
      set("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"),
      "no machines from DigitalOcean. Make a token at https://cloud.digitalocean.com/account/api/tokens and set DIGITALOCEAN_TOKEN.",
    ),
  ];
}

const LITTLE_DISK = 2 * 1024 ** 3;

async function diskCheck(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  return {
    name: "disk",
    ok: free >= LITTLE_DISK,
    found: `${bytes(free)} free in ${folder}`,
    lack:
      free >= LITTLE_DISK
        ? null
        : "images and outputs may not fit. Make room, or choose a run folder elsewhere with --out.",
  };
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
