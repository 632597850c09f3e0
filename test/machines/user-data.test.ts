import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ProviderError } from "../../src/machines/provider.ts";
import { bootScript, setupScript } from "../../src/machines/setup-script.ts";
import {
  checkUserData,
  FAILED_FILE,
  READY_FILE,
  USER_DATA_LIMIT,
  type UserDataOptions,
  userData,
} from "../../src/machines/user-data.ts";
import { cloudInitModules } from "../lab/droplet/cloud-init.ts";
import { type Droplet, type DropletOptions, startDroplet } from "../lab/droplet/droplet.ts";
import { findDroplets, images, needing } from "../lab/lab.ts";

const execute = promisify(execFile);

const OPTIONS: UserDataOptions = {
  minutes: 90,
  hostKey: {
    private: "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n",
    public: "ssh-ed25519 AAAAC3 host\n",
  },
  authorizedKey: "ssh-ed25519 AAAAC3 me@there\n",
};

describe("user data", () => {
  // As cloud-init's parser reads it.
  const read = (text: string): unknown => parse(text, { version: "1.1" });

  test("is a cloud-config with our keys alone, and neither root nor passwords", () => {
    const text = userData(OPTIONS);
    expect(text.split("\n", 1)).toEqual(["#cloud-config"]);
    expect(read(text)).toMatchObject({
      ssh_deletekeys: true,
      ssh_keys: {
        ed25519_private: OPTIONS.hostKey.private,
        ed25519_public: OPTIONS.hostKey.public,
      },
      disable_root: true,
      ssh_pwauth: false,
      users: [
        {
          name: "sim",
          lock_passwd: true,
          ssh_authorized_keys: ["ssh-ed25519 AAAAC3 me@there"],
        },
      ],
    });
  });

  test("has scripts as they are, with their permissions as text", () => {
    expect(read(userData(OPTIONS))).toMatchObject({
      write_files: [
        {
          path: "/var/lib/cloud/scripts/per-boot/sim-pipeline",
          permissions: "0755",
          content: bootScript(90),
        },
        { path: "/var/lib/sim-pipeline/setup", permissions: "0755", content: setupScript() },
      ],
      runcmd: [["/var/lib/sim-pipeline/setup"]],
    });
  });

  test("takes files and commands besides, which YAML does not change", () => {
    const content = "no\n# a comment: 0x1f\n\ttab\nlast line without an end";
    const files = [{ path: "/opt/x", permissions: "0600", content }];
    const commands = [["/opt/x", "yes", "0755", "a b"]];
    expect(read(userData({ ...OPTIONS, files, commands }))).toMatchObject({
      write_files: [{}, {}, { path: "/opt/x", permissions: "0600", content, owner: "root:root" }],
      runcmd: [["/var/lib/sim-pipeline/setup"], ["/opt/x", "yes", "0755", "a b"]],
    });
  });

  test("is small enough for every provider", () => {
    expect(Buffer.byteLength(userData(OPTIONS))).toBeLessThan(16 * 1024);
  });

  test("is of keys that the lab executes", () => {
    expect(() => cloudInitModules(userData(OPTIONS))).not.toThrow();
  });

  test.each([
    [
      "more than a machine takes",
      { files: [{ path: "/x", permissions: "0644", content: "ä".repeat(40_000) }] },
    ],
    ["no time", { minutes: 0 }],
    ["half a minute", { minutes: 0.5 }],
    ["no key", { authorizedKey: "" }],
    ["more than one key", { authorizedKey: "ssh-ed25519 A me\nssh-ed25519 B you\n" }],
  ])("refuses %s", (_, changes) => {
    expect(() => userData({ ...OPTIONS, ...changes })).toThrow(
      expect.objectContaining({ kind: "invalid", exitCode: 2 }),
    );
  });

  test("is measured in bytes", () => {
    checkUserData("a".repeat(USER_DATA_LIMIT));
    expect(() => checkUserData(`${"a".repeat(USER_DATA_LIMIT - 1)}ä`)).toThrow(ProviderError);
  });
});

