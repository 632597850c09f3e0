import { mkdtempSync, rmSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Clock, realClock } from "../../src/machines/clock.ts";
import { sshReach } from "../../src/machines/connect.ts";
import { type LeaseRecord, newRecord, withMachines } from "../../src/machines/record.ts";
import { runRemote } from "../../src/machines/remote.ts";
import { openStore, type Store } from "../../src/machines/store.ts";
import { type Droplet, type Fault, startDroplet } from "../lab/droplet/droplet.ts";
import { findDroplets, needing } from "../lab/lab.ts";
import { never } from "./fixtures.ts";
import { virtualClock } from "./virtual-clock.ts";

const lab = process.env.SIM_LAB === "1" ? findDroplets() : null;

interface Machine extends AsyncDisposable {
  readonly droplet: Droplet;
  readonly store: Store;
  readonly name: string;
  /** What the droplet had first, and what is accepted now. */
  readonly oneTime: string;
  accepted(): Promise<string[]>;
  connect(options?: { signal?: AbortSignal; clock?: Clock }): Promise<void>;
}

/** A droplet that was created with a lease's user data, in the midst of its setup. */
async function leased(faults: readonly Fault[] = []): Promise<Machine> {
  if (lab === null) throw new Error("no lab");
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-connect-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const store = await openStore(folder);
  const empty: LeaseRecord = newRecord({
    id: "abcdefghij",
    provider: "digitalocean",
    account: null,
    run: "run",
    attempt: 1,
    minutes: 60,
    label: null,
    size: "c-2",
    region: "fra1",
    count: 1,
    holder: null,
  });
  await store.create(empty);
  const userData = await sshReach.prepare(empty, store, never());
  const name = "sim-abcdefghij-0";
  const knownHosts = store.files(empty.id).knownHosts(name);
  const accepted = async () => (await readFile(knownHosts, "utf8")).trim().split("\n");
  const [oneTime = ""] = await accepted();
  const droplet = cleanup.use(await startDroplet(lab, { name, userData, faults }));
  const { address, port } = droplet;
  const record = withMachines(
    empty,
    [
      {
        provider: "digitalocean",
        id: "1",
        ...{ name, size: "c-2", region: "fra1", state: "running", address, port },
        ...{ privateAddress: null, created: 0, pricePerHour: null, tags: {} },
      },
    ],
    { seen: true },
  );
  const [machine] = record.machines;
  if (machine === undefined) throw new Error("the record has the machine");
  const owned = cleanup.move();
  return {
    ...{ droplet, store, name, oneTime, accepted },
    connect: async ({ signal = never(), clock = realClock } = {}) =>
      await sshReach.connect(machine, record, { store, signal, clock, tell: () => {} }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const HOST_KEY = "/etc/ssh/ssh_host_ed25519_key";

describe.skipIf(lab === null)(needing("the lab's droplets", "a machine over SSH"), () => {
  let machine: Machine;

  beforeAll(async () => {
    machine = await leased();
    await machine.droplet.exec(`cp ${HOST_KEY} /root/first`);
  }, 120_000);
  afterAll(async () => await machine[Symbol.asyncDispose]());

  const keyInUse = async () =>
    `${machine.name} ${(await machine.droplet.exec(`ssh-keygen -y -f ${HOST_KEY}`)).split(" ").slice(0, 2).join(" ").trim()}`;

  test("is ready, and is known by a host key that nobody else ever had", {
    timeout: 120_000,
  }, async () => {
    await machine.connect();
    const accepted = await machine.accepted();
    expect(accepted).toEqual([await keyInUse()]);
    expect(accepted).not.toEqual([machine.oneTime]);
    const { store, name } = machine;
    const said = await runRemote(
      { name, sshConfig: store.sshConfig },
      "docker ps -q; id -un",
      never(),
    );
    expect(said).toBe("sim\n");
  });

  test("can be connected to again, and keeps its key", async () => {
    const before = await machine.accepted();
    await machine.connect();
    expect(await machine.accepted()).toEqual(before);
  });

  /** As it was created: with the key that is in its user data, which alone is accepted. */
  async function renew(): Promise<void> {
    const { store, name, droplet, oneTime } = machine;
    await droplet.exec(`cp /root/first ${HOST_KEY}; rm -f ${HOST_KEY}.*; systemctl restart ssh`);
    await writeFile(store.files("abcdefghij").knownHosts(name), `${oneTime}\n`);
  }

  /** ssh ends us at its nth call, without its work or after it. */
  async function crashAt(nth: number, when: "before" | "after"): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-ssh-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = process.env.PATH ?? "";
    await mkdir(join(folder, "bin"));
    const shim = join(folder, "bin/ssh");
    await writeFile(
      shim,
      `#!/bin/sh
echo >>${folder}/calls
if [ "$(wc -l <${folder}/calls)" -eq ${nth} ]; then
  ${when === "after" ? `PATH='${path}' ssh "$@"` : ":"}
  exit 42
fi
PATH='${path}' exec ssh "$@"
`,
    );
    await chmod(shim, 0o755);
    process.env.PATH = `${join(folder, "bin")}:${path}`;
    try {
      await expect(machine.connect()).rejects.toThrow(/exit 42/);
    } finally {
      process.env.PATH = path;
    }
  }

  test.each(
    [1, 2, 3, 4].flatMap((nth) => [
      { nth, when: "before" } as const,
      { nth, when: "after" } as const,
    ]),
  )(
    "a crash $when ssh's call $nth locks nobody out",
    { timeout: 60_000 },
    async ({ nth, when }) => {
      await renew();
      await crashAt(nth, when);
      await machine.connect();
      expect(await machine.accepted()).toEqual([await keyInUse()]);
      expect(await machine.accepted()).not.toEqual([machine.oneTime]);
    },
  );

  test("one that shows another host key gets nothing, and is given up when it should have booted", async () => {
    await renew();
    await machine.droplet.exec(
      `rm ${HOST_KEY}; ssh-keygen -q -t ed25519 -N '' -f ${HOST_KEY}; systemctl restart ssh`,
    );
    const clock = virtualClock();
    await expect(machine.connect({ clock })).rejects.toThrow(
      /host key of sim-abcdefghij-0 (is not known|has changed)/,
    );
    expect(clock.now()).toBeLessThan(90_000);
    await renew();
  });

  test("an abort ends the wait", async () => {
    await machine.droplet.disconnect();
    const stop = new AbortController();
    const connecting = machine.connect({ signal: stop.signal });
    stop.abort(new Error("SIGINT"));
    await expect(connecting).rejects.toThrow("SIGINT");
    await machine.droplet.reconnect();
  });
});

describe.skipIf(lab === null)(needing("the lab's droplets", "a setup that fails"), () => {
  test.each<{ fault: Fault; step: RegExp }>([
    {
      fault: "docker-start",
      step: /its setup failed at the Docker daemon:\n[\s\S]*docker\.service failed/,
    },
    { fault: "docker-key", step: /its setup failed at Docker's signing key:\n/ },
  ])(
    "$fault: tells the step and what it printed",
    { timeout: 120_000 },
    async ({ fault, step }) => {
      await using machine = await leased([fault]);
      await expect(machine.connect()).rejects.toThrow(step);
    },
  );
});
