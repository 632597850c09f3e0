import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { digitalOcean } from "../../src/machines/digitalocean/provider.ts";
import { acquireLease } from "../../src/machines/lease.ts";
import { runRemote } from "../../src/machines/remote.ts";
import { openStore } from "../../src/machines/store.ts";
import { startDigitalOcean } from "../lab/digitalocean/server.ts";
import { startDroplet } from "../lab/droplet/droplet.ts";
import { findDroplets, needing } from "../lab/lab.ts";
import { never } from "./fixtures.ts";

const execute = promisify(execFile);
const lab = process.env.SIM_LAB === "1" ? findDroplets() : null;

describe.skipIf(lab === null)(needing("the lab's droplets", "a lease of real hosts"), () => {
  test("a pool of three: created, set up, reached, used, given back", {
    timeout: 180_000,
  }, async () => {
    if (lab === null) throw new Error("no lab");
    await using api = await startDigitalOcean({
      boot: async ({ name, userData, onPowerOff }) =>
        await startDroplet(lab, { name, userData, onPowerOff }),
    });
    const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-pool-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const store = await openStore(folder);
    await using provider = digitalOcean({ ...api.env });
    await using lease = await acquireLease({
      ...{ provider, store, signal: never() },
      ...{ run: "abc234", attempt: 1, minutes: 60, atLeast: 3, label: null },
      request: { size: "c-2", region: "fra1", count: 3 },
    });
    expect(api.droplets().map(({ name }) => name)).toEqual(lease.machines.map(({ name }) => name));
    for (const machine of lease.machines) {
      const { name } = machine;
      const remote = { name, sshConfig: store.sshConfig };
      expect(await runRemote(remote, "hostname", never())).toBe(`${name}\n`);
      expect(lease.env(machine)).toEqual({
        DOCKER_HOST: `ssh://${name}`,
        SIM_PIPELINE_SSH_CONFIG: store.sshConfig,
      });
    }
    // Each has a key of its own: what one machine knows does not open another.
    const keys = await Promise.all(
      lease.machines.map(
        async ({ address }) => (await execute("ssh-keyscan", ["-t", "ed25519", address])).stdout,
      ),
    );
    expect(new Set(keys.map((line) => line.split(" ")[2])).size).toBe(3);
    const { used } = await lease.release(never());
    expect(used).toHaveLength(3);
    expect([api.droplets(), (await store.list()).records]).toEqual([[], []]);
  });
});
