import { createApiClient } from "dots-wrapper";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { call, create, listed, order, refusal, refused } from "./digitalocean/calls.ts";
import { stoppedClock } from "./digitalocean/lag.ts";
import { startDigitalOcean } from "./digitalocean/server.ts";

describe("the stand-in for DigitalOcean", () => {
  it("serves an unmodified client", async () => {
    await using api = await startDigitalOcean();
    const client = createApiClient({ endpoint: `${api.url}/v2`, token: api.token });
    const sizes = await client.size.listSizes({ per_page: 200 });
    expect(sizes.data.sizes.find((size) => size.slug === "c-32")?.vcpus).toBe(32);
    const { data } = await client.account.getAccount();
    expect(data.account).toMatchObject({ droplet_limit: 25, status: "active" });
    const created = await client.droplet.createDroplets({
      ...{ names: ["a", "b"], size: "c-2", image: "ubuntu-24-04-x64", region: "fra1" },
      ...{ tags: ["team:a"], user_data: "#cloud-config\n" },
    });
    expect(created.status).toBe(202);
    const [first] = created.data.droplets;
    await client.droplet.deleteDroplet({ droplet_id: first?.id ?? 0 });
    expect(api.droplets().map(({ name }) => name)).toEqual(["b"]);
  });

  it("records each call, without its token", async () => {
    await using api = await startDigitalOcean();
    const { id } = await create(api, { tags: ["a"] });
    await call(api, "GET", "/droplets?tag_name=a&per_page=200");
    await call(api, "DELETE", `/droplets/${id}`, { token: "wrong" });
    expect(api.requests).toEqual([
      ...[{ method: "POST", path: "/v2/droplets", body: { ...order, tags: ["a"] } }].map(
        (request) => ({ ...request, owner: "us", status: 202 }),
      ),
      {
        ...{ method: "GET", path: "/v2/droplets?tag_name=a&per_page=200", body: undefined },
        ...{ owner: "us", status: 200 },
      },
      {
        ...{ method: "DELETE", path: `/v2/droplets/${id}`, body: undefined },
        ...{ owner: null, status: 401 },
      },
    ]);
    expect(JSON.stringify(api.requests)).not.toContain(api.token);
  });

  it("tells the time of its own clock", async () => {
    const clock = stoppedClock(Date.UTC(2030, 0, 2, 3, 4, 5));
    await using api = await startDigitalOcean({ clock });
    const { created_at } = await create(api);
    expect(created_at).toBe("2030-01-02T03:04:05Z");
    clock.advance(3_600_000);
    const { headers } = await call(api, "GET", "/account");
    expect(headers.get("date")).toBe("Wed, 02 Jan 2030 04:04:05 GMT");
  });

  it("shows user data to nobody", async () => {
    await using api = await startDigitalOcean();
    const { id } = await create(api, { user_data: "#cloud-config for the host alone" });
    const paths = ["/droplets", `/droplets/${id}`, `/droplets/${id}/actions`, "/tags"];
    for (const path of paths) {
      expect((await call(api, "GET", path)).text).not.toContain("for the host alone");
    }
    expect(api.droplets()[0]?.userData).toContain("for the host alone");
  });
});

