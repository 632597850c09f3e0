import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdirSync, watch } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { connectDocker } from "../../../src/engines/docker/connect.ts";
import { dockerAvailable, dockerEngine } from "../../../src/engines/docker/docker.ts";
import { engineNamed } from "../../../src/engines/select.ts";
import { findDocker, needing } from "../../lab/lab.ts";
import { findSshd, makeKey, type Sshd, startSshd } from "../../lab/sshd.ts";

const execute = promisify(execFile);
const docker = await findDocker();
const socket = docker?.socket ?? "";
const ready = docker !== null && (await findSshd());
const signal = new AbortController().signal;

describe.skipIf(!ready)(needing("sshd and a Docker daemon", "a daemon behind SSH"), () => {
  let sshd: Sshd;
  beforeEach(async () => {
    sshd = await startSshd();
  });
  afterEach(async () => {
    await sshd[Symbol.asyncDispose]();
  });

  const reason = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const found = await dockerAvailable(env);
    if (found.available) throw new Error("it answers");
    // The same for who wants to use it: exit 3.
    await expect(dockerEngine({ env })).rejects.toMatchObject({ exitCode: 3 });
    return found.reason;
  };

  test("answers through one connection, however many requests there are", async () => {
    const connection = await connectDocker(sshd.env(socket));
    try {
      await Promise.all(Array.from({ length: 40 }, () => connection.docker.ping()));
      expect(await connection.answers()).toBe(true);
      expect(sshd.logins()).toBe(1);
    } finally {
      connection.close();
    }
  });

  test("a docker context may name it too", async () => {
    const home = await mkdtemp(join(tmpdir(), "sim-context-"));
    try {
      const { DOCKER_HOST: host, ...env } = sshd.env(socket);
      await execute("docker", ["context", "create", "far", "--docker", `host=${host}`], {
        env: { ...env, DOCKER_CONFIG: home },
      });
      expect(
        await dockerAvailable({ ...env, DOCKER_CONFIG: home, DOCKER_CONTEXT: "far" }),
      ).toMatchObject({ available: true, host });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  test("no host whose key is unknown", async () => {
    await writeFile(sshd.knownHosts, "");
    expect(await reason(sshd.env(socket))).toMatch(/host key of lab is not known.*Connect once/s);
    expect(sshd.logins()).toBe(0);
    expect(await readFile(sshd.knownHosts, "utf8")).toBe("");
  });

  test("no host whose key has changed", async () => {
    await sshd.changeHostKey();
    expect(await reason(sshd.env(socket))).toMatch(
      /has changed \(it shows SHA256:.*ssh-keygen -R '/s,
    );
    expect(sshd.logins()).toBe(0);
  });

  test("an own configuration that trusts everybody does not count", async () => {
    await writeFile(sshd.knownHosts, "");
    const config = await readFile(sshd.config, "utf8");
    await writeFile(sshd.config, `${config}  StrictHostKeyChecking no\n`);
    expect(await reason(sshd.env(socket))).toMatch(/is not known/);
    expect(sshd.logins()).toBe(0);
  });

  test("a key that the host does not take", async () => {
    await makeKey(sshd.identity);
    expect(await reason(sshd.env(socket))).toMatch(/does not let us in: .*Permission denied/s);
  });

  test("a key that others can read", async () => {
    await chmod(sshd.identity, 0o644);
    expect(await reason(sshd.env(socket))).toMatch(/`chmod 600`/);
  });

  test("nobody on its port", async () => {
    await sshd.stop();
    expect(await reason(sshd.env(socket))).toMatch(/refuses connections on its SSH port/);
  });

  test("a host that no name is known for", async () => {
    // Longer than a name may be, so that nobody is asked for it.
    const name = "x".repeat(64);
    const env = { ...sshd.env(), DOCKER_HOST: `ssh://${name}` };
    expect(await reason(env)).toMatch(`There is no host ${name}`);
  });

  test("a configuration with a mistake", async () => {
    await writeFile(sshd.config, "Nonsense yes\n");
    expect(await reason(sshd.env(socket))).toMatch(/does not take its configuration.*nonsense/is);
  });

  test("no ssh program", async () => {
    const env = { ...sshd.env(socket), PATH: "/nonexistent" };
    expect(await reason(env)).toMatch(/no `ssh` program: install/);
  });

  test("no socket there", async () => {
    expect(await reason(sshd.env("/nowhere/docker.sock"))).toMatch(
      /lab has no \/nowhere\/docker\.sock: install and start Docker there/,
    );
  });

  test("a file that is no socket there", async () => {
    expect(await reason(sshd.env("/etc/hostname"))).toMatch(/is no socket/);
  });

  test("a socket there that nobody listens at", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sim-dead-"));
    try {
      const dead = join(folder, "docker.sock");
      // Node removes the socket's file when it closes it; a program that is killed does not.
      const script = `require("node:net").createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, "SIGKILL"))`;
      await execute(process.execPath, ["-e", script]).catch(() => {});
      expect(await readdir(folder)).toEqual(["docker.sock"]);
      expect(await reason(sshd.env(dead))).toMatch(/Nobody answers at .*systemctl start docker/s);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test.skipIf(process.getuid?.() !== 0)(
    needing("root, for another user", "a socket there that the user may not use"),
    async () => {
      const user = `sim-denied-${process.pid}`;
      // Not locked, which sshd would refuse, but without a password.
      const options = ["--no-create-home", "--shell", "/bin/sh", "--password", "*"];
      await execute("useradd", [...options, user]);
      try {
        await using other = await startSshd([], user);
        expect(await reason(other.env(socket))).toMatch(
          /lab may not use .*docker\.sock there: .*usermod -aG docker/s,
        );
      } finally {
        await execute("userdel", [user]);
      }
    },
  );

  test("a host that lets us forward, but not look", async () => {
    await using closed = await startSshd(["ForceCommand /bin/false"]);
    expect(await reason(closed.env("/nowhere/docker.sock"))).toMatch(
      /why cannot be seen from here.*usermod/s,
    );
    expect(await dockerAvailable(closed.env(socket))).toMatchObject({ available: true });
  });

  test("a host that forwards no sockets", async () => {
    await using strict = await startSshd(["AllowStreamLocalForwarding no"]);
    expect(await reason(strict.env(socket))).toMatch(/AllowStreamLocalForwarding yes/);
  });

  test("a broken connection is made anew by who asks next, and not before", async () => {
    const connection = await connectDocker(sshd.env(socket));
    await using engine = await dockerEngine({ env: sshd.env(socket) });
    try {
      await connection.docker.ping();
      const before = sshd.logins();
      await sshd.stop();
      await expect(connection.docker.ping()).rejects.toThrow();
      expect(await connection.answers()).toBe(false);
      await sshd.start();
      await engine.available(signal);
      expect(sshd.logins()).toBe(before + 1);
    } finally {
      connection.close();
    }
  });

  test("the account's own shell is not needed for it", async () => {
    const env = { ...sshd.env(socket), SHELL: "/usr/sbin/nologin" };
    expect(await dockerAvailable(env)).toMatchObject({ available: true });
  });

  test("what an earlier run left there is looked for only where it can be reached", async () => {
    const engine = await engineNamed("docker", sshd.env(socket));
    expect(await engine?.recover("nobodys-run", () => null)).toEqual([]);
    await engine?.[Symbol.asyncDispose]();
    await sshd.stop();
    expect(await engineNamed("docker", sshd.env(socket))).toBeNull();
  });

  test("a host that stays away is asked ever less often", async () => {
    const connection = await connectDocker(sshd.env(socket));
    try {
      await connection.docker.ping();
      await sshd.stop();
      await using counter = await countConnections(sshd.port);
      await Promise.all(Array.from({ length: 200 }, () => connection.answers()));
      expect(counter.connections()).toBeLessThanOrEqual(1);
    } finally {
      connection.close();
    }
  });

  test("a host that has another key all of a sudden ends the run: exit 3", async () => {
    await using engine = await dockerEngine({ env: sshd.env(socket) });
    await sshd.stop();
    await sshd.start();
    await sshd.changeHostKey();
    await sshd.drop();
    await expect(engine.available(signal)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/has changed/),
    });
  });
});

describe.skipIf(!ready)(needing("sshd and a Docker daemon", "ssh does not outlive us"), () => {
  let sshd: Sshd;
  let folder: string;
  beforeAll(async () => {
    sshd = await startSshd();
    folder = await mkdtemp("/tmp/sim-t-");
  });
  afterAll(async () => {
    await sshd[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test.each([
    ["that exits", "process.exit()"],
    ["that is killed", 'process.kill(process.pid, "SIGKILL")'],
  ])("a process %s without closing anything", async (_, end) => {
    const connect = new URL("../../../src/engines/docker/connect.ts", import.meta.url);
    const script = `
      import { readdirSync } from "node:fs";
      import { connectDocker } from ${JSON.stringify(connect.href)};
      const connection = await connectDocker(process.env);
      await connection.docker.ping();
      console.log(readdirSync(process.env.TMPDIR).length);
      ${end};`;
    const ran = execute(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...sshd.env(socket), TMPDIR: folder },
    });
    const { stdout } = await ran.catch((error: unknown) =>
      z.object({ stdout: z.string() }).parse(error),
    );
    expect(stdout).toBe("1\n");
    // The folder goes once ssh has.
    await emptied(folder);
  });
});

async function emptied(folder: string): Promise<void> {
  const watcher = watch(folder);
  try {
    while (readdirSync(folder).length > 0) await once(watcher, "change");
  } finally {
    watcher.close();
  }
}

/** Listens in the place of an sshd that is gone, and lets nobody in. */
async function countConnections(
  port: number,
): Promise<AsyncDisposable & { connections(): number }> {
  let connections = 0;
  const server: Server = createServer((client) => {
    connections++;
    client.destroy();
  });
  server.listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    connections: () => connections,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}
