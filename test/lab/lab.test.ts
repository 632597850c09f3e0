import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { startDaemon } from "./daemon.ts";
import {
  findAct,
  findAzurite,
  findBuildKit,
  findBuildx,
  findDocker,
  findDroplets,
  findRegistry,
  findTlsDaemon,
  images,
  needing,
} from "./lab.ts";
import { mountTmpfs } from "./tmpfs.ts";

const execute = promisify(execFile);
const inLab = process.env.SIM_LAB === "1";
const docker = inLab ? await findDocker() : null;
const registry = inLab ? await findRegistry() : null;
const tls = inLab ? await findTlsDaemon() : null;
const [azurite, act] = [findAzurite(), findAct()];
const [buildx, buildKit] = [findBuildx(), findBuildKit()];

/** What a docker command prints; `host` as in DOCKER_HOST. */
async function run(host: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute("docker", ["-H", host, ...args]);
  return stdout.trim();
}

it.runIf(inLab)("the lab is complete", () => {
  const droplets = findDroplets();
  const found = { docker, registry, tls, droplets, azurite, act, buildx, buildKit };
  for (const [part, where] of Object.entries(found)) expect(where, part).not.toBeNull();
});

describe.skipIf(!docker)(needing("the lab's Docker daemon", "the main daemon"), () => {
  const host = docker?.host ?? "";

  it("runs Node 24 in the node image", async () => {
    const print = ["node", "-p", "process.version"];
    expect(await run(host, "run", "--rm", "--network=none", images.node, ...print)).toMatch(
      /^v24\./,
    );
  });

  it("has an image with a program and no shell", async () => {
    const sh = run(host, "run", "--rm", "--network=none", "--entrypoint=sh", images.noShell);
    await expect(sh).rejects.toMatchObject({ code: 127 });
    const exit = run(host, "run", "--rm", "--network=none", images.noShell, "7");
    await expect(exit).rejects.toMatchObject({ code: 7, stdout: expect.stringContaining("hello") });
  });
});

describe.skipIf(!registry)(needing("the lab's registry", "the registry with a password"), () => {
  const manifest = `http://${registry?.address}/v2/sim-lab/busybox/manifests/stable`;
  const authorization = (password: string | undefined) =>
    `Basic ${Buffer.from(`${registry?.user}:${password}`).toString("base64")}`;

  it("refuses who comes without credentials or with wrong ones", async () => {
    expect((await fetch(manifest)).status).toBe(401);
    const headers = { authorization: authorization("wrong") };
    expect((await fetch(manifest, { headers })).status).toBe(401);
  });

  it("gives its image to who has them", async () => {
    const headers = { authorization: authorization(registry?.password) };
    expect((await fetch(manifest, { headers })).status).toBe(200);
  });
});

describe.skipIf(!tls)(needing("the lab's daemon behind TLS", "the daemon behind TLS"), () => {
  const certs = tls?.certs ?? "";
  const secured = [
    "--tlsverify",
    ...["--tlscacert", join(certs, "ca.pem")],
    ...["--tlscert", join(certs, "cert.pem")],
    ...["--tlskey", join(certs, "key.pem")],
  ];

  it("runs a container", async () => {
    const command = ["run", "--rm", "--network=none", images.busybox, "echo", "here"];
    expect(await run(tls?.host ?? "", ...secured, ...command)).toBe("here");
  });

  it("does not share our files", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "ours"), "");
    const mount = ["run", "--rm", "--network=none", "--volume", `${folder.path}:/there`];
    expect(await run(tls?.host ?? "", ...secured, ...mount, images.busybox, "ls", "/there")).toBe(
      "",
    );
  });

  it("refuses who has no certificate", async () => {
    const ca = ["--tls", "--tlscacert", join(certs, "ca.pem")];
    await expect(run(tls?.host ?? "", ...ca, "version")).rejects.toThrow(/remote error: tls/);
  });
});

describe.skipIf(!docker)(needing("the lab's Docker daemon", "a private daemon"), () => {
  it("keeps its images over a restart and a crash, and its containers end with both", async () => {
    await using daemon = await startDaemon();
    await daemon.loadImage(images.busybox);
    const sleeper = ["run", "--detach", "--init", "--network=none", images.busybox, "sleep", "600"];

    for (const interruption of [daemon.stop, daemon.kill]) {
      const id = await run(daemon.host, ...sleeper);
      await interruption();
      await expect(run(daemon.host, "version")).rejects.toThrow(/connect/i);
      await daemon.start();
      expect(await run(daemon.host, "inspect", "-f", "{{.State.Running}}", id)).toBe("false");
    }
  });

  it("leaves no process, mount or folder behind, even when disposed of after a crash", async () => {
    let folder: string;
    {
      await using daemon = await startDaemon({ dataBytes: 64 * 1024 ** 2 });
      folder = daemon.host.replace("unix://", "").replace("/docker.sock", "");
      await daemon.loadImage(images.busybox);
      await run(daemon.host, "run", "--detach", "--network=none", images.busybox, "sleep", "600");
      await daemon.kill();
    }
    const { stdout } = await execute("sh", ["-c", "ps -e -o args; cat /proc/mounts; ls /tmp"]);
    expect(stdout).not.toContain(folder);
  });

  it("leaves the main daemon's network as it was", async () => {
    await using _daemon = await startDaemon();
    const route = ["run", "--rm", "--network=bridge", images.busybox, "ip", "route"];
    expect(await run(docker?.host ?? "", ...route)).toContain("default via");
  });

  it("has a disk that fills up", async () => {
    await using daemon = await startDaemon({ dataBytes: 32 * 1024 ** 2 });
    await daemon.loadImage(images.busybox);
    const fill = [
      "run",
      "--rm",
      "--network=none",
      images.busybox,
      "dd",
      "if=/dev/zero",
      "of=/full",
    ];
    await expect(run(daemon.host, ...fill)).rejects.toThrow(/No space left on device/);
  });
});

describe.skipIf(!docker)(needing("root, as in the lab", "a small tmpfs"), () => {
  it("is full after its bytes, and gone afterwards", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "file");
    {
      await using _disk = await mountTmpfs(folder.path, 1024 ** 2);
      await expect(writeFile(file, Buffer.alloc(2 * 1024 ** 2))).rejects.toMatchObject({
        code: "ENOSPC",
      });
    }
    await writeFile(file, Buffer.alloc(2 * 1024 ** 2));
  });
});

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sim-pipeline-lab-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
