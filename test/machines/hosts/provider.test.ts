import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readHosts } from "../../../src/machines/hosts/list.ts";
import { hosts } from "../../../src/machines/hosts/provider.ts";
import { userConfiguration } from "../../../src/machines/hosts/ssh.ts";
import { leaseTags, machineName, newLeaseId } from "../../../src/machines/names.ts";
import type { Order } from "../../../src/machines/provider.ts";
import { findDocker, images, needing } from "../../lab/lab.ts";
import { findSshd } from "../../lab/sshd.ts";
import { refusal } from "../digitalocean/fixtures.ts";
import { type LabHosts, startHosts } from "./fixtures.ts";

const execute = promisify(execFile);
const never = new AbortController().signal;

function order(
  changes: Partial<Order> & { readonly run?: string; readonly minutes?: number } = {},
) {
  const { run = "some-run", minutes = 60, ...rest } = changes;
  const id = newLeaseId();
  return {
    names: [machineName({ id }, 0)],
    ...{ size: "any", region: "own", userData: "" },
    tags: leaseTags({ id, run, attempt: 1, minutes }),
    ...rest,
  };
}

describe("the list of hosts", () => {
  const read = (SIM_PIPELINE_HOSTS: string) => readHosts({ SIM_PIPELINE_HOSTS });

  test("is the variable's entries, each a name of its own", async () => {
    expect(await read("a, me@b:2222\n ssh://c,[::1]:22")).toEqual(
      [
        { name: "a", target: { user: null, host: "a", port: null } },
        { name: "b:2222", target: { user: "me", host: "b", port: 2222 } },
        { name: "c", target: { user: null, host: "c", port: null } },
        { name: "::1:22", target: { user: null, host: "::1", port: 22 } },
      ].map((host) => expect.objectContaining(host)),
    );
  });

  test.each([
    ["a,-oProxyCommand=x", /^SIM_PIPELINE_HOSTS, entry 2: .*no name of a host/],
    ["me:secret@a", /^SIM_PIPELINE_HOSTS, entry 1: .*a password has no place in it/],
    ["a/run/docker.sock", /entry 1: .*path after the host/],
    ["a,me@a", /entry 2: a is named already, in SIM_PIPELINE_HOSTS, entry 1/],
    ["any", /`any` means whichever host is free/],
    ["a:0", /there is no port 0/],
    ["a:ssh", /it is no ssh:\/\/ address/],
  ])("%s is refused", async (text, message) => {
    const error = await refusal(read(text));
    expect(error).toMatchObject({ kind: "invalid", exitCode: 2 });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("secret");
  });

  describe("in a file", () => {
    let folder = "";
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "sim-pipeline-config-"));
      await mkdir(join(folder, "sim-pipeline"));
    });
    const file = () => join(folder, "sim-pipeline/hosts");
    const ofFile = async (text: string) => {
      await writeFile(file(), text);
      return await readHosts({ XDG_CONFIG_HOME: folder });
    };

    test("has one a line, and comments", async () => {
      const found = await ofFile("# ours\nme@a\n\n  b:2222  # in the cellar\n");
      expect(found.map(({ name }) => name)).toEqual(["a", "b:2222"]);
      await rm(folder, { recursive: true });
    });

    test("names the line that is wrong", async () => {
      const error = await refusal(ofFile("a\n\nb c\n"));
      expect(error.message).toContain(`${file()}:3: `);
      await rm(folder, { recursive: true });
    });

    test("that is not there says where hosts are named", async () => {
      const error = await refusal(readHosts({ XDG_CONFIG_HOME: folder }));
      expect(error.message).toContain(`SIM_PIPELINE_HOSTS`);
      expect(error.message).toContain(file());
      await rm(folder, { recursive: true });
    });
  });
});

const docker = await findDocker();
const isThere = docker !== null && (await findSshd());

