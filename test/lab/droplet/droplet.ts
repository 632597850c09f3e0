import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Droplets } from "../lab.ts";
import { cloudInitModules } from "./cloud-init.ts";

const execute = promisify(execFile);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const droplets = here("../../../scripts/lab/droplets.sh");

/** What goes wrong while a droplet sets itself up. */
export type Fault =
  /** Docker's key cannot be had; or it is somebody else's. */
  | "docker-key-missing"
  | "docker-key"
  /** `apt-get update` and `apt-get install` fail. */
  | "apt-update"
  | "apt-install"
  /** Docker is installed and does not start. */
  | "docker-start";

export interface DropletOptions {
  /** Its host name. */
  readonly name: string;
  /** `#cloud-config` of the keys that cloud-init.ts knows. */
  readonly userData: string;
  /** Called when it powered itself off: its deadline came, or somebody in it asked for that. */
  readonly onPowerOff?: () => void;
  readonly faults?: readonly Fault[];
  /** How many seconds a minute of `shutdown -P +MINUTES` lasts; 60 unless told. */
  readonly minuteSeconds?: number;
}

/**
 * A Linux host as far as namespaces allow: its own network, processes, mounts, host name and cgroups,
 * over this machine's root file system, of which it sees no secret and changes nothing. sshd, sudo,
 * Docker, iptables and cloud-init's user data are real in it; systemctl, shutdown, apt-get and what
 * fetches Docker's key are in root/. Its root user is this machine's: it holds off nobody.
 * Docker in it finds the images of the lab's registries under their usual names.
 */
export interface Droplet extends AsyncDisposable {
  readonly name: string;
  /** IPv4, reachable from this machine and from other droplets. */
  readonly address: string;
  /** Of SSH. */
  readonly port: number;
  readonly on: boolean;
  /** Resolves when it is off, by itself or by `powerOff`. */
  poweredOff(): Promise<void>;
  /** Pulls the plug: nobody who was connected is told. Its disk and its address stay. */
  powerOff(): Promise<void>;
  /** Resolves when SSH can be reached. */
  powerOn(): Promise<void>;
  /** Cuts the network, silently; what runs goes on. */
  disconnect(): Promise<void>;
  reconnect(): Promise<void>;
  /** Minutes after which `shutdown` was told to power it off; null when it was not. */
  deadline(): Promise<number | null>;
  /** Lets the time come for which `shutdown` was called; resolves when it is off. */
  reachDeadline(): Promise<void>;
  /** What a shell command of root's printed in it. Throws when the command fails. */
  exec(command: string): Promise<string>;
  /** Ends it for good: no process, mount, network or file of it is left. */
  destroy(): Promise<void>;
}

/**
 * Makes a droplet and boots it: resolves when SSH can be reached, with runcmd still to come. It ends
 * with this process at the latest.
 * @throws Error for user data that the lab does not execute.
 */
