import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { cloudInitModules } from "./droplet/cloud-init.ts";
import { type Droplet, type Fault, startDroplet } from "./droplet/droplet.ts";
import { type Droplets, findDroplets, images, needing } from "./lab.ts";

const execute = promisify(execFile);
const found = process.env.SIM_LAB === "1" ? findDroplets() : null;
const lab: Droplets = found ?? { folder: "", host: "" };
const droplets = fileURLToPath(new URL("../../scripts/lab/droplets.sh", import.meta.url));

const userData = (content: object): string => `#cloud-config\n${stringify(content)}`;
const empty = userData({});
const perBoot = "/var/lib/cloud/scripts/per-boot";
const installDocker = [
  ["apt-get", "install", "-y", "docker.io"],
  ["usermod", "-aG", "docker", "sim"],
];

describe("user data that the lab does not execute", () => {
  it.each([
    ["a key it does not know", userData({ packages: ["jq"] }), /packages/],
    ["one inside a user", userData({ users: [{ name: "sim", groups: "docker" }] }), /groups/],
    ["a password", userData({ users: [{ name: "sim", lock_passwd: false }] }), /password/],
    [
      "permissions that YAML reads as a number",
      "#cloud-config\nwrite_files: [{path: /a, permissions: 0644}]",
      /permissions/,
    ],
    ["a command for a shell", userData({ runcmd: ["echo here"] }), /runcmd/],
    ["a script", "#!/bin/sh\necho here\n", /#cloud-config/],
    ["more than 64 KiB", `${empty}#${"x".repeat(65_536)}`, /at most 65536/],
  ])("is refused: %s", (_, text, message) => {
    expect(() => cloudInitModules(text)).toThrow(message);
  });
});

describe.skipIf(!found)(needing("the lab's droplets", "a droplet"), () => {
  let droplet: Droplet;
  let access: Access;

  beforeAll(async () => {
    access = await makeAccess();
    droplet = await startDroplet(lab, {
      name: "sim-lab-0",
      userData: userData({
        ...access.userData,
        write_files: [
          { path: "/opt/new/a file", permissions: "0640", content: "it's $HOME\n" },
          { path: "/opt/run", permissions: "0755", content: '#!/bin/sh\necho "$@" >>/opt/ran\n' },
        ],
        runcmd: [["/opt/run", "it's", "$HOME"], ...installDocker],
      }),
    });
  });
  afterAll(async () => {
    await droplet[Symbol.asyncDispose]();
    await access[Symbol.asyncDispose]();
  });
  const ssh = (...command: string[]) => access.ssh(droplet, ...command);

  it("lets in the user with the key, and shows the host key that it was given", async () => {
    expect(await ssh("id", "-un")).toBe("sim\n");
    expect(await ssh("hostname")).toBe("sim-lab-0\n");
  });

  it("lets the user be root, and nobody in by name of root", async () => {
    expect(await ssh("sudo", "-n", "id", "-u")).toBe("0\n");
    await expect(access.ssh(droplet, "-l", "root", "id")).rejects.toThrow(/Permission denied/);
  });

  it("has a client wait until cloud-init is done", async () => {
    expect(await ssh("cloud-init", "status", "--wait")).toMatch(/(^|\n)status: done\n$/);
    expect(await ssh("cat", "/opt/ran")).toBe("it's $HOME\n");
  });

  it("has the files of the user data", async () => {
    expect(await droplet.exec('stat -c "%U:%G %a" "/opt/new/a file"; cat "/opt/new/a file"')).toBe(
      "root:root 640\nit's $HOME\n",
    );
  });

  it("runs containers of the lab's images, with limits", async () => {
    await ssh("cloud-init", "status", "--wait");
    const limits = ["--memory", "64m", "--cpus", "0.5", "--pids-limit", "16"];
    const run = ["docker", "run", "--rm", ...limits, images.busybox, "echo", "here"];
    expect(await ssh(...run)).toBe("here\n");
  });

  it("reaches the lab's registries where images name them", async () => {
    const code = "curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1";
    expect(await droplet.exec(`${code}:5000/v2/; ${code}:5001/v2/`)).toBe("200\n401\n");
  });

  it("keeps the caller's files and daemons from whoever is in it", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "ours"), "");
    const clone = fileURLToPath(new URL("../..", import.meta.url));
    for (const path of [join(folder.path, "ours"), join(clone, "package.json"), lab.folder]) {
      expect(await droplet.exec(`test -e '${path}' && echo there || echo hidden`)).toBe("hidden\n");
    }
    expect(await droplet.exec("ls -A /home")).toBe("sim\n");
    expect(await droplet.exec("ps -e -o comm=")).not.toContain("vitest");
    expect(await droplet.exec("env")).not.toContain("SIM_LAB");
  });

  it("changes nothing of this machine", async () => {
    await droplet.exec("touch /etc/changed; iptables -A INPUT -p tcp --dport 9 -j DROP");
    expect(existsSync("/etc/changed")).toBe(false);
    expect((await execute("iptables", ["-S", "INPUT"])).stdout).not.toContain("--dport 9 ");
  });

  it("reaches this machine's loopback at one address, and a cloud's metadata at another", async () => {
    const server = createServer((_, response) => response.end("loopback\n"));
    await using _closed = { [Symbol.asyncDispose]: async () => void server.close() };
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    for (const host of [lab.host, "169.254.169.254"]) {
      expect(await droplet.exec(`curl -s http://${host}:${port}`)).toBe("loopback\n");
    }
    // From containers too, until a firewall forbids it: iptables is real.
    await ssh("cloud-init", "status", "--wait");
    const request = "printf 'GET / HTTP/1.0\\r\\n\\r\\n'";
    const fetch = `${request} | docker run --rm -i ${images.busybox} nc -w 2 169.254.169.254 ${port}`;
    expect(await droplet.exec(fetch)).toContain("loopback\n");
    await droplet.exec("iptables -I DOCKER-USER -d 169.254.169.254 -j REJECT");
    await expect(droplet.exec(fetch)).rejects.toThrow(/Connection refused/);
  });

  it("gets a new host key without losing the connection that asks for it", async () => {
    const key = "/etc/ssh/ssh_host_ed25519_key";
    const renew = `rm ${key}*; ssh-keygen -q -t ed25519 -N '' -f ${key}; systemctl restart ssh`;
    const pinned = await readFile(access.knownHosts, "utf8");
    const renewed = await ssh("sudo", "sh", "-c", `"${renew}; cat ${key}.pub"`);
    await expect(ssh("true")).rejects.toThrow(/Host key verification failed/);
    await writeFile(access.knownHosts, `machine ${renewed}`);
    expect(await ssh("echo", "here")).toBe("here\n");
    expect(renewed.split(" ")[1]).not.toBe(pinned.split(" ")[2]);
  });

  it("is cut off and comes back; what ran in it has gone on", async () => {
    await droplet.exec("setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >/run/sleeper");
    await droplet.disconnect();
    await expect(access.ssh(droplet, "-o", "ConnectTimeout=1", "true")).rejects.toThrow(/connect/);
    await droplet.reconnect();
    expect(await ssh('cat "/proc/$(cat /run/sleeper)/comm"')).toBe("sleep\n");
  });
});

