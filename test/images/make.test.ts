import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { cli } from "../engines/docker/fixtures.ts";
import type { Buildx } from "../lab/docker-config.ts";
import { findBuildKit, findBuildx, findDocker, findRegistry, needing } from "../lab/lab.ts";
import { type Fault, faultProxy } from "./fault-proxy.ts";
import { type Fixture, fixture, loginFor } from "./fixture.ts";

const docker = await findDocker();
const registry = await findRegistry();
const known = registry ?? { address: "", user: "", password: "", image: "" };
const open = async (buildx: Buildx) => await fixture(buildx, known, docker?.host ?? "");

const DOCKERFILE = `FROM busybox:stable AS base
ARG MODE=slow
COPY a /a
RUN --mount=type=secret,id=KEY echo "mode=$MODE key=$(cat /run/secrets/KEY 2>/dev/null | md5sum)" > /made

FROM base AS test
RUN grep -q good /a

FROM base
CMD ["cat", "/made"]
`;
/** A layer of random bytes, which no earlier push has left in the registry. */
const withLayer = (dockerfile: string) => dockerfile.replace("COPY a /a", "COPY a blob /");

const blob = () => randomBytes(300_000).toString("base64");

const parts: readonly [Buildx, string, boolean][] = [
  ["none", "docker build", true],
  ["docker", "buildx with the daemon's BuildKit", findBuildx() !== null],
  [
    "buildkit",
    "buildx with a BuildKit of its own",
    findBuildx() !== null && findBuildKit() !== null,
  ],
];

