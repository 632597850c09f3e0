import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { digitalOcean } from "../../../src/machines/digitalocean/provider.ts";
import type { Order } from "../../../src/machines/provider.ts";
import { stoppedClock } from "../../lab/digitalocean/lag.ts";
import {
  type FailedAnswer,
  type Options,
  startDigitalOcean,
} from "../../lab/digitalocean/server.ts";
import { fakeTimer, refusal } from "./fixtures.ts";

const never = new AbortController().signal;
const ORDER: Order = {
  names: ["sim-aaaaaaaaaa-0", "sim-aaaaaaaaaa-1"],
  size: "c-2",
  region: "fra1",
  tags: { lease: "aaaaaaaaaa", run: "mine", attempt: "1", minutes: "60" },
  userData: "#cloud-config\n",
};

async function setUp(options: Options = {}, env: NodeJS.ProcessEnv = {}, patience?: number) {
  const ocean = await startDigitalOcean(options);
  const timer = fakeTimer();
  const settings = patience === undefined ? { timer } : { timer, patience };
  const provider = digitalOcean({ ...ocean.env, ...env }, settings);
  const asked = (method: string) => ocean.requests.filter((call) => call.method === method).length;
  return {
    ocean,
    timer,
    provider,
    asked,
    [Symbol.asyncDispose]: () => ocean[Symbol.asyncDispose](),
  };
}

describe("an order", () => {
  test("says everything in one call, with no agent, no monitoring, and a fixed image", async () => {
    await using lab = await setUp();
    await lab.provider.create(ORDER, never);
    expect(lab.ocean.requests).toHaveLength(1);
    expect(lab.ocean.requests[0]?.body).toEqual({
      names: ORDER.names,
      size: "c-2",
      region: "fra1",
      image: "ubuntu-24-04-x64",
      tags: [
        "sim-pipeline",
        "sim-pipeline:lease:aaaaaaaaaa",
        "sim-pipeline:run:mine",
        "sim-pipeline:attempt:1",
        "sim-pipeline:minutes:60",
      ],
      user_data: "#cloud-config\n",
      monitoring: false,
      with_droplet_agent: false,
    });
  });

  test("names the account's SSH keys that are set, by id or fingerprint", async () => {
    const print = "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa";
    await using lab = await setUp({}, { DIGITALOCEAN_SSH_KEYS: ` 512189, ${print} ` });
    // Unknown to this account.
    expect((await refusal(lab.provider.create(ORDER, never))).message).toContain("512189");
    expect(lab.ocean.requests[0]?.body).toMatchObject({ ssh_keys: [512_189, print] });
  });

  const REFUSED: readonly [said: string, how: FailedAnswer, kind: string][] = [
    [
      "a limit",
      { status: 422, message: "creating this/these droplet(s) will exceed your droplet limit" },
      "limit",
    ],
    ["a limit as 403", { status: 403, message: "This will exceed your droplet limit" }, "limit"],
    ["no stock", { status: 422, message: "Size is not available in this region." }, "out-of-stock"],
    ["a closed region", { status: 422, message: "Region is not available" }, "out-of-stock"],
    [
      "a restricted size",
      { status: 422, message: "This size is currently restricted" },
      "out-of-stock",
    ],
    ["another mistake", { status: 422, message: "Name can't be blank" }, "invalid"],
    ["a wrong request", { status: 400 }, "invalid"],
    ["a token that may not", { status: 403 }, "forbidden"],
    ["a failure of its own", { status: 500 }, "unavailable"],
  ];
  test.each(REFUSED)(
    "refused for %s: told apart, in its words, asked once",
    async (_, how, kind) => {
      await using lab = await setUp();
      lab.ocean.fail({ call: "POST /v2/droplets", how });
      const error = await refusal(lab.provider.create(ORDER, never));
      expect(error.kind).toBe(kind);
      expect(error.message).toContain("Cannot create sim-aaaaaaaaaa-0, sim-aaaaaaaaaa-1");
      if (how.message !== undefined) expect(error.message).toContain(how.message);
      expect(lab.asked("POST")).toBe(1);
    },
  );

  test("for a size that sold out since the sizes were listed: no stock, and no limit", async () => {
    await using lab = await setUp();
    lab.ocean.sellOut("c-2", "fra1", false);
    await lab.provider.check({ size: "c-2", region: "fra1", count: 1 }, never);
    expect((await refusal(lab.provider.create(ORDER, never))).kind).toBe("out-of-stock");
  });

  test.each(["before", "after"] as const)(
    "whose connection breaks %s the work is not sent again: it may have been done",
    async (when) => {
      await using lab = await setUp();
      lab.ocean.fail({ call: "POST /v2/droplets", how: "reset", when });
      expect((await refusal(lab.provider.create(ORDER, never))).kind).toBe("unavailable");
      expect(lab.asked("POST")).toBe(1);
      expect(lab.ocean.droplets()).toHaveLength(when === "after" ? 2 : 0);
    },
  );

  test("with an answer that is no JSON may have been done", async () => {
    await using lab = await setUp();
    lab.ocean.fail({ call: "POST /v2/droplets", how: "malformed" });
    expect((await refusal(lab.provider.create(ORDER, never))).kind).toBe("unavailable");
    expect(lab.asked("POST")).toBe(1);
  });

  test("without an answer ends after the client's patience, and may have been done", async () => {
    await using lab = await setUp({}, {}, 2_000);
    lab.ocean.fail({ call: "POST /v2/droplets", how: "abandon", when: "after" });
    const error = await refusal(lab.provider.create(ORDER, never));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toContain("no answer");
    expect(lab.ocean.droplets()).toHaveLength(2);
  });

  test("refused for the rate limit was not done, so it is sent again", async () => {
    await using lab = await setUp();
    lab.ocean.fail({ call: "POST /v2/droplets", how: { status: 429, retryAfter: 7 } });
    expect(await lab.provider.create(ORDER, never)).toHaveLength(2);
    expect(lab.timer.waits).toEqual([7000]);
    expect(lab.ocean.droplets()).toHaveLength(2);
  });
});

