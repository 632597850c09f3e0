import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import type { Engine, ImageIdentity } from "../../../src/engines/engine.ts";
import type { Sweep } from "../../../src/sweep/sweep.ts";
import { findRegistry, images, needing } from "../../lab/lab.ts";
import { record } from "../contract/bench.ts";
import { testSweep } from "../fixtures.ts";
import { cli, dockerBench, dockerEnv, tlsEnv } from "./fixtures.ts";

const found = await dockerEnv();
const env = found ?? {};
const tls = await tlsEnv();
const registry = await findRegistry();

async function prepare(changes: Partial<Sweep>, own = env): Promise<ImageIdentity> {
  const engine: Engine = await dockerEngine({ env: own });
  try {
    return await engine.prepare(testSweep(changes), new AbortController().signal);
  } finally {
    await engine[Symbol.asyncDispose]();
  }
}

describe.skipIf(found === null)(needing("a Docker daemon", "an image that cannot be had"), () => {
  test.each<[string, Partial<Sweep>, 2 | 3, RegExp]>([
    ["none in the sweep", {}, 2, /names no image.*--engine process/s],
    ["not an image's name", { image: "not an image" }, 2, /"not an image" is not the name/],
    ["a name with capitals", { image: "Upper/Case" }, 3, /must be lowercase/],
    [
      "not built yet",
      { name: "never_built-by-tests", build: { context: "." } },
      3,
      /not been built yet.*--build.*sim-pipeline\/never-built-by-tests/s,
    ],
    [
      "on a registry that is not there",
      { image: "127.0.0.1:1/org/app:1" },
      3,
      /127\.0\.0\.1:1\/org\/app:1 cannot be pulled.*cannot reach 127\.0\.0\.1:1/s,
    ],
    [
      "with a recipe to build it",
      { image: "127.0.0.1:1/org/app:1", build: { context: "." } },
      3,
      /run with `--build`/,
    ],
    [
      "for another platform",
      { image: images.busybox, platform: "linux/s390x" },
      3,
      /is for linux\/\w+, and the sweep wants linux\/s390x.*Set `platform`/s,
    ],
  ])("%s", async (_, changes, exitCode, message) => {
    await expect(prepare(changes)).rejects.toMatchObject({
      exitCode,
      message: expect.stringMatching(message),
    });
  });

  test("a pull is broken off by an abort", async () => {
    const engine = await dockerEngine({ env });
    try {
      const preparing = engine.prepare(
        testSweep({ image: "127.0.0.1:1/org/app" }),
        AbortSignal.abort(new Error("stopped by the test")),
      );
      await expect(preparing).rejects.toThrow("stopped by the test");
    } finally {
      await engine[Symbol.asyncDispose]();
    }
  });
});