describe.each(parts)("%s: %s", (buildx, _name, isThere) => {
  const isMissing = docker === null || registry === null || !isThere;
  describe.skipIf(isMissing)(
    needing("the lab's Docker, registry, buildx and BuildKit", "an image"),
    () => {
      test("is tested, built, labelled and pushed under its tags; the second time only tagged", async () => {
        await using fixed = await open(buildx);
        await fixed.write({ Dockerfile: DOCKERFILE, a: "good" });
        const source = {
          url: "https://github.com/org/repo",
          revision: "0123456789abcdef",
          created: new Date("2024-05-06T07:08:09Z"),
        };
        const settings = {
          testTarget: "test",
          test: "echo the tests",
          lint: "grep -q good a",
          source,
        };
        const made = await fixed.make({ ...settings, tags: ["Latest", "1.0"] });

        const manifest = await fixed.repository.manifest("1.0");
        expect(made).toEqual({
          image: `${known.address}/${fixed.path}@${manifest?.digest}`,
          digest: manifest?.digest,
          tags: [`${known.address}/${fixed.path}:Latest`, `${known.address}/${fixed.path}:1.0`],
          cached: false,
        });
        expect(await fixed.repository.digest("Latest")).toBe(made.digest);
        expect(await labels(fixed, made.image)).toMatchObject({
          "org.opencontainers.image.source": "https://github.com/org/repo",
          "org.opencontainers.image.revision": "0123456789abcdef",
          "org.opencontainers.image.created": "2024-05-06T07:08:09Z",
        });
        // Lint before test before the target.
        const order = ["lint: grep -q good a", "the tests", "RUN grep -q good /a"];
        const places = order.map((text) => fixed.lines.findIndex((line) => line.includes(text)));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(places).not.toContain(-1);

        // Another commit with the same content, on a machine without docker.
        const again = await fixed.make({
          ...settings,
          tags: ["2.0"],
          source: { ...source, revision: "fedcba9876543210" },
          env: { ...fixed.env, PATH: "/nowhere", DOCKER_AUTH_CONFIG: login() },
        });
        expect(again).toMatchObject({ digest: made.digest, cached: true });
        expect(await fixed.repository.digest("2.0")).toBe(made.digest);
      });

      test.each<[string, object]>([
        ["the lint command", { lint: "echo the reason; exit 1" }],
        ["the test command", { test: "echo the reason; exit 1" }],
        ["the test target", { testTarget: "test" }],
      ])("is not pushed when %s fails", async (_, settings) => {
        await using fixed = await open(buildx);
        await fixed.write({ Dockerfile: DOCKERFILE, a: "bad" });
        await expect(fixed.make(settings)).rejects.toMatchObject({
          exitCode: 3,
          message: expect.stringMatching(/the reason|grep -q good/),
        });
        expect(await fixed.repository.digest("latest")).toBeNull();
        expect(await readdir(fixed.temp)).toEqual([]);
      });

      test("gets its build arguments and secrets, and holds no secret", async () => {
        await using fixed = await open(buildx);
        await fixed.write({ Dockerfile: DOCKERFILE, a: "good" });
        const hush = `hush-${randomBytes(8).toString("hex")}`;
        const made = await fixed.make({
          buildArgs: new Map([["MODE", "fast"]]),
          secrets: new Map([["KEY", hush]]),
        });
        await cli(fixed.loggedIn, "pull", "--quiet", made.image);
        const printed = await cli(fixed.env, "run", "--rm", "--network", "none", made.image);
        expect(printed).toContain("mode=fast");
        // Not that of nothing.
        expect(printed).not.toContain("d41d8cd98f00b204e9800998ecf8427e");
        const history = await cli(fixed.env, "history", "--no-trunc", made.image);
        expect(history + fixed.lines.join("\n")).not.toContain(hush);
      });

      test("survives a registry that answers 500 three times", async () => {
        await using fixed = await open(buildx);
        await using proxy = await faultProxy(known.address, [
          { method: "PUT", path: /manifests\/sim-/, times: 3, does: { status: 500 } },
        ]);
        await fixed.write({ Dockerfile: DOCKERFILE, a: "good" });
        const made = await fixed.make({ image: `${proxy.address}/${fixed.path}`, cache: false });
        expect(await fixed.repository.digest("latest")).toBe(made.digest);
        // BuildKit asks again by itself, the daemon does not.
        expect(puts(proxy.asked)).toBe(4);
      });

      test("survives a connection that breaks in the middle of a layer", async () => {
        await using fixed = await open(buildx);
        // BuildKit sends a layer with the request that ends its upload, the daemon before it.
        const method = buildx === "buildkit" ? "PUT" : "PATCH";
        const faults: Fault[] = [
          { method, path: /uploads/, times: 1, does: { resetAfter: 100_000 } },
        ];
        await using proxy = await faultProxy(known.address, faults);
        await fixed.write({ Dockerfile: withLayer(DOCKERFILE), a: "good", blob: blob() });
        const made = await fixed.make({ image: `${proxy.address}/${fixed.path}`, cache: false });
        expect(await fixed.repository.digest("latest")).toBe(made.digest);
        expect(faults[0]?.times).toBe(0);
      }, 60_000);

      test("is not pushed again after a 403, whose error names the right that is missing", async () => {
        await using fixed = await open(buildx);
        const body = '{"errors":[{"code":"DENIED","message":"permission_denied: write_package"}]}';
        await using proxy = await faultProxy(known.address, [
          { method: "POST", path: /uploads/, times: 99, does: { status: 403, body } },
        ]);
        await fixed.write({ Dockerfile: withLayer(DOCKERFILE), a: "good", blob: blob() });
        const making = fixed.make({ image: `${proxy.address}/${fixed.path}`, cache: false });
        await expect(making).rejects.toMatchObject({
          exitCode: 3,
          fault: "forbidden",
          message: expect.stringMatching(/denied|403.*right to push/is),
        });
        expect(fixed.waits).toEqual([]);
        expect(await readdir(fixed.temp)).toEqual([]);
      });

      test("is only built without push, from a stranger's too, who gets no secret and asks nobody", async () => {
        await using fixed = await open(buildx);
        await using proxy = await faultProxy(known.address, []);
        await fixed.write({ Dockerfile: DOCKERFILE, a: "good" });
        const image = `${proxy.address}/${fixed.path}`;
        const made = await fixed.make({
          image,
          trusted: false,
          secrets: new Map([["KEY", "hush"]]),
          testTarget: "test",
        });
        expect(made).toEqual({
          image: `${image}:latest`,
          digest: null,
          tags: [`${image}:latest`],
          cached: false,
        });
        expect(proxy.asked).toEqual([]);
        expect(fixed.lines).toContainEqual(
          expect.stringMatching(/without push, cache write or secrets/),
        );
        const printed = await cli(fixed.env, "run", "--rm", "--network", "none", `${image}:latest`);
        // The hash of nothing.
        expect(printed).toContain("d41d8cd98f00b204e9800998ecf8427e");
      });

      test("leaves nothing of the login in the docker config", async () => {
        await using fixed = await open(buildx);
        await fixed.write({ Dockerfile: DOCKERFILE, a: "good" });
        const before = await readFile(join(fixed.config, "config.json"), "utf8");
        await fixed.make();
        expect(await readFile(join(fixed.config, "config.json"), "utf8")).toBe(before);
        expect(await readdir(fixed.temp)).toEqual([]);
      });

      test("is ended by an abort", async () => {
        await using fixed = await open(buildx);
        const dockerfile = `FROM busybox:stable\nRUN echo started ${randomBytes(4).toString("hex")}; sleep 600\n`;
        await fixed.write({ Dockerfile: dockerfile });
        const stop = new AbortController();
        const making = fixed.make({}, stop.signal);
        void expect
          .poll(() => fixed.lines.some((line) => /^#\d+ \d+\.\d+ started/.test(line)), {
            timeout: 20_000,
          })
          .toBe(true)
          .finally(() => stop.abort(new Error("stopped by the test")));
        await expect(making).rejects.toThrow("stopped by the test");
        expect(await readdir(fixed.temp)).toEqual([]);
      }, 30_000);
    },
  );
});