describe("calls that change nothing", () => {
  test.each([
    ["a failure of its own", { status: 503 }],
    ["a broken connection", "reset"],
    ["an answer that is no JSON", "malformed"],
  ] as const)("are tried again after %s, with growing pauses", async (_, how) => {
    await using lab = await setUp();
    lab.ocean.fail({ call: "GET /v2/droplets", calls: [1, 2, 3], how });
    expect(await lab.provider.list(never)).toEqual([]);
    expect(lab.timer.waits).toEqual([1000, 2000, 4000]);
  });

  test("are given up after five, with what became of the last", async () => {
    await using lab = await setUp();
    lab.ocean.down();
    const error = await refusal(lab.provider.list(never));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toContain("HTTP 503");
    expect(error.message).toContain("https://status.digitalocean.com");
    expect(lab.ocean.requests).toHaveLength(5);
  });

  test.each([401, 403, 422])("are not tried again after %i", async (status) => {
    await using lab = await setUp();
    lab.ocean.fail({ call: "GET /v2/droplets", calls: "all", how: { status } });
    await refusal(lab.provider.list(never));
    expect(lab.ocean.requests).toHaveLength(1);
  });
});

describe("the rate limit", () => {
  test("of a minute is waited for, as long as it asks, by all calls at once", async () => {
    const clock = stoppedClock(1_800_000_000_000);
    await using lab = await setUp({ clock, rate: { perMinute: 2 } });
    lab.timer.onWait = (milliseconds) => clock.advance(milliseconds);
    await lab.provider.list(never);
    await lab.provider.list(never);
    await lab.provider.list(never);
    await lab.provider.list(never);
    expect(lab.timer.waits).toEqual([60_000]);
    expect(lab.ocean.requests.filter(({ status }) => status === 429)).toHaveLength(1);
  });

  test("of an hour is not waited for: told, with the time", async () => {
    const clock = stoppedClock(1_800_000_000_000);
    await using lab = await setUp({ clock, rate: { perHour: 1 } });
    await lab.provider.list(never);
    const error = await refusal(lab.provider.list(never));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toContain("come back in 3600 s");
    expect(lab.timer.waits).toEqual([]);
    expect(lab.ocean.requests).toHaveLength(2);
  });

  test("can be left by aborting", async () => {
    await using lab = await setUp();
    const controller = new AbortController();
    lab.ocean.fail({ call: "GET /v2/droplets", calls: "all", how: { status: 429, retryAfter: 9 } });
    lab.timer.onWait = () => controller.abort(new Error("enough"));
    await expect(lab.provider.list(controller.signal)).rejects.toThrow("enough");
    expect(lab.ocean.requests).toHaveLength(1);
  });
});