describe.skipIf(found === null || registry === null)(
  needing("a registry with a password", "a private image"),
  () => {
    const { address = "", user = "", password = "", image = "" } = registry ?? {};
    let folder: string;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "sim-image-"));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    beforeEach(async () => {
      await cli(env, "image", "rm", "--force", image);
    });

    function config(content: unknown): NodeJS.ProcessEnv {
      writeFileSync(join(folder, "config.json"), JSON.stringify(content));
      return { ...env, DOCKER_CONFIG: folder };
    }
    const auths = (secret: string) => ({
      auths: { [address]: { auth: Buffer.from(`${user}:${secret}`).toString("base64") } },
    });

    test("is pulled with the docker config's credentials, and named with its digest", async () => {
      const { label } = await prepare({ image }, config(auths(password)));
      expect(label).toMatch(new RegExp(`^${image}@sha256:[0-9a-f]{64}$`));
      const digest = label.split("@")[1];
      await cli(env, "image", "rm", "--force", image);
      const pinned = `${image.split(":stable")[0]}@${digest}`;
      expect((await prepare({ image: pinned }, config(auths(password)))).label).toBe(pinned);
      await cli(env, "image", "rm", "--force", pinned);
    });

    test("is pulled with those of DOCKER_AUTH_CONFIG", async () => {
      const own = { ...config({}), DOCKER_AUTH_CONFIG: JSON.stringify(auths(password)) };
      expect((await prepare({ image }, own)).identity).toMatch(/^sha256:/);
    });

    test("refused credentials: exit 3 with the login to repeat, without the password", async () => {
      const wrong = `wrong-${randomBytes(4).toString("hex")}`;
      const failed = await prepare({ image }, config(auths(wrong))).catch((error) => error);
      expect(failed).toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/refuses the credentials.*`docker login 127/s),
      });
      expect(`${failed} ${failed.cause}`).not.toContain(wrong);
    });

    test("no credentials: exit 3 with the login to make", async () => {
      await expect(prepare({ image }, config({}))).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/wants credentials and none were found.*docker login/s),
      });
    });

    test("a broken helper is named where the registry wants to know us", async () => {
      await expect(prepare({ image }, config({ credsStore: "absent" }))).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining("docker-credential-absent"),
      });
    });

    test("an image that is not there: exit 3, told apart from a refusal", async () => {
      const missing = `${address}/sim-lab/busybox:no-such-tag`;
      await expect(prepare({ image: missing }, config(auths(password)))).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining("Check the image's name and tag"),
      });
    });

    test("one that is there already is not asked for", async () => {
      await prepare({ image }, config(auths(password)));
      expect((await prepare({ image }, config({ credsStore: "absent" }))).identity).toMatch(/^sha/);
    });
  },
);

describe.skipIf(found === null)(needing("a Docker daemon", "an image's identity"), () => {
  test.skipIf(registry === null)(
    needing("a registry with a password", "is the same for an image imported here or pulled"),
    async () => {
      const { address = "", user = "", password = "", image = "" } = registry ?? {};
      const auth = Buffer.from(`${user}:${password}`).toString("base64");
      const own = {
        ...env,
        DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [address]: { auth } } }),
      };
      const pulled = await prepare({ image }, own);
      expect(pulled.identity).toBe((await prepare({ image: images.busybox })).identity);
    },
  );

  test.skipIf(tls === null)(
    needing("a Docker daemon behind TLS", "is the same in another daemon"),
    async () => {
      const [here, there] = await Promise.all(
        [env, tls ?? {}].map((own) => prepare({ image: images.node }, own)),
      );
      expect(here?.identity).toBe(there?.identity);
    },
  );

  test("is another one's for another image", async () => {
    const [first, second] = await Promise.all(
      [images.busybox, images.node].map((image) => prepare({ image })),
    );
    expect(first?.identity).not.toBe(second?.identity);
  });
});

describe.skipIf(found === null)(needing("a Docker daemon", "a pinned image"), () => {
  const tag = `sim-pipeline-test/${randomBytes(6).toString("hex")}`;
  const bench = dockerBench(found, {
    make: async () => {
      await cli(env, "tag", images.busybox, tag);
      return await dockerEngine({ env });
    },
    sweep: testSweep({ image: tag }),
  });

  afterAll(async () => {
    await cli(env, "image", "rm", tag).catch(() => {});
  });

  test("stays the same when its tag moves while the run is under way", async () => {
    await cli(env, "tag", images.node, tag);
    const { log } = await bench.run("[ -e /usr/local/bin/node ] || echo busybox");
    expect(log).toBe("busybox\n");
  });
});

describe.skipIf(found === null)(needing("a Docker daemon", "what the image says"), () => {
  const tag = `sim-pipeline-test/${randomBytes(6).toString("hex")}`;
  const bench = dockerBench(found, {
    make: async () => {
      const folder = mkdtempSync(join(tmpdir(), "sim-image-"));
      writeFileSync(
        join(folder, "Dockerfile"),
        `FROM ${images.node}
         WORKDIR /tmp/work
         ENV FROM_IMAGE="a 'quoted' value"
         USER node
         ENTRYPOINT ["/bin/echo", "entry"]
         CMD ["the", "image's own"]
         HEALTHCHECK --interval=1s CMD touch /mnt/data/healthy
         VOLUME /tmp/volume`,
      );
      await cli(env, "build", "--tag", tag, folder);
      rmSync(folder, { recursive: true });
      return await dockerEngine({ env });
    },
    sweep: testSweep({ image: tag }),
  });

  afterAll(async () => {
    await cli(env, "image", "rm", "--force", tag);
  });

  describe.each([
    ["a fresh container", false],
    ["a kept container", true],
  ])("in %s", (_, warm) => {
    test.each([
      [
        "without a command: the entry point with the image's own",
        null,
        [],
        "entry the image's own\n",
      ],
      ["a command is appended to the entry point", null, ["a", "b"], "entry a b\n"],
      ["an entry point replaces both", ["/bin/echo", "-n"], [], ""],
      ["an entry point with a command", ["/bin/echo", "x"], ["y"], "x y\n"],
    ])("%s", async (_title, entrypoint, command, expected) => {
      const { log, outcome } = await bench.run("", { warm, entrypoint, command });
      expect(log).toBe(expected);
      expect(outcome.exitCode).toBe(0);
    });

    test("its folder and environment are the task's", async () => {
      const { log } = await bench.run('pwd; echo "$FROM_IMAGE"', { warm });
      expect(log).toBe("/tmp/work\na 'quoted' value\n");
    });

    test("its user is, where the sweep says so, and can write outputs and read secrets", async () => {
      const { log, task } = await bench.run(
        'id -un; cat /run/secrets/KEY; echo x > "$SIM_OUTPUT/x"; mkdir "$SIM_OUTPUT/d"; sleep 1.2',
        { warm, user: "image", secrets: { KEY: "hush" } },
      );
      expect(log).toBe("node\nhush");
      // Not the health check's file either.
      expect(readdirSync(task.output).sort()).toEqual(["d", "x"]);
    });
  });

  test("its anonymous volumes go with the container", async () => {
    const volumes = async () => (await cli(env, "volume", "ls", "--quiet")).split("\n");
    const before = await volumes();
    const recorder = record();
    const given = await bench.task("echo up");
    const finished = await bench.engine.run(given, recorder.hooks, new AbortController().signal);
    await finished.release();
    const after = await volumes();
    expect(after.filter((volume) => !before.includes(volume))).toEqual([]);
  });
});
