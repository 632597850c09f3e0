import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { call, create, listed, order } from "./digitalocean/calls.ts";
import { realDroplets } from "./digitalocean/droplets.ts";
import { callPattern } from "./digitalocean/faults.ts";
import { type Fault, startDigitalOcean } from "./digitalocean/server.ts";
import { findDroplets, needing } from "./lab.ts";

describe("a fault of the stand-in", () => {
  it.each<[string, Omit<Fault, "call">, number | "no answer", number]>([
    ["refuses", { how: { status: 500 } }, 500, 0],
    ["drops the connection before", { how: "reset" }, "no answer", 0],
    ["drops the connection after the work", { how: "reset", when: "after" }, "no answer", 1],
    ["fails after the work", { how: { status: 503 }, when: "after" }, 503, 1],
    ["answers with half of the JSON", { how: "malformed" }, 202, 1],
    ["is an outage", { how: "outage" }, 503, 0],
  ])("%s", async (_, fault, expected, made) => {
    await using api = await startDigitalOcean();
    const { met } = api.fail({ call: "POST /v2/droplets", ...fault });
    const answer = await call(api, "POST", "/droplets", { body: order }).catch(() => null);
    await met;
    expect(answer?.status ?? "no answer").toBe(expected);
    if (fault.how === "malformed") expect(() => answer?.json()).toThrow(SyntaxError);
    expect(api.droplets()).toHaveLength(made);
    await create(api);
  });

  it.each([
    ["before", 0],
    ["after", 1],
  ] as const)("holds an answer until it is released, the work done %s that", async (when, made) => {
    await using api = await startDigitalOcean();
    const fault = api.fail({ call: "POST /v2/droplets", how: "hold", when });
    const asked = call(api, "POST", "/droplets", { body: order });
    await fault.met;
    expect(api.droplets()).toHaveLength(made);
    fault.release();
    expect((await asked).status).toBe(202);
    expect(api.droplets()).toHaveLength(1);
  });

  it("lets a held call do its work when its caller has long gone", async () => {
    await using api = await startDigitalOcean();
    const fault = api.fail({ call: "POST /v2/droplets", how: "hold" });
    const hangUp = new AbortController();
    const asked = fetch(`${api.url}/v2/droplets`, {
      method: "POST",
      headers: { authorization: `Bearer ${api.token}` },
      body: JSON.stringify(order),
      signal: hangUp.signal,
    });
    await fault.met;
    hangUp.abort();
    await expect(asked).rejects.toThrow("aborted");
    fault.release();
    await listed(api);
    expect(api.droplets()).toHaveLength(1);
  });

  it("never answers, and ends with the stand-in", async () => {
    const api = await startDigitalOcean();
    const { met } = api.fail({ call: "POST /v2/droplets", how: "abandon", when: "after" });
    const asked = call(api, "POST", "/droplets", { body: order }).catch(() => "ended");
    await met;
    expect(api.droplets()).toHaveLength(1);
    await api[Symbol.asyncDispose]();
    expect(await asked).toBe("ended");
  });

  it("that is released after the end of the stand-in starts no host", async () => {
    const log: string[] = [];
    const api = await startDigitalOcean({ boot: async ({ name }) => fakeHost(log, name) });
    const fault = api.fail({ call: "POST /v2/droplets", how: "hold" });
    const asked = call(api, "POST", "/droplets", { body: order }).catch(() => "ended");
    await fault.met;
    await api[Symbol.asyncDispose]();
    fault.release();
    expect(await asked).toBe("ended");
    await api.settled();
    expect(api.droplets()).toMatchObject([{ status: "new" }]);
    expect(log).toEqual([]);
  });

  it("meets the calls that it is told to, and tells when to come again", async () => {
    await using api = await startDigitalOcean();
    api.fail({
      ...{ call: "GET /v2/droplets", calls: [2, 3] },
      how: { status: 429, retryAfter: 7 },
    });
    const answers = [];
    for (let n = 0; n < 4; n += 1) answers.push(await call(api, "GET", "/droplets"));
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 429, 200]);
    expect(answers[1]?.headers.get("retry-after")).toBe("7");
  });

  it("is an outage of all, or of some, until it is over", async () => {
    await using api = await startDigitalOcean();
    api.down("unavailable", "DELETE /v2/**");
    const { id } = await create(api);
    const answer = await call(api, "DELETE", `/droplets/${id}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([503, "text/html"]);
    api.down("reset");
    await expect(call(api, "GET", "/account")).rejects.toThrow("fetch failed");
    api.up();
    expect((await call(api, "DELETE", `/droplets/${id}`)).status).toBe(204);
  });

  it.each([
    ["DELETE /v2/droplets/*", "DELETE /v2/droplets/7", true],
    ["DELETE /v2/droplets/*", "DELETE /v2/droplets/7/actions", false],
    ["* /v2/**", "POST /v2/droplets/7/actions", true],
    ["GET /v2/droplets", "GET /v2/droplets/7", false],
  ])("%s: %s %s", (pattern, asked, fits) => {
    expect(callPattern(pattern).test(asked)).toBe(fits);
  });
});

function fakeHost(log: string[], name: string) {
  const note = (what: string) => async () => {
    log.push(`${name} ${what}`);
  };
  return {
    ...{ address: "10.0.0.7", powerOff: note("off"), powerOn: note("on") },
    destroy: note("destroyed"),
  };
}

describe("a host behind a droplet of the stand-in", () => {
  it("is made of the order, powered with the droplet, and ended with it", async () => {
    const log: string[] = [];
    await using api = await startDigitalOcean({
      boot: async ({ name, userData, size, region, tags }) => {
        log.push([name, userData, size, region, tags].join(" "));
        return fakeHost(log, name);
      },
    });
    const { id } = await create(api, { user_data: "#cloud-config", tags: ["a"] });
    await api.settled();
    await listed(api);
    const [shown] = (await listed(api)).droplets;
    expect(shown?.networks.v4.map(({ ip_address }) => ip_address)).toEqual([
      "10.0.0.7",
      "10.0.0.7",
    ]);
    await call(api, "POST", `/droplets/${id}/actions`, { body: { type: "power_off" } });
    await call(api, "DELETE", `/droplets/${id}`);
    await api.settled();
    expect(log).toEqual(["one #cloud-config c-2 fra1 a", "one off", "one destroyed"]);
  });

  it("shows as off when it went off by itself", async () => {
    const deadline = Promise.withResolvers<void>();
    await using api = await startDigitalOcean({
      boot: async ({ name, onPowerOff }) => {
        void deadline.promise.then(onPowerOff);
        return fakeHost([], name);
      },
    });
    await create(api);
    await api.settled();
    await listed(api);
    expect((await listed(api)).droplets[0]?.status).toBe("active");
    deadline.resolve();
    await deadline.promise;
    expect((await listed(api)).droplets[0]?.status).toBe("off");
  });

  it("is waited for, however often the droplet is asked for", async () => {
    const up = Promise.withResolvers<void>();
    await using api = await startDigitalOcean({
      boot: async ({ name }) => {
        await up.promise;
        return fakeHost([], name);
      },
    });
    await create(api);
    for (let n = 0; n < 5; n += 1) expect((await listed(api)).droplets[0]?.status).toBe("new");
    up.resolve();
    await api.settled();
    expect((await listed(api)).droplets[0]?.status).toBe("active");
  });

  it("that is not up yet is ended when it is, and with the stand-in at the latest", async () => {
    const log: string[] = [];
    const up = Promise.withResolvers<void>();
    const api = await startDigitalOcean({
      boot: async ({ name }) => {
        await up.promise;
        return fakeHost(log, name);
      },
    });
    const { id } = await create(api, { name: "deleted" });
    await create(api, { name: "left" });
    await call(api, "DELETE", `/droplets/${id}`);
    expect(log).toEqual([]);
    up.resolve();
    await api[Symbol.asyncDispose]();
    expect(log).toEqual(["deleted destroyed", "left destroyed"]);
  });

  it("that does not come up leaves its droplet new", async () => {
    await using api = await startDigitalOcean({
      boot: async () => {
        throw new Error("no room");
      },
    });
    await create(api);
    await api.settled();
    for (let n = 0; n < 3; n += 1) expect((await listed(api)).droplets[0]?.status).toBe("new");
    expect(api.hostErrors).toMatchObject([{ message: "no room" }]);
  });
});

const lab = findDroplets();

describe.skipIf(lab === null)(needing("the lab's droplets", "real hosts of the stand-in"), () => {
  it("are made, go off at their deadline, and are ended when they are deleted", async () => {
    if (lab === null) throw new Error("no droplets");
    const real = realDroplets(lab);
    await using api = await startDigitalOcean({ boot: real.boot, lags: { boot: { calls: 0 } } });
    const content = "from the order";
    const userData = { write_files: [{ path: "/etc/sim-order", content }] };
    const { id } = await create(api, { user_data: `#cloud-config\n${JSON.stringify(userData)}` });
    await api.settled();
    expect(api.hostErrors).toEqual([]);
    const host = real.named("one");
    const [shown] = (await listed(api)).droplets;
    expect(shown).toMatchObject({ id, status: "active" });
    expect(shown?.networks.v4.find(({ type }) => type === "public")?.ip_address).toBe(host.address);
    await host.exec("until [ -e /etc/sim-order ]; do read -t 0.1 _ < /dev/zero || true; done");
    expect(await host.exec("cat /etc/sim-order")).toBe(content);
    await host.exec("shutdown -P now").catch(() => undefined);
    await host.poweredOff();
    expect((await listed(api)).droplets).toMatchObject([{ id, status: "off" }]);
    await call(api, "DELETE", `/droplets/${id}`);
    await api.settled();
    await expect(host.powerOn()).rejects.toThrow("is destroyed");
  });
});

describe("the stand-in in a process of its own", () => {
  it("tells its environment and ends when it is told to", async () => {
    const program = fileURLToPath(new URL("digitalocean/serve.ts", import.meta.url));
    const offset = "--clock-offset=-3600";
    const child = spawn(process.execPath, [program, offset], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    const env = new Map<string, string>();
    for await (const line of createInterface(child.stdout)) {
      const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
      env.set(name, value);
      if (env.size === 2) break;
    }
    const url = env.get("DIGITALOCEAN_API_URL") ?? "";
    const token = env.get("DIGITALOCEAN_TOKEN") ?? "";
    const { status, headers } = await call({ url, token }, "GET", "/account");
    expect(status).toBe(200);
    expect(Date.parse(headers.get("date") ?? "")).toBeLessThan(Date.now() - 3_000_000);
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });
});