export async function startDroplet(lab: Droplets, options: DropletOptions): Promise<Droplet> {
  const modules = cloudInitModules(options.userData);
  await execute(droplets, ["clear"]);
  await using cleanup = new AsyncDisposableStack();
  const { address, folder } = await claimAddress(lab.folder);
  cleanup.defer(async () => {
    await execute(droplets, ["clear", folder]);
  });
  // droplets.sh clears the folder away when this process is gone.
  await writeFile(join(folder, "owner"), String(process.pid));
  await execute(here("create.sh"), [folder, options.name]);
  const upper = join(folder, "upper");
  for (const [name, script] of Object.entries(modules)) {
    await put(join(upper, "var/lib/cloud/instance/modules", name), script, 0o700);
  }
  await put(join(upper, "etc/sim-lab/minute"), String(options.minuteSeconds ?? 60));
  await put(join(upper, "etc/sim-lab/faults"), (options.faults ?? []).join("\n"));

  let expected = false;
  const boot = async () => {
    const running = await powerUp(folder, options.name, lab.host);
    void running.ended.then(() => {
      if (!expected) options.onPowerOff?.();
    });
    return running;
  };
  let running = await boot();
  const on = () => !running.hasEnded();
  const link = `simd-${address.split(".").slice(2).join("-")}`;
  const setLink = (state: "up" | "down") => execute("ip", ["link", "set", link, state]);
  const powerOff = async () => {
    if (!on()) return;
    expected = true;
    // First the network, so that no process that dies says goodbye.
    await setLink("down").catch(() => undefined);
    running.kill();
    await running.ended;
  };
  const exec = async (command: string) => {
    if (!on()) throw new Error(`${options.name} is off`);
    const init = String(running.init);
    const { stdout } = await execute(here("enter.sh"), [folder, init, "sh", "-c", command]);
    return stdout;
  };
  cleanup.defer(powerOff);
  const owned = cleanup.move();
  const destroy = () => owned.disposeAsync();

  return {
    name: options.name,
    address,
    port: 22,
    get on() {
      return on();
    },
    poweredOff: () => running.ended,
    powerOff,
    powerOn: async () => {
      if (on()) return;
      if (owned.disposed) throw new Error(`${options.name} is destroyed`);
      expected = false;
      running = await boot();
    },
    disconnect: async () => {
      await setLink("down");
    },
    reconnect: async () => {
      await setLink("up");
    },
    deadline: async () => {
      const minutes = await exec("cat /run/sim-lab/minutes 2>/dev/null || true");
      return minutes === "" ? null : Number(minutes);
    },
    reachDeadline: async () => {
      const { ended } = running;
      // The command may end together with the droplet.
      await exec('pkill -P "$(cat /run/sim-lab/shutdown)" sleep').catch((error: unknown) => {
        if (!(error instanceof Error && "signal" in error && error.signal === "SIGKILL"))
          throw error;
      });
      await ended;
    },
    exec,
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}

/** A folder named by an address that no droplet has: whoever makes it has it. */
async function claimAddress(parent: string): Promise<{ address: string; folder: string }> {
  for (;;) {
    const [x, y] = crypto.getRandomValues(new Uint8Array(2));
    // Not the host's, and neither the network's nor the one of broadcasts.
    if (x === undefined || y === undefined || x === 0 || x === 255) continue;
    const address = `10.77.${x}.${y}`;
    const folder = join(parent, address);
    try {
      await mkdir(folder, { mode: 0o700 });
      return { address, folder };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

async function put(path: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content, { mode });
}

interface Running {
  /** The droplet's first process, as this machine counts them. */
  readonly init: number;
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  kill(): void;
}

async function powerUp(folder: string, name: string, host: string): Promise<Running> {
  const console = join(folder, "console.log");
  await using log = await open(console, "a");
  // The droplet must not outlive the test run, however that ends: --pdeathsig sees to it.
  const parent = spawn("setpriv", ["--pdeathsig", "KILL", here("boot.sh"), folder, name], {
    stdio: ["ignore", log.fd, log.fd, "pipe"],
    env: { ...process.env, SIM_LAB_DROPLETS_HOST: host },
  });
  const ended = once(parent, "exit").then(() => undefined);
  const ready = parent.stdio[3];
  if (!ready || !("read" in ready)) throw new Error("no pipe from the droplet");
  // The pipe ends with the droplet.
  const said = await Promise.race([once(ready, "data"), once(ready, "end").then(() => null)]);
  if (said === null) {
    parent.kill("SIGKILL");
    await ended;
    throw new Error(`${name} does not boot:\n${(await readFile(console, "utf8")).slice(-2_000)}`);
  }
  const children = `/proc/${parent.pid}/task/${parent.pid}/children`;
  const init = Number(await readFile(children, "utf8"));
  await writeFile(join(folder, "init"), String(init));
  return {
    init,
    ended,
    hasEnded: () => hasEnded(parent),
    // Its parent ends after it, when nothing is left of what it took along.
    kill: () => {
      try {
        process.kill(init, "SIGKILL");
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
      }
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