const needed = docker === null || registry === null;

describe.skipIf(needed)(needing("the lab's Docker and registry", "what is found out early"), () => {
  let fixed: Fixture;
  beforeEach(async () => {
    fixed = await open("none");
    await fixed.write({ Dockerfile: DOCKERFILE, a: "good" });
    return async () => await fixed[Symbol.asyncDispose]();
  });

  test("a password that is wrong or has expired, before anything is tested or built", async () => {
    const env = { ...fixed.env, DOCKER_AUTH_CONFIG: login("wrong") };
    const making = fixed.make({ env, test: "echo tested" });
    await expect(making).rejects.toMatchObject({
      fault: "unauthorized",
      message: expect.stringMatching(/have expired.*registry-username/s),
    });
    expect(fixed.lines).toEqual([]);
    expect(fixed.waits).toEqual([]);
  });

  test("a wrong registry", async () => {
    await using proxy = await faultProxy(known.address, [
      { method: "GET", path: /^\/v2\/$/, times: 9, does: { status: 404, body: "<html>" } },
    ]);
    const making = fixed.make({ image: `${proxy.address}/a`, test: "echo tested" });
    await expect(making).rejects.toMatchObject({ fault: "foreign" });
    expect(fixed.lines).toEqual([]);
  });

  test("a registry that fails for good, after some attempts with growing pauses", async () => {
    await using proxy = await faultProxy(known.address, [
      { method: "GET", path: /^\/v2\/$/, times: 99, does: { status: 503 } },
    ]);
    await expect(fixed.make({ image: `${proxy.address}/a` })).rejects.toMatchObject({
      fault: "broken",
    });
    expect(fixed.waits).toHaveLength(4);
    expect(fixed.waits).toEqual(fixed.waits.toSorted((a, b) => a - b));
  });

  test.each<[string, object, RegExp]>([
    ["a tag with illegal characters", { tags: ["a/b"] }, /The tag "a\/b" is more than a tag/],
    ["no tag", { tags: [] }, /gets no tag/],
    ["a platform that is none", { platforms: ["arm"] }, /"arm" is no platform/],
    [
      "a test target that the Dockerfile lacks",
      { testTarget: "tests" },
      /no stage "tests".*base, test/s,
    ],
    ["a context without Dockerfile", { context: "/nowhere" }, /no \/nowhere\/Dockerfile/],
    ["an image with a tag", { image: "ghcr.io/a/b:1" }, /has a tag or digest/],
  ])("%s: exit 2", async (_, options, message) => {
    await expect(fixed.make(options)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  test("several platforms without buildx, before anything is tested", async () => {
    const making = fixed.make({ platforms: ["linux/amd64", "linux/386"], test: "echo tested" });
    await expect(making).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("needs docker buildx"),
    });
    expect(fixed.lines.join()).not.toContain("tested");
  });

  test("a base image of the daemon's own is built upon, and no earlier build looked for", async () => {
    const base = `127.0.0.1:1/${fixed.path}:local`;
    await cli(fixed.env, "tag", "busybox:stable", base);
    try {
      await fixed.write({ Dockerfile: `FROM ${base}\nCOPY a /a\n` });
      const made = await fixed.make();
      expect(await fixed.repository.digest("latest")).toBe(made.digest);
      expect(fixed.lines).toContainEqual(
        expect.stringMatching(/^No earlier build is looked for: .*127\.0\.0\.1:1/),
      );
    } finally {
      await cli(fixed.env, "image", "rm", base);
    }
  });

  test("a registry that fails while the daemon logs in, which the daemon takes for a refusal", async () => {
    await using proxy = await faultProxy(known.address, [
      { method: "GET", path: /^\/v2\/$/, skip: 1, times: 2, does: { status: 500 } },
    ]);
    const made = await fixed.make({ image: `${proxy.address}/${fixed.path}` });
    expect(await fixed.repository.digest("latest")).toBe(made.digest);
    expect(fixed.waits).toHaveLength(1);
  });

  test("a test that writes into the context: the image is pushed, and built again next time", async () => {
    const options = { test: "date +%N > written" };
    await fixed.make(options);
    expect(fixed.lines).toContainEqual(expect.stringMatching(/changed the context/));
    expect(await fixed.make(options)).toMatchObject({ cached: false });
    await fixed.write({ ".dockerignore": "written\n" });
    await fixed.make(options);
    expect(await fixed.make(options)).toMatchObject({ cached: true });
  });

  test("another base image under the same name is another content", async () => {
    const base = `${known.address}/${fixed.path}-base:1`;
    const dockerfile = `FROM ${base}\nCOPY a /a\n`;
    const push = async (from: string) => {
      await cli(fixed.env, "tag", from, base);
      await cli(fixed.loggedIn, "push", "--quiet", base);
    };
    await fixed.write({ Dockerfile: dockerfile });
    await push("busybox:stable");
    const first = await fixed.make();
    await push("sim-lab/no-shell:latest");
    const second = await fixed.make();
    expect([first.cached, second.cached]).toEqual([false, false]);
    expect(second.digest).not.toBe(first.digest);
    await push("busybox:stable");
    expect(await fixed.make()).toMatchObject({ cached: true, digest: first.digest });
  });
});

const hasBuildKit = !needed && findBuildx() !== null && findBuildKit() !== null;

describe.skipIf(!hasBuildKit)(needing("the lab's BuildKit", "a BuildKit of its own"), () => {
  test("makes images of several platforms with provenance and SBOM, and a cache", async () => {
    await using fixed = await open("buildkit");
    await fixed.write({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: "good" });
    const platforms = ["linux/amd64", "linux/386"];
    await fixed.make({ platforms });
    const index = indexSchema.parse(
      JSON.parse(new TextDecoder().decode((await fixed.repository.manifest("latest"))?.bytes)),
    );
    const kinds = index.manifests.map(({ platform }) => platform.architecture);
    expect(kinds).toEqual(["amd64", "386", "unknown", "unknown"]);
    expect(await fixed.repository.digest("sim-cache")).not.toBeNull();
    expect(await fixed.make({ platforms, tags: ["2"] })).toMatchObject({ cached: true });
  });
});

const indexSchema = z.object({
  manifests: z.array(z.object({ platform: z.object({ architecture: z.string() }) })),
});

function login(password = known.password): string {
  return loginFor(`${known.address}/a`, known.user, password);
}

async function labels(fixed: Fixture, image: string): Promise<unknown> {
  await cli(fixed.loggedIn, "pull", "--quiet", image);
  return JSON.parse(await cli(fixed.env, "inspect", "--format", "{{json .Config.Labels}}", image));
}

function puts(asked: readonly string[]): number {
  return asked.filter((line) => /^PUT .*manifests\/sim-/.test(line)).length;
}