describe.skipIf(!found)(needing("the lab's droplets", "a droplet's power"), () => {
  it("goes off at its deadline by itself, and is as it was when it is on again", async () => {
    let calls = 0;
    await using droplet = await startDroplet(lab, {
      name: "deadline",
      userData: userData({
        write_files: [
          {
            path: `${perBoot}/deadline`,
            permissions: "0755",
            content: "#!/bin/sh\necho boot >>/var/boots\nshutdown -P +30\n",
          },
        ],
        runcmd: [["sh", "-c", "echo run >>/var/boots"]],
      }),
      onPowerOff: () => calls++,
    });
    await droplet.exec("cloud-init status --wait");
    expect(await droplet.deadline()).toBe(30);
    const key = await droplet.exec("cat /etc/ssh/ssh_host_ed25519_key.pub");

    await droplet.reachDeadline();
    await droplet.poweredOff();
    expect([calls, droplet.on]).toEqual([1, false]);
    await expect(droplet.exec("true")).rejects.toThrow(/deadline is off/);

    await droplet.powerOn();
    await droplet.exec("cloud-init status --wait");
    expect(await droplet.exec("cat /var/boots")).toBe("boot\nrun\nboot\n");
    expect(await droplet.exec("cat /etc/ssh/ssh_host_ed25519_key.pub")).toBe(key);
    expect(await droplet.deadline()).toBe(30);

    await droplet.powerOff();
    expect([calls, droplet.on]).toEqual([1, false]);
  });

  it("has minutes as short as a test wants them, and takes a shutdown back", async () => {
    const off = Promise.withResolvers<void>();
    await using droplet = await startDroplet(lab, {
      name: "hurried",
      userData: empty,
      onPowerOff: off.resolve,
      minuteSeconds: 0.01,
    });
    await droplet.exec("shutdown -P +60000; shutdown -c");
    expect(await droplet.deadline()).toBeNull();
    await droplet.exec("shutdown -P +10");
    await off.promise;
  });

  it("starts Docker at each boot, with the images that it had", async () => {
    await using droplet = await startDroplet(lab, {
      name: "again",
      userData: userData({ users: [{ name: "sim" }], runcmd: installDocker }),
    });
    await droplet.exec(`cloud-init status --wait && docker pull -q ${images.busybox}`);
    await droplet.powerOff();
    await droplet.powerOn();
    await droplet.exec("cloud-init status --wait");
    expect(await droplet.exec("systemctl is-active docker ssh")).toBe("active\nactive\n");
    const listed = await droplet.exec("docker image ls --format '{{.Repository}}:{{.Tag}}'");
    expect(listed).toBe(`${images.busybox}\n`);
  });
});