const shellcheck = (process.env.PATH ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "shellcheck")));

test.skipIf(!shellcheck)(needing("shellcheck", "the scripts are clean shell"), async () => {
  const folder = await mkdtemp(join(tmpdir(), "sim-scripts-"));
  try {
    const scripts = [join(folder, "boot"), join(folder, "setup")];
    await writeFile(scripts[0] ?? "", bootScript(5));
    await writeFile(scripts[1] ?? "", setupScript());
    await execute("shellcheck", ["--shell=sh", ...scripts]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Whether somebody takes a connection there within a second. */
async function isOpen(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const droplets = findDroplets();

describe.skipIf(droplets === null)(needing("the lab's droplets", "a machine"), () => {
  let keys: string;
  let options: UserDataOptions;

  beforeAll(async () => {
    keys = await mkdtemp(join(tmpdir(), "sim-keys-"));
    const make = async (name: string) => {
      const file = join(keys, name);
      await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
      return {
        private: await readFile(file, "utf8"),
        public: await readFile(`${file}.pub`, "utf8"),
      };
    };
    const [hostKey, own] = [await make("host"), await make("own")];
    options = { minutes: 90, hostKey, authorizedKey: own.public };
  });

  afterAll(() => rm(keys, { recursive: true, force: true }));

  async function boot(changes: Partial<DropletOptions> = {}): Promise<Droplet> {
    if (droplets === null) throw new Error("there are no droplets");
    const settings = { name: "sim-aaaaaaaaaa-0", userData: userData(options), ...changes };
    return await startDroplet(droplets, settings);
  }

  const ssh = async (droplet: Droplet, user: string, ...command: string[]) => {
    const [type, key] = options.hostKey.public.split(" ");
    await writeFile(join(keys, "known_hosts"), `${droplet.address} ${type} ${key}\n`);
    const settings = [
      "BatchMode=yes",
      "StrictHostKeyChecking=yes",
      "IdentitiesOnly=yes",
      `IdentityFile=${join(keys, "own")}`,
      `UserKnownHostsFile=${join(keys, "known_hosts")}`,
    ];
    const { stdout } = await execute("ssh", [
      ...["-F", "/dev/null", ...settings.flatMap((one) => ["-o", one])],
      ...["-p", String(droplet.port), `${user}@${droplet.address}`, ...command],
    ]);
    return stdout;
  };

  describe("that was set up", () => {
    let droplet: Droplet;

    beforeAll(async () => {
      droplet = await boot();
      await droplet.exec("cloud-init status --wait");
    }, 120_000);

    afterAll(() => droplet.destroy());

    test("says so, with its Docker's version", async () => {
      expect(await droplet.exec(`cat ${READY_FILE}`)).toMatch(/^\d+\.\d+/);
      await expect(droplet.exec(`cat ${FAILED_FILE}`)).rejects.toThrow();
    });

    test("shows our host key, and lets in our key's user, who may use Docker", async () => {
      expect(
        await ssh(droplet, "sim", "docker", "version", "--format", "{{.Server.Version}}"),
      ).toBe(await droplet.exec(`cat ${READY_FILE}`));
      expect(await ssh(droplet, "sim", "sudo", "-n", "id", "-u")).toBe("0\n");
    });

    test("lets in no root", async () => {
      await expect(ssh(droplet, "root", "true")).rejects.toThrow(/Permission denied/);
    });

    test("got its Docker at a pinned version, which nothing changes", async () => {
      const asked = await droplet.exec("cat /var/log/sim-lab/apt-get");
      expect(asked).toMatch(/docker-ce=5:\d+\.\d+\.\d+-1~ubuntu\.24\.04~noble/);
      expect(asked).toMatch(/containerd\.io=\d+\.\d+\.\d+-1~ubuntu\.24\.04~noble/);
      expect(await droplet.exec("cat /var/log/sim-lab/apt-mark")).toContain("hold docker-ce");
    });

    test("powers off at its deadline", async () => {
      expect(await droplet.deadline()).toBe(90);
    });

    test("lets nothing in but SSH, not even what Docker publishes", async () => {
      await droplet.exec(
        `docker run --rm --detach --name web --publish 8080:8080 ${images.busybox} httpd -f -p 8080`,
      );
      expect(await isOpen(droplet.address, 22)).toBe(true);
      expect(await isOpen(droplet.address, 8080)).toBe(false);
      // What holds it off is the last rule, and nothing else.
      await droplet.exec("iptables -D DOCKER-USER -j DROP");
      expect(await isOpen(droplet.address, 8080)).toBe(true);
      await droplet.exec("docker rm --force web; iptables -A DOCKER-USER -j DROP");
    });

    test("keeps containers from the cloud's metadata, and not from the rest", async () => {
      const server = createServer((_, response) => response.end("answered"));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      const port = typeof address === "object" ? address?.port : 0;
      const get = (host: string) =>
        `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${host} ${port} || true`;
      const inside = (host: string) => `docker run --rm ${images.busybox} sh -c "${get(host)}"`;
      try {
        expect(await droplet.exec(`curl -s http://169.254.169.254:${port}`)).toBe("answered");
        expect(await droplet.exec(inside(droplets?.host ?? ""))).toContain("answered");
        expect(await droplet.exec(inside("169.254.169.254"))).not.toContain("answered");
      } finally {
        server.close();
      }
    });

    test("keeps deadline, firewall and Docker over a reboot, without setting up again", async () => {
      const rules = "iptables -S INPUT; iptables -S SIM-PIPELINE; ip6tables -S SIM-PIPELINE";
      const before = await droplet.exec(rules);
      await droplet.exec("rm /var/log/sim-pipeline-setup.log");
      // As if 30 minutes had passed.
      await droplet.exec("f=/var/lib/sim-pipeline/deadline; echo $(($(cat $f) - 1800)) >$f");
      await droplet.powerOff();
      await droplet.powerOn();
      await droplet.exec("cloud-init status --wait");
      expect(await droplet.exec(rules)).toBe(before);
      expect(await droplet.deadline()).toBe(60);
      await droplet.exec("docker version");
      await expect(droplet.exec("cat /var/log/sim-pipeline-setup.log")).rejects.toThrow();
    });

    test("gets no more time from a clock that was set back, and a minute from one set ahead", async () => {
      const script = "/var/lib/cloud/scripts/per-boot/sim-pipeline";
      await droplet.exec(`echo 9999999999 >/var/lib/sim-pipeline/deadline; ${script}`);
      expect(await droplet.deadline()).toBe(90);
      await droplet.exec(`echo 1 >/var/lib/sim-pipeline/deadline; ${script}`);
      expect(await droplet.deadline()).toBe(1);
    });
  });

  test("whose Docker is signed by somebody else does not install it, and says why", async () => {
    await using droplet = await boot({ faults: ["docker-key"] });
    await droplet.exec("cloud-init status --wait || true");
    const [step, ...output] = (await droplet.exec(`cat ${FAILED_FILE}`)).split("\n");
    expect(step).toBe("Docker's signing key");
    expect(output.join("\n")).toContain("gave another key than Docker's: 1:0000");
    await expect(droplet.exec(`cat ${READY_FILE}`)).rejects.toThrow();
    expect(await droplet.deadline()).toBe(90);
  });

  test("whose Docker does not start says so", async () => {
    await using droplet = await boot({ faults: ["docker-start"] });
    await droplet.exec("cloud-init status --wait || true");
    const failed = await droplet.exec(`cat ${FAILED_FILE}`);
    expect(failed).toMatch(/^the Docker daemon\n/);
    expect(failed).toContain("Job for docker.service failed");
  });
});