describe("a droplet of the stand-in", () => {
  it("is new without an address for some calls, then active with both", async () => {
    await using api = await startDigitalOcean({ lags: { boot: { calls: 2 } } });
    const created = await create(api);
    expect(created).toMatchObject({ status: "new", locked: true, networks: { v4: [] } });
    const seen: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const [shown] = (await listed(api)).droplets;
      const types = shown?.networks.v4.map(({ type }) => type).join("+");
      seen.push(`${shown?.status}:${types}`);
    }
    expect(seen).toEqual(["new:", "new:", "active:private+public"]);
  });

  it("lags by its clock, when told to", async () => {
    const clock = stoppedClock(0);
    const lags = { boot: { milliseconds: 60_000 }, listed: { milliseconds: 5_000 } };
    await using api = await startDigitalOcean({ clock, lags });
    const { id } = await create(api);
    expect((await listed(api)).meta.total).toBe(0);
    expect((await call(api, "GET", `/droplets/${id}`)).status).toBe(200);
    clock.advance(5_000);
    expect((await listed(api)).droplets[0]?.status).toBe("new");
    clock.advance(55_000);
    expect((await listed(api)).droplets[0]?.status).toBe("active");
  });

  it("is listed for a while after its end, but cannot be had", async () => {
    await using api = await startDigitalOcean({ lags: { gone: { calls: 2 } } });
    const { id } = await create(api, { tags: ["a"] });
    expect(await call(api, "DELETE", `/droplets/${id}`)).toMatchObject({ status: 204, text: "" });
    expect(api.droplets()).toEqual([]);
    expect(api.history()).toMatchObject([{ id, removed: expect.any(Number) }]);
    expect(await refused(api, "GET", `/droplets/${id}`)).toMatchObject({ id: "not_found" });
    expect(await refused(api, "DELETE", `/droplets/${id}`)).toMatchObject({ status: 404 });
    await listed(api, "?tag_name=other");
    const totals: number[] = [];
    for (let n = 0; n < 3; n += 1) totals.push((await listed(api, "?tag_name=a")).meta.total);
    expect(totals).toEqual([1, 1, 0]);
  });

  it.each([
    ["done", 204, 0],
    ["refused", 422, 1],
    ["ignored", 204, 1],
  ] as const)("deleted while it is new: %s", async (deleteWhileNew, status, left) => {
    await using api = await startDigitalOcean({ deleteWhileNew });
    const { id } = await create(api);
    expect((await call(api, "DELETE", `/droplets/${id}`)).status).toBe(status);
    expect(api.droplets()).toHaveLength(left);
    await call(api, "GET", `/droplets/${id}`);
    await call(api, "DELETE", `/droplets/${id}`);
    expect(api.droplets()).toEqual([]);
  });

  it("is powered off and on by actions that take their time", async () => {
    await using api = await startDigitalOcean();
    const { id, name } = api.seed({ name: "one" });
    const action = z.object({ action: z.object({ id: z.number(), status: z.string() }) });
    const act = (type: string) => call(api, "POST", `/droplets/${id}/actions`, { body: { type } });
    const asked = await act("power_off");
    expect(asked.status).toBe(201);
    const { action: first } = action.parse(asked.json());
    expect(first.status).toBe("in-progress");
    expect(refusal.parse((await act("power_on")).json()).message).toContain("pending event");
    const states: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      const { json } = await call(api, "GET", `/droplets/${id}/actions/${first.id}`);
      states.push(action.parse(json()).action.status);
    }
    expect(states).toEqual(["in-progress", "completed"]);
    expect((await listed(api, `?name=${name.toUpperCase()}`)).droplets[0]?.status).toBe("off");
    expect((await act("shutdown")).status).toBe(422);
    expect((await act("power_on")).status).toBe(201);
    expect((await act("fly")).status).toBe(422);
  });

  it("that powered itself off still lists and costs", async () => {
    await using api = await startDigitalOcean();
    const { id } = await create(api);
    await listed(api);
    api.powerOffByItself(id);
    expect((await listed(api)).droplets[0]?.status).toBe("off");
    expect(api.droplets()).toMatchObject([{ id, status: "off", removed: null }]);
  });

  it("may be somebody else's, with a tag of ours", async () => {
    await using api = await startDigitalOcean();
    const theirs = api.seed({ name: "db", tags: ["ours"], owner: "ann", created: 0 });
    await create(api, { tags: ["ours"] });
    expect((await listed(api, "?tag_name=ours")).droplets.map(({ id }) => id)).toContain(theirs.id);
    expect((await call(api, "DELETE", "/droplets?tag_name=ours")).status).toBe(204);
    expect(api.history().map(({ owner, removed }) => [owner, removed === null])).toEqual([
      ["ann", false],
      ["us", false],
    ]);
  });
});

describe("an order that the stand-in refuses", () => {
  const names = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);
  it.each([
    ["an unknown size", { size: "c-3" }, "invalid size"],
    ["no size", { size: undefined }, "invalid size"],
    ["an unknown region", { region: "mars1" }, "invalid region"],
    ["a closed region", { region: "nyc2" }, "Region is not available"],
    ["a size that is not there", { size: "c-32", region: "lon1" }, "Size is not available in this"],
    ["a size of old", { size: "s-1vcpu-3gb" }, "Size is not available"],
    ["an unknown image", { image: "windows-95" }, "invalid image"],
    ["an unknown key", { ssh_keys: [7] }, "7 are invalid key identifiers"],
    ["a name of strange characters", { name: "a_b" }, "Only valid hostname characters"],
    ["no name", { name: undefined }, "blank"],
    ["11 names", { names: names(11) }, "up to 10"],
    ["a tag with a point", { tags: ["v1.0"] }, "Tag names may only"],
    ["a tag with an equals sign", { tags: ["a=b"] }, "Tag names may only"],
    ["a tag of 256 characters", { tags: ["a".repeat(256)] }, "too long"],
    ["65,537 bytes of user data", { user_data: "é".repeat(32_768).concat("a") }, "65536 bytes"],
    ["more than the account may have", { names: names(4) }, "exceed your droplet limit"],
  ])("has %s", async (_, changes, message) => {
    await using api = await startDigitalOcean({ dropletLimit: 3 });
    const body = { ...order, ...changes };
    const answer = await refused(api, "POST", "/droplets", { body });
    expect(answer).toMatchObject({ status: 422, id: "unprocessable_entity" });
    expect(answer.message).toContain(message);
    expect(api.history()).toEqual([]);
  });

  it("is no JSON", async () => {
    await using api = await startDigitalOcean();
    const answer = await refused(api, "POST", "/droplets", { body: "{" });
    expect(answer).toMatchObject({ status: 400, id: "bad_request" });
  });

  it.each([
    ["told beforehand", true, ["nyc1", "nyc3"]],
    ["told by the refusal alone", false, ["nyc1", "nyc3", "fra1"]],
  ])("is of a size that is sold out, %s", async (_, shown, regions) => {
    await using api = await startDigitalOcean();
    api.sellOut("c-2", "fra1", shown);
    const { json } = await call(api, "GET", "/sizes?per_page=200");
    const schema = z.object({
      sizes: z.array(z.object({ slug: z.string(), regions: z.array(z.string()) })),
    });
    const size = schema.parse(json()).sizes.find(({ slug }) => slug === "c-2");
    expect(size?.regions.filter((region) => /^(nyc|fra)/.test(region))).toEqual(regions);
    const answer = await refused(api, "POST", "/droplets", { body: order });
    expect(answer).toMatchObject({ status: 422, message: "Size is not available in this region." });
    await create(api, { region: "nyc" });
    expect(api.droplets()[0]?.region).toBe("nyc1");
  });
});