describe.skipIf(!found)(needing("the lab's droplets", "a droplet's setup"), () => {
  it("is an error of cloud-init's when the last command fails", async () => {
    await using droplet = await startDroplet(lab, {
      name: "failing",
      userData: userData({ runcmd: [["true"], ["false"]] }),
    });
    const status = droplet.exec("cloud-init status --wait --long");
    await expect(status).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/status: error\nerrors:\n\t- .*scripts_user/),
    });
  });

  it("is an error when a file is for a user who comes later", async () => {
    await using droplet = await startDroplet(lab, {
      name: "too-early",
      userData: userData({
        users: [{ name: "sim" }],
        write_files: [{ path: "/opt/theirs", owner: "sim:sim" }],
      }),
    });
    const status = droplet.exec("cloud-init status --wait --long");
    await expect(status).rejects.toMatchObject({ stdout: expect.stringContaining("write_files") });
  });

  const key = "https://download.docker.com/linux/ubuntu/gpg";
  const show = `curl -fsSL ${key} -o /docker.asc && gpg --show-keys --with-colons /docker.asc`;
  const source = `mkdir -p /etc/apt/keyrings && curl -fsSL ${key} -o /etc/apt/keyrings/docker.asc
    echo "deb [signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/ubuntu noble stable" \\
      >/etc/apt/sources.list.d/docker.list`;
  const install = `${source}; apt-get update && apt-get install -y -q docker-ce=5:28.5.2-1~ubuntu.24.04~noble`;

  it("installs Docker's own packages of the version asked for, once their source is known", async () => {
    await using droplet = await startDroplet(lab, { name: "packages", userData: empty });
    await expect(droplet.exec("systemctl start docker")).rejects.toThrow(/not found/);
    await expect(droplet.exec("apt-get install -y docker-ce")).rejects.toThrow(/Unable to locate/);
    expect(await droplet.exec(show)).toContain(":9DC858229FC7DD38854AE2D88D81803C0EBFCD88:");
    await droplet.exec(install);
    expect(await droplet.exec("systemctl is-active docker")).toBe("active\n");
    expect((await droplet.exec("cat /var/log/sim-lab/apt-get")).split("\n").slice(-2)).toEqual([
      "install -y -q docker-ce=5:28.5.2-1~ubuntu.24.04~noble",
      "",
    ]);
  });

  it.each<[Fault, string, RegExp]>([
    ["docker-key-missing", show, /503/],
    ["docker-key", `${show} | grep -q 9DC858229FC7`, /Command failed/],
    ["apt-update", install, /Failed to fetch/],
    ["apt-install", install, /Failed to fetch/],
    ["docker-start", `${install} && systemctl enable --now docker`, /docker.service failed/],
  ])("fails as a test wants it: %s", async (fault, command, message) => {
    await using droplet = await startDroplet(lab, {
      name: "faulty",
      userData: empty,
      faults: [fault],
    });
    await expect(droplet.exec(command)).rejects.toThrow(message);
  });
});

