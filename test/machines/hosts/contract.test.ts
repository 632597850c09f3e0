import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { hosts } from "../../../src/machines/hosts/provider.ts";
import { findDocker } from "../../lab/lab.ts";
import { findSshd } from "../../lab/sshd.ts";
import { providerContract } from "../contract.ts";
import { type LabHosts, startHosts } from "./fixtures.ts";

const docker = await findDocker();
const missing = docker === null ? "a Docker daemon" : (await findSshd()) ? null : "sshd";
let lab: LabHosts;

beforeAll(async () => {
  if (missing === null) lab = await startHosts(3);
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

providerContract("hosts", {
  missing,
  make: async () => {
    await lab.clear();
    return {
      provider: await hosts(lab.env),
      size: "any",
      region: "own",
      existing: async () =>
        lab.homes.filter((home) => existsSync(join(home, ".sim-pipeline/lease"))),
      clock: () => performance.timeOrigin + performance.now(),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  capabilities: {
    power: { lacks: "they are their owner's" },
    wrongSecret: {
      secret: "a-passphrase-of-the-lab",
      make: async () => await hosts(await lab.withKey("a-passphrase-of-the-lab")),
    },
    foreign: async () => {
      const folder = join(lab.homes[2] ?? "", ".sim-pipeline");
      await mkdir(folder);
      await writeFile(join(folder, "lease"), "somebody's own\n");
      return "somebody's own";
    },
    userData: { lacks: "their owner set them up" },
    tooMuchUserData: 64 * 1024,
    tooMany: 10_000,
  },
});