test("a call that hangs is left as soon as its signal aborts", async () => {
  await using lab = await setUp();
  const hanging = lab.ocean.fail({ call: "GET /v2/droplets", how: "hold" });
  const controller = new AbortController();
  const listing = lab.provider.list(controller.signal);
  await hanging.met;
  controller.abort(new Error("enough"));
  await expect(listing).rejects.toThrow("enough");
  hanging.release();
});

test("lists more than a page, and nothing twice", async () => {
  await using lab = await setUp({ dropletLimit: 1000 });
  for (let index = 0; index < 450; index++) {
    lab.ocean.seed({ name: `sim-aaaaaaaaaa-${index}`, tags: ["sim-pipeline"] });
  }
  const machines = await lab.provider.list(never);
  expect(new Set(machines.map(({ id }) => id)).size).toBe(450);
  expect(machines).toHaveLength(450);
  expect(lab.ocean.requests).toHaveLength(3);
});

test("reads tags in whatever case the account first wrote them", async () => {
  await using lab = await setUp();
  const tags = ["sim-pipeline", "Sim-Pipeline:Lease:aaaaaaaaaa", "sim-pipeline:a:b:c", "other:x:y"];
  lab.ocean.seed({ name: "sim-aaaaaaaaaa-0", tags });
  expect((await lab.provider.list(never))[0]?.tags).toEqual({ lease: "aaaaaaaaaa" });
});