describe("a token of the stand-in", () => {
  it("that is wrong or has expired is 401", async () => {
    await using api = await startDigitalOcean();
    const unknown = { status: 401, id: "Unauthorized", message: "Unable to authenticate you" };
    expect(await refused(api, "GET", "/account", { token: "dop_v1_0" })).toEqual(unknown);
    api.revoke(api.token);
    expect(await refused(api, "GET", "/account")).toEqual(unknown);
  });

  it.each([
    ["GET", "/account", ["account:read"], 200],
    ["GET", "/sizes", ["sizes:read"], 403],
    ["GET", "/sizes", ["sizes:read", "regions:read"], 200],
    ["GET", "/droplets", ["account:read"], 403],
    ["GET", "/droplets?tag_name=a", ["droplet:read"], 403],
    ["GET", "/droplets?tag_name=a", ["droplet:read", "tag:read"], 200],
    ["POST", "/droplets", ["droplet:create"], 403],
    ["POST", "/droplets", ["droplet:create", "tag:create"], 202],
    ["DELETE", "/droplets/1", ["droplet:create", "droplet:update"], 403],
    ["DELETE", "/droplets/1", ["droplet:delete"], 404],
  ])("asks %s %s with %j: %i", async (method, path, scopes, status) => {
    await using api = await startDigitalOcean();
    const body = method === "POST" ? { body: { ...order, tags: ["a"] } } : {};
    const token = api.tokenWith(scopes);
    const answer = await call(api, method, path, { ...body, token });
    expect(answer.status).toBe(status);
    if (status === 403) {
      const message = "You are not authorized to perform this operation";
      expect(refusal.parse(answer.json())).toEqual({ id: "Forbidden", message });
    }
  });

  it("has 250 requests a minute, and is told when to come again", async () => {
    const clock = stoppedClock(0);
    await using api = await startDigitalOcean({ clock, rate: { perMinute: 2 } });
    const ask = (token?: string) =>
      call(api, "GET", "/account", token === undefined ? {} : { token });
    await ask();
    clock.advance(20_000);
    const last = await ask();
    expect(last.headers.get("ratelimit-remaining")).toBe("4998");
    const over = await ask();
    expect(over.status).toBe(429);
    expect(refusal.parse(over.json()).id).toBe("too_many_requests");
    expect(over.headers.get("retry-after")).toBe("40");
    expect(over.headers.get("ratelimit-remaining")).toBe("0");
    expect((await ask(api.tokenOf("ann"))).status).toBe(200);
    clock.advance(40_000);
    expect((await ask()).status).toBe(200);
  });

  it("has 5,000 requests an hour, each with a timer of its own", async () => {
    const clock = stoppedClock(0);
    await using api = await startDigitalOcean({ clock, rate: { perHour: 2 } });
    await call(api, "GET", "/account");
    clock.advance(600_000);
    await call(api, "GET", "/account");
    const { status, headers } = await call(api, "GET", "/account");
    expect(status).toBe(429);
    expect(headers.get("retry-after")).toBeNull();
    expect(headers.get("ratelimit-reset")).toBe("3600");
    clock.advance(3_000_000);
    expect((await call(api, "GET", "/account")).status).toBe(200);
    expect((await call(api, "GET", "/account")).status).toBe(429);
  });
});

describe("a list of the stand-in", () => {
  it("comes in pages that lead to each other", async () => {
    await using api = await startDigitalOcean();
    for (let n = 0; n < 25; n += 1) api.seed({ name: `n${n}`, tags: ["a"] });
    const first = await listed(api, "?tag_name=a");
    expect(first.droplets).toHaveLength(20);
    expect(first.meta.total).toBe(25);
    expect(first.links.pages).toEqual({
      next: `${api.url}/v2/droplets?tag_name=a&page=2`,
      last: `${api.url}/v2/droplets?tag_name=a&page=2`,
    });
    const second = await listed(api, "?tag_name=a&page=2");
    expect(second.droplets).toHaveLength(5);
    expect(Object.keys(second.links.pages ?? {})).toEqual(["first", "prev"]);
    expect((await listed(api, "?per_page=200")).links).toEqual({});
  });

  it.each(["?per_page=201", "?per_page=0", "?page=0", "?tag_name=a&name=b"])(
    "cannot be asked for by %s",
    async (query) => {
      await using api = await startDigitalOcean();
      expect((await call(api, "GET", `/droplets${query}`)).status).toBe(422);
    },
  );
});