describe.skipIf(!found)(needing("the lab's droplets", "several droplets"), () => {
  it("are hosts of their own, and reach each other", async () => {
    const names = ["first", "second", "third"];
    const started = await Promise.all(
      names.map((name) => startDroplet(lab, { name, userData: empty })),
    );
    await using stack = new AsyncDisposableStack();
    for (const droplet of started) stack.use(droplet);
    expect(new Set(started.map(({ address }) => address)).size).toBe(3);
    const [first, second] = started;
    const greeting = await first?.exec(`busybox nc -w 5 ${second?.address} 22 </dev/null`);
    expect(greeting).toMatch(/^SSH-2.0/);
  });

  it("leave nothing when they are destroyed, whatever runs in them", async () => {
    const droplet = await startDroplet(lab, {
      name: "busy",
      userData: userData({ users: [{ name: "sim" }], runcmd: installDocker }),
    });
    await droplet.exec("cloud-init status --wait");
    await droplet.exec(`docker run --detach ${images.busybox} sleep 600`);
    const before = await tracesOf(droplet.address);
    expect(Object.values(before).every((found) => found.length > 0)).toBe(true);
    await droplet.destroy();
    await droplet.destroy();
    expect(await tracesOf(droplet.address, before.namespaces)).toEqual(noTraces);
    await expect(droplet.powerOn()).rejects.toThrow(/busy is destroyed/);
  });

  it("leave nothing after a kill of the test run", async () => {
    const program = `
      import { startDroplet } from ${JSON.stringify(new URL("./droplet/droplet.ts", import.meta.url).href)};
      const lab = ${JSON.stringify(lab)};
      const droplet = await startDroplet(lab, { name: "orphan", userData: "#cloud-config" });
      process.stdout.write(droplet.address);
      setInterval(() => undefined, 60_000);`;
    const run = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await once(run.stdout, "data");
    const address = String(said);
    const { namespaces } = await tracesOf(address);
    run.kill("SIGKILL");
    await once(run, "exit");
    await execute(droplets, ["clear"]);
    expect(await tracesOf(address, namespaces)).toEqual(noTraces);
  });
});

interface Traces {
  folders: string[];
  links: string[];
  cgroups: string[];
  /** In which there are processes: of the droplet's cgroups, or those of the argument. */
  namespaces: string[];
}

const noTraces: Traces = { folders: [], links: [], cgroups: [], namespaces: [] };

async function tracesOf(address: string, namespaces: readonly string[] = []): Promise<Traces> {
  const link = `simd-${address.split(".").slice(2).join("-")}`;
  // Of cgroups' version 1 there are several hierarchies, of version 2 there is one.
  const hierarchies = [".", ...(await readdir("/sys/fs/cgroup"))];
  const cgroups = hierarchies.filter((name) =>
    existsSync(`/sys/fs/cgroup/${name}/sim-droplet-${address}`),
  );
  const used = new Set<string>();
  for (const pid of await readdir("/proc")) {
    const cgroup = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
    for (const kind of ["net", "mnt"]) {
      // None: no process, or one that has ended.
      const space = await readlink(`/proc/${pid}/ns/${kind}`).catch(() => null);
      const own = cgroup.includes(`sim-droplet-${address}`);
      if (space !== null && (own || namespaces.includes(space))) used.add(space);
    }
  }
  return {
    folders: (await readdir(lab.folder)).filter((name) => name === address),
    links: (await readdir("/sys/class/net")).filter((name) => name === link),
    cgroups,
    namespaces: [...used],
  };
}

/** A key pair for a droplet and one for its user, and a client that knows nothing else. */
interface Access extends AsyncDisposable {
  readonly userData: object;
  readonly knownHosts: string;
  ssh(droplet: Droplet, ...words: string[]): Promise<string>;
}

async function makeAccess(): Promise<Access> {
  const folder = await temporaryFolder();
  const file = (name: string) => join(folder.path, name);
  const text = (name: string) => readFile(file(name), "utf8");
  for (const name of ["host", "user"]) {
    await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file(name)]);
  }
  await writeFile(file("known_hosts"), `machine ${await text("host.pub")}`);
  return {
    userData: {
      ssh_keys: { ed25519_private: await text("host"), ed25519_public: await text("host.pub") },
      ssh_deletekeys: true,
      disable_root: true,
      ssh_pwauth: false,
      users: [
        {
          name: "sim",
          shell: "/bin/bash",
          sudo: "ALL=(ALL) NOPASSWD:ALL",
          lock_passwd: true,
          ssh_authorized_keys: [await text("user.pub")],
        },
      ],
    },
    knownHosts: file("known_hosts"),
    ssh: async (droplet, ...words) => {
      const options = [
        ...["-F", "none", "-i", file("user"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"],
        ...["-o", "StrictHostKeyChecking=yes", "-o", `UserKnownHostsFile=${file("known_hosts")}`],
        ...["-o", "HostKeyAlias=machine"],
      ];
      // What the caller says first is an option of ssh's.
      const own = words[0]?.startsWith("-") ? words.splice(0, 2) : [];
      const user = own[0] === "-l" ? [] : ["-l", "sim"];
      const host = [...options, ...own, ...user, droplet.address];
      return (await execute("ssh", [...host, ...words])).stdout;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sim-pipeline-droplet-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