describe.skipIf(!isThere)(needing("sshd and a Docker daemon", "hosts"), () => {
  let lab: LabHosts;

  beforeAll(async () => {
    lab = await startHosts(2);
  });
  afterAll(() => lab[Symbol.asyncDispose]());
  beforeEach(() => lab.clear());

  const lease = (index: number) => join(lab.homes[index] ?? "", ".sim-pipeline/lease");
  const one = (index: number) => ({ ...lab.env, SIM_PIPELINE_HOSTS: `h${index}` });
  const container = async (run: string) => {
    const label = `sim-pipeline.run=${run}`;
    const words = ["run", "-d", "--label", label, images.busybox, "sleep", "600"];
    const { stdout } = await execute("docker", ["-H", docker?.host ?? "", ...words]);
    const id = stdout.trim();
    return {
      isThere: async () => {
        const listed = ["ps", "-aq", "--no-trunc", "--filter", `id=${id}`];
        return (await execute("docker", ["-H", docker?.host ?? "", ...listed])).stdout !== "";
      },
      [Symbol.asyncDispose]: async () => {
        await execute("docker", ["-H", docker?.host ?? "", "rm", "-f", id]).catch(() => {});
      },
    };
  };

  describe("a reservation", () => {
    test("is had by one of many who ask at once, and the others are told by whom", async () => {
      const orders = Array.from({ length: 4 }, () => order({ size: "h0" }));
      await using provider = await hosts(lab.env);
      const ends = await Promise.allSettled(orders.map((asked) => provider.create(asked, never)));
      const [made] = ends.flatMap((end) => (end.status === "fulfilled" ? end.value : []));
      const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
      expect(refused).toHaveLength(3);
      for (const error of refused) {
        expect(error).toMatchObject({ kind: "out-of-stock" });
        expect(String(error)).toContain(`h0 is in use for some-run (${made?.name}) until 20`);
      }
      expect((await provider.list(never)).map(({ name }) => name)).toEqual([made?.name]);
    });

    test("goes to the next host that is free", async () => {
      await using provider = await hosts(lab.env);
      const made = [order(), order()].map((asked) => provider.create(asked, never));
      const addresses = (await Promise.all(made)).flat().map(({ address }) => address);
      expect(addresses.sort()).toEqual(["h0", "h1"]);
      expect((await refusal(provider.create(order(), never))).kind).toBe("out-of-stock");
    });

    test("of the same name again is the same", async () => {
      await using provider = await hosts(lab.env);
      const asked = order();
      const [first] = await provider.create(asked, never);
      const [again] = await provider.create(asked, never);
      expect(again).toEqual(first);
    });

    test("is readable by its user alone", async () => {
      await using provider = await hosts(lab.env);
      await provider.create(order({ size: "h0" }), never);
      const { stdout } = await execute("stat", ["-c", "%a", lease(0)]);
      expect(stdout).toBe("600\n");
    });

    test("whose time is over by the host's clock is free, and its run's containers end", async () => {
      await using provider = await hosts(one(0));
      await provider.create(order({ run: "late-run", minutes: 1 }), never);
      const text = await readFile(lease(0), "utf8");
      const over = text.replaceAll(/"(created|until)":(\d+)/g, (_, key, time) => {
        return `"${key}":${Number(time) - 61}`;
      });
      await writeFile(lease(0), over);
      await using late = await container("late-run");
      await using other = await container("other-run");
      const [made] = await provider.create(order(), never);
      expect((await provider.list(never)).map(({ id }) => id)).toEqual([made?.id]);
      expect(await late.isThere()).toBe(false);
      expect(await other.isThere()).toBe(true);
    });

    test("that cannot be read is left alone", async () => {
      await mkdir(join(lease(0), ".."), { recursive: true });
      await writeFile(lease(0), "something else\n");
      await using provider = await hosts(one(0));
      const error = await refusal(provider.create(order(), never));
      expect(error.message).toContain("cannot be read (~/.sim-pipeline/lease)");
      expect(await readFile(lease(0), "utf8")).toBe("something else\n");
    });
  });

  describe("removal", () => {
    test("ends the containers of the lease's run, and no others", async () => {
      await using provider = await hosts(one(0));
      const [made] = await provider.create(order({ run: "this-run" }), never);
      await using ours = await container("this-run");
      await using other = await container("other-run");
      await provider.remove([made?.id ?? ""], never);
      expect(await ours.isThere()).toBe(false);
      expect(await other.isThere()).toBe(true);
      expect(await provider.list(never)).toEqual([]);
    });

    test("touches no reservation that came after it", async () => {
      await using provider = await hosts(one(0));
      const [old] = await provider.create(order(), never);
      await provider.remove([old?.id ?? ""], never);
      const [made] = await provider.create(order(), never);
      await provider.remove([old?.id ?? ""], never);
      expect((await provider.list(never)).map(({ id }) => id)).toEqual([made?.id]);
    });

    test("also reaches a host that is in the list no more", async () => {
      await using before = await hosts(one(0));
      const [made] = await before.create(order(), never);
      const id = made?.id ?? "";
      await using provider = await hosts(one(1));
      expect(await provider.list(never)).toEqual([]);
      expect((await provider.list(never, [id])).map((machine) => machine.id)).toEqual([id]);
      await provider.remove([id], never);
      expect(await provider.list(never, [id])).toEqual([]);
    });

    test("takes nothing for an id that is none", async () => {
      await using provider = await hosts(one(0));
      for (const id of ["4711", "ssh://h0", "ssh://h0/../x", "ssh://-oX/sim-a-0"]) {
        await expect(provider.remove([id], never)).rejects.toThrow();
      }
    });
  });

  describe("a host that does not answer", () => {
    test("is told as a size that is not there, and the others are used", async () => {
      await using provider = await hosts({ ...lab.env, SIM_PIPELINE_HOSTS: "127.0.0.1:1,h1" });
      const sizes = await provider.sizes(never);
      expect(sizes.map(({ name, available }) => [name, available])).toEqual([
        ["any", true],
        ["127.0.0.1:1", false],
        ["h1", true],
      ]);
      expect(sizes[1]?.description).toContain("127.0.0.1 refuses connections on its SSH port");
      const [made] = await provider.create(order(), never);
      expect(made?.address).toBe("h1");
      expect(await provider.list(never)).toHaveLength(1);
      expect(await provider.now(never)).toBeGreaterThan(0);
      const error = await refusal(
        provider.check({ size: "127.0.0.1:1", region: null, count: 1 }, never),
      );
      expect(error).toMatchObject({ kind: "unavailable" });
    });

    test("does not let pass for gone what is on it", async () => {
      await using provider = await hosts(lab.env);
      const [made] = await provider.create(order({ size: "h1" }), never);
      await lab.sshds[1]?.stop();
      try {
        expect(await provider.list(never)).toEqual([]);
        const error = await refusal(provider.list(never, [made?.id ?? ""]));
        expect(error.kind).toBe("unavailable");
      } finally {
        await lab.sshds[1]?.start();
      }
    });

    test("is an error where there is no other", async () => {
      await using provider = await hosts({ ...lab.env, SIM_PIPELINE_HOSTS: "127.0.0.1:1" });
      expect((await refusal(provider.list(never))).kind).toBe("unavailable");
      expect((await refusal(provider.now(never))).kind).toBe("unavailable");
    });
  });

  describe("what is wrong with a host is told before it is used", () => {
    const told = async (env: NodeJS.ProcessEnv) => {
      await using provider = await hosts(env);
      return await refusal(provider.check({ size: "any", region: null, count: 1 }, never));
    };

    test("a key that it does not take", async () => {
      const env = await lab.withKey("");
      const error = await told({ ...env, SIM_PIPELINE_HOSTS: "h0" });
      expect(error.kind).toBe("auth");
      expect(error.message).toContain("h0 does not let us in");
    });

    test("a host key that nobody accepted yet", async () => {
      const config = (await readFile(lab.env.SIM_PIPELINE_SSH_CONFIG ?? "", "utf8")).replaceAll(
        /UserKnownHostsFile .*/g,
        "UserKnownHostsFile /dev/null",
      );
      const path = join(lab.homes[0] ?? "", "config");
      await writeFile(path, config);
      const error = await told({ ...one(0), SIM_PIPELINE_SSH_CONFIG: path });
      expect(error.kind).toBe("auth");
      expect(error.message).toContain("The host key of h0 is not known");
      expect(error.message).toContain("Connect once with");
    });

    test("no Docker that answers", async () => {
      await using other = await startHosts(1, ["SetEnv DOCKER_HOST=unix:///nobody/here.sock"]);
      const error = await told(other.env);
      expect(error.kind).toBe("invalid");
      expect(error.message).toMatch(/h0 is no Docker host: its Docker does not answer: .*nobody/);
    });

    test("a login that runs no commands", async () => {
      await using other = await startHosts(1, ["ForceCommand echo welcome"]);
      expect((await told(other.env)).message).toContain("does not run commands as a shell does");
    });

    test("more machines than hosts", async () => {
      await using provider = await hosts(lab.env);
      const check = (size: string, count: number) =>
        provider.check({ size, region: null, count }, never);
      await check("any", 2);
      expect((await refusal(check("any", 3))).message).toContain("there are 2 hosts");
      expect((await refusal(check("h0", 2))).kind).toBe("limit");
    });
  });

  test("rented machines, which `machines env` leads ssh to, do not hide the user's hosts", async () => {
    const state = await mkdtemp(join(tmpdir(), "sim-pipeline-state-"));
    const rented = join(state, "ssh_config");
    await writeFile(rented, "Host *\n  ProxyCommand false\n");
    const target = `127.0.0.1:${lab.sshds[0]?.port}`;
    const env = { ...lab.env, SIM_PIPELINE_STATE: state, SIM_PIPELINE_HOSTS: target };
    await using provider = await hosts({ ...env, SIM_PIPELINE_SSH_CONFIG: rented });
    // Its host key is in no file of the user's, which is told only by who asked it.
    expect((await refusal(provider.now(never))).message).toContain("The host key of 127.0.0.1");
    await rm(state, { recursive: true });
  });

  test("another name for a host leads to it by the same keys and users", async () => {
    const target = { user: null, host: "h1", port: null };
    const block = await userConfiguration(target, "sim-abc-0", lab.env, never);
    const path = join(lab.homes[0] ?? "", "machines");
    await writeFile(path, block);
    const { stdout } = await execute("ssh", [
      ...["-F", path, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"],
      ...["sim-abc-0", 'echo "$HOME"'],
    ]);
    expect(stdout.trim()).toBe(lab.homes[1]);
  });
});
