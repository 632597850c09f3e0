import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, watch, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Droplet, startDroplet } from "../../lab/droplet/droplet.ts";
import { findDroplets, images, needing } from "../../lab/lab.ts";
import { makeKey } from "../../lab/sshd.ts";

const execute = promisify(execFile);
const bin = fileURLToPath(new URL("../../../bin/sim-pipeline.js", import.meta.url));
const lab = findDroplets();

describe.skipIf(lab === null)(
  needing("the lab's droplets", "a run on a host of one's own"),
  { timeout: 180_000 },
  () => {
    let keys = "";
    let folder = "";
    let host: Droplet;
    const started: ChildProcess[] = [];

    beforeAll(async () => {
      if (lab === null) return;
      keys = await mkdtemp(join(tmpdir(), "sim-pipeline-own-"));
      await makeKey(join(keys, "host"));
      await makeKey(join(keys, "id"));
      const text = (name: string) => readFile(join(keys, name), "utf8");
      host = await startDroplet(lab, {
        name: "cellar",
        userData: `#cloud-config\n${stringify({
          ssh_keys: { ed25519_private: await text("host"), ed25519_public: await text("host.pub") },
          ssh_deletekeys: true,
          users: [
            {
              ...{ name: "ada", shell: "/bin/bash", sudo: "ALL=(ALL) NOPASSWD:ALL" },
              ...{ lock_passwd: true, ssh_authorized_keys: [await text("id.pub")] },
            },
          ],
          runcmd: [
            ["apt-get", "install", "-y", "docker.io"],
            ["usermod", "-aG", "docker", "ada"],
          ],
        })}`,
      });
      await writeFile(join(keys, "known_hosts"), `${host.address} ${await text("host.pub")}`);
      // As a user's own ~/.ssh/config has it: under a name, with a key and a jump of nobody's.
      await writeFile(
        join(keys, "config"),
        [
          "Host cellar",
          `  HostName ${host.address}`,
          "  User ada",
          `  IdentityFile ${join(keys, "id")}`,
          "  IdentitiesOnly yes",
          `  UserKnownHostsFile ${join(keys, "known_hosts")}`,
          "  GlobalKnownHostsFile /dev/null",
          "",
        ].join("\n"),
      );
      const ssh = ["-F", join(keys, "config"), "-o", "StrictHostKeyChecking=yes", "cellar"];
      await execute("ssh", [...ssh, "cloud-init status --wait"]);
    }, 120_000);
    afterAll(async () => {
      await host?.[Symbol.asyncDispose]();
      await rm(keys, { recursive: true, force: true });
    });
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "sim-pipeline-own-run-"));
    });
    afterEach(async () => {
      for (const child of started.splice(0)) child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    });

    const sweep = async (points: number) => {
      const file = join(folder, "sweep.yaml");
      const lines = [
        "name: owned",
        `image: ${images.busybox}`,
        "entrypoint: [sh, -c]",
        `parameters: {n: {range: "1-${points}"}}`,
        "command: ['sleep 1; echo {{ n }} > /mnt/data/out.txt']",
        "outputs: [out.txt]",
      ];
      await writeFile(file, lines.join("\n"));
      return file;
    };
    const start = (file: string, changes: NodeJS.ProcessEnv = {}, out = "run") => {
      const words = ["run", file, "--machines", "hosts", "--out", join(folder, out)];
      const child = spawn(process.execPath, [bin, ...words], {
        cwd: folder,
        env: {
          ...process.env,
          GITHUB_ACTIONS: "",
          SIM_PIPELINE_STATE: join(folder, "state"),
          SIM_PIPELINE_HOSTS: "cellar",
          SIM_PIPELINE_SSH_CONFIG: join(keys, "config"),
          DOCKER_HOST: "unix:///nobody/listens/here.sock",
          ...changes,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      started.push(child);
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => {
        said += chunk;
      });
      const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
        child.on("close", (code) => resolve({ code, said }));
      });
      return { child, ended };
    };
    const onePoint = async () => {
      const points = join(folder, "run/points");
      await mkdir(points, { recursive: true });
      for await (const _event of watch(points)) {
        if (readdirSync(points).some((name) => existsSync(join(points, name, "out.txt")))) return;
      }
    };
    const expectNothingLeft = async () => {
      expect(await host.exec("cat /home/ada/.sim-pipeline/lease 2>/dev/null || echo free")).toBe(
        "free\n",
      );
      expect(await host.exec("docker ps -aq --filter label=sim-pipeline.run")).toBe("");
      expect(readdirSync(join(folder, "state/leases"))).toEqual([]);
    };

    it("reserves one, runs there, brings the outputs back, gives it back, and costs nothing", async () => {
      const ended = await start(await sweep(3)).ended;
      expect(ended).toMatchObject({ code: 0 });
      expect(ended.said).toContain("All 3 points succeeded");
      expect(readFileSync(join(folder, "run/points/n=2/out.txt"), "utf8")).toBe("2\n");
      await expectNothingLeft();
    });

    it("kill -9 in the middle: the next start takes over the host and what finished", async () => {
      const file = await sweep(8);
      const { child, ended } = start(file);
      await onePoint();
      child.kill("SIGKILL");
      await ended;
      const again = await start(file).ended;
      expect(again).toMatchObject({ code: 0 });
      expect(again.said).toContain("taking over sim-");
      expect(again.said).toContain("All 8 points succeeded");
      await expectNothingLeft();
    });

    it("that another run has is refused, with whose it is", async () => {
      const file = await sweep(8);
      const first = start(file);
      await onePoint();
      mkdirSync(join(folder, "other"));
      const state = { SIM_PIPELINE_STATE: join(folder, "other") };
      const second = await start(file, state, "second").ended;
      expect(second).toMatchObject({ code: 3 });
      expect(second.said).toMatch(/cellar is in use for [a-z2-7]{10} \(sim-\S+\) until 20/);
      expect(await first.ended).toMatchObject({ code: 0 });
      await expectNothingLeft();
    });

    it("that cannot be used is told before anything starts", async () => {
      const file = await sweep(1);
      const config = await readFile(join(keys, "config"), "utf8");
      const unknown = config.replace(/UserKnownHostsFile .*/, "UserKnownHostsFile /dev/null");
      await writeFile(join(folder, "config"), unknown);
      const env = { SIM_PIPELINE_SSH_CONFIG: join(folder, "config") };
      const ended = await start(file, env).ended;
      expect(ended).toMatchObject({ code: 3 });
      expect(ended.said).toContain("The host key of cellar is not known");
      expect(existsSync(join(folder, "run"))).toBe(false);
      const none = await start(file, { SIM_PIPELINE_HOSTS: "", XDG_CONFIG_HOME: folder }).ended;
      expect(none).toMatchObject({ code: 2 });
      expect(none.said).toContain("There are no hosts of your own");
    });
  },
);