describe("removing", () => {
  test("asks by id alone, never by tag", async () => {
    await using lab = await setUp();
    const made = await lab.provider.create(ORDER, never);
    await lab.provider.remove(
      made.map(({ id }) => id),
      never,
    );
    expect(lab.ocean.requests.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual(
      made.map(({ id }) => `DELETE /v2/droplets/${id}`),
    );
  });

  test("goes on with the others where one fails, and then says so", async () => {
    await using lab = await setUp();
    const made = await lab.provider.create(ORDER, never);
    const [first, second] = made.map(({ id }) => id);
    lab.ocean.fail({ call: `DELETE /v2/droplets/${first}`, calls: "all", how: { status: 500 } });
    const error = await refusal(lab.provider.remove([first ?? "", second ?? ""], never));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toContain(`Cannot remove droplet ${first}`);
    expect(lab.ocean.droplets().map(({ id }) => String(id))).toEqual([first]);
  });

  test("tries again what has a pending event", async () => {
    await using lab = await setUp({ deleteWhileNew: "refused" });
    const made = await lab.provider.create(ORDER, never);
    const id = made[0]?.id ?? "";
    // Looking at it lets it boot.
    lab.timer.onWait = async () => void (await lab.provider.list(never));
    await lab.provider.remove([id], never);
    expect(lab.ocean.droplets().map((droplet) => String(droplet.id))).not.toContain(id);
  });

  test.each(["", "0", "-1", "1/actions", "../tags", "1e3"])(
    "refuses %j, which is no id",
    async (id) => {
      await using lab = await setUp();
      expect((await refusal(lab.provider.remove([id], never))).kind).toBe("invalid");
      expect(lab.ocean.requests).toEqual([]);
    },
  );
});

describe("power", () => {
  test("off asks the system first, and then the switch", async () => {
    await using lab = await setUp();
    const [made] = await lab.provider.create(ORDER, never);
    await lab.provider.list(never);
    const id = made?.id ?? "";
    // Accepted, and without effect.
    lab.ocean.fail({ call: `POST /v2/droplets/${id}/actions`, how: { status: 201 } });
    await lab.provider.power?.(id, false, never);
    const types = lab.ocean.requests.filter(({ path }) => path.endsWith("/actions"));
    expect(types.map(({ body }) => body)).toEqual([{ type: "shutdown" }, { type: "power_off" }]);
    expect(lab.ocean.droplets().map(({ status }) => status)).toContain("off");
  });

  test("of what is gone says so", async () => {
    await using lab = await setUp();
    expect(
      await refusal(lab.provider.power?.("4711", true, never) ?? Promise.resolve()),
    ).toMatchObject({
      kind: "missing",
    });
  });

  test("that has no effect is told in the end", async () => {
    await using lab = await setUp();
    const [made] = await lab.provider.create(ORDER, never);
    await lab.provider.list(never);
    const id = made?.id ?? "";
    lab.ocean.fail({ call: `POST /v2/droplets/${id}/actions`, calls: "all", how: { status: 201 } });
    const error = await refusal(lab.provider.power?.(id, false, never) ?? Promise.resolve());
    expect(error.message).toContain(`Droplet ${id} did not power off`);
  });
});

describe("settings", () => {
  const open = (env: NodeJS.ProcessEnv) => () => digitalOcean(env);
  const token = "dop_v1_0123";

  test("no token: what to set", () => {
    expect(open({})).toThrow(/set DIGITALOCEAN_TOKEN/);
    expect(open({ DIGITALOCEAN_TOKEN: "" })).toThrow(expect.objectContaining({ kind: "auth" }));
  });

  test("doctl's name for the token does as well", () => {
    expect(open({ DIGITALOCEAN_ACCESS_TOKEN: token })).not.toThrow();
  });

  test("a token that was cut or joined is not shown", () => {
    expect(open({ DIGITALOCEAN_TOKEN: `${token}\n${token}` })).toThrow(
      expect.objectContaining({ kind: "auth", message: expect.not.stringContaining(token) }),
    );
  });

  test.each(["http://api.digitalocean.com", "ftp://x", "api.digitalocean.com", "http://10.0.0.1"])(
    "a token is not sent to %s",
    (url) => {
      const env = { DIGITALOCEAN_TOKEN: token, DIGITALOCEAN_API_URL: url };
      expect(open(env)).toThrow(/DIGITALOCEAN_API_URL must be an https:/);
    },
  );

  test("keys that are neither ids nor fingerprints", () => {
    const env = { DIGITALOCEAN_TOKEN: token, DIGITALOCEAN_SSH_KEYS: "12,my key" };
    expect(open(env)).toThrow(/"my key" is neither/);
  });
});

test("no error holds the token, whatever failed", async () => {
  await using lab = await setUp({}, {}, 50);
  const { token } = lab.ocean;
  const errors: unknown[] = [];
  const message = `token ${token} is bad`;
  for (const how of [
    { status: 422, message },
    { status: 500 },
    "reset",
    "malformed",
    "abandon",
  ] as const) {
    const fault = lab.ocean.fail({ call: "* /v2/**", calls: "all", how });
    const calls = [
      lab.provider.create(ORDER, never),
      lab.provider.list(never),
      lab.provider.now(never),
    ];
    errors.push(...(await Promise.all(calls.map(refusal))));
    fault.release();
  }
  expect(errors).toHaveLength(15);
  for (const error of errors) {
    expect(inspect(error, { depth: null, showHidden: true, getters: true })).not.toContain(token);
    expect(JSON.stringify(error)).not.toContain(token);
  }
});
