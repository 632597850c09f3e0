import { describe, expect, test } from "vitest";
import { digitalOcean } from "../../../src/machines/digitalocean/provider.ts";
import type { MachineRequest } from "../../../src/machines/provider.ts";
import { type Options, startDigitalOcean } from "../../lab/digitalocean/server.ts";
import { fakeTimer, refusal } from "./fixtures.ts";

const never = new AbortController().signal;

async function setUp(options: Options = {}) {
  const ocean = await startDigitalOcean(options);
  const open = (token = ocean.token) =>
    digitalOcean({ ...ocean.env, DIGITALOCEAN_TOKEN: token }, { timer: fakeTimer() });
  const check = (changes: Partial<MachineRequest> = {}, token = ocean.token) =>
    open(token).check({ size: "c-2", region: "fra1", count: 1, ...changes }, never);
  return { ocean, open, check, [Symbol.asyncDispose]: () => ocean[Symbol.asyncDispose]() };
}

describe("a size that cannot be rented", () => {
  test("does not exist: the nearest names with CPUs, memory and price", async () => {
    await using lab = await setUp();
    const error = await refusal(lab.check({ size: "c2" }));
    expect(error.kind).toBe("invalid");
    expect(error.message).toContain('no size "c2"');
    expect(error.message).toContain("The nearest names: c-2 (2 CPUs, 4 GiB, $0.063 an hour), c-4");
    expect(error.message).toContain("`sim-pipeline machines sizes`");
  });

  test("does not exist in a region that does not either: still the nearest names", async () => {
    await using lab = await setUp();
    const error = await refusal(lab.check({ size: "c2", region: "mars1" }));
    expect(error.message).toContain("c-2 (2 CPUs");
  });

  test("is not in this region: the regions that have it, and what is like it here", async () => {
    await using lab = await setUp();
    const error = await refusal(lab.check({ size: "c-32", region: "lon1" }));
    expect(error.kind).toBe("out-of-stock");
    expect(error.message).toContain("It can be had in nyc3, sfo3, fra1.");
    expect(error.message).toContain("Nearest to it in lon1: g-16vcpu-64gb (16 CPUs, 64 GiB, $0.75");
  });

  test("is out of stock everywhere: what is like it", async () => {
    await using lab = await setUp();
    lab.ocean.sellOut("c-2");
    const error = await refusal(lab.check({ region: null }));
    expect(error.kind).toBe("out-of-stock");
    expect(error.message).toContain("no c-2 (2 CPUs, 4 GiB, $0.063 an hour) to rent now");
    expect(error.message).not.toContain("It can be had in");
    expect(error.message).toMatch(/Nearest to it: (?!c-2 )\S+ \(2 CPUs, 4 GiB, \$/);
  });

  test("the region does not exist: the nearest, and where the size is", async () => {
    await using lab = await setUp();
    const error = await refusal(lab.check({ region: "frankfurt" }));
    expect(error.kind).toBe("invalid");
    expect(error.message).toContain('region "frankfurt"');
    expect(error.message).toContain("c-2 (2 CPUs, 4 GiB, $0.063 an hour) can be had in nyc1,");
  });

  test("a region that is closed to new droplets is one that nothing can be had in", async () => {
    await using lab = await setUp();
    const error = await refusal(lab.check({ region: "nyc2" }));
    expect(error.message).toContain("the nearest names: nyc1, nyc3");
  });
});

describe("the account", () => {
  test("its limit counts everybody's droplets, also those without our tag", async () => {
    await using lab = await setUp({ dropletLimit: 5 });
    for (const name of ["theirs-1", "theirs-2", "theirs-3"]) lab.ocean.seed({ name });
    await lab.check({ count: 2 });
    const error = await refusal(lab.check({ count: 3 }));
    expect(error.kind).toBe("limit");
    expect(error.message).toContain("may have 5 and has 3, so at most 2 more");
  });

  test("10,000 are beyond it", async () => {
    await using lab = await setUp();
    expect((await refusal(lab.check({ count: 10_000 }))).kind).toBe("limit");
  });

  test("is locked", async () => {
    await using lab = await setUp({ accountStatus: "locked" });
    const error = await refusal(lab.check());
    expect(error.kind).toBe("forbidden");
    expect(error.message).toContain("account is locked");
  });
});

describe("the token", () => {
  const ALL = [
    ...["account:read", "actions:read", "image:read", "regions:read", "sizes:read"],
    ...["droplet:create", "droplet:read", "droplet:update", "droplet:delete"],
    ...["tag:create", "tag:read"],
  ];

  test("with the scopes that messages name is enough for everything", async () => {
    await using lab = await setUp();
    const token = lab.ocean.tokenWith(ALL);
    await lab.check({}, token);
    const provider = lab.open(token);
    const tags = { lease: "aaaaaaaaaa" };
    const userData = "#cloud-config\n";
    const order = { names: ["sim-aaaaaaaaaa-0"], size: "c-2", region: "fra1", tags, userData };
    const [made] = await provider.create(order, never);
    await provider.list(never);
    await provider.power?.(made?.id ?? "", false, never);
    await provider.remove([made?.id ?? ""], never);
    const error = await refusal(lab.check({}, lab.ocean.tokenWith([])));
    for (const scope of ALL) expect(error.message).toContain(scope);
  });

  test.each(["account:read", "sizes:read", "droplet:read", "droplet:delete"])(
    "that lacks %s is told before anything is rented",
    async (missing) => {
      await using lab = await setUp();
      const token = lab.ocean.tokenWith(ALL.filter((scope) => scope !== missing));
      const error = await refusal(lab.check({}, token));
      expect(error.kind).toBe("forbidden");
      expect(error.message).toContain(missing);
      expect(error.message).toContain("https://cloud.digitalocean.com/account/api/tokens");
    },
  );

  test.each(["droplet:create", "tag:create"])(
    "that lacks %s is refused by the order, and nothing is rented",
    async (missing) => {
      await using lab = await setUp();
      const token = lab.ocean.tokenWith(ALL.filter((scope) => scope !== missing));
      const order = {
        ...{ names: ["sim-aaaaaaaaaa-0"], size: "c-2", region: "fra1" },
        ...{ tags: { lease: "aaaaaaaaaa" }, userData: "#cloud-config\n" },
      };
      const error = await refusal(lab.open(token).create(order, never));
      expect(error.kind).toBe("forbidden");
      expect(lab.ocean.droplets()).toEqual([]);
    },
  );

  test("that expired is an auth error with where to get another", async () => {
    await using lab = await setUp();
    lab.ocean.revoke(lab.ocean.token);
    const error = await refusal(lab.check());
    expect(error.kind).toBe("auth");
    expect(error.message).toContain("set DIGITALOCEAN_TOKEN");
  });

  test("a list that is not there is a token that is not, rather than an empty account", async () => {
    await using lab = await setUp();
    lab.ocean.fail({ call: "GET /v2/droplets", how: { status: 404 } });
    expect((await refusal(lab.open().list(never))).kind).toBe("auth");
  });

  test("a failure of the API's own while removal is tried says nothing about the token", async () => {
    await using lab = await setUp();
    lab.ocean.fail({ call: "DELETE /v2/droplets/*", how: { status: 503 } });
    await lab.check();
  });
});
