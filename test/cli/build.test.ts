import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cli } from "../engines/docker/fixtures.ts";
import { fixture, loginFor } from "../images/fixture.ts";
import { findDocker, findRegistry, needing } from "../lab/lab.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

async function build(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  return await new Promise<{ code: number; out: string; said: string }>((resolve) => {
    const done = (error: Error | null, out: string, said: string) => {
      const code = error === null ? 0 : "code" in error ? Number(error.code) : -1;
      resolve({ code, out, said });
    };
    execFile(process.execPath, [main, "build", ...args], { env: { ...env } }, done);
  });
}

const docker = await findDocker();
const registry = await findRegistry();
const known = registry ?? { address: "", user: "", password: "", image: "" };
const missing = docker === null || registry === null;

describe.skipIf(missing)(needing("the lab's Docker and registry", "sim-pipeline build"), () => {
  const open = async () => {
    const fixed = await fixture("none", known, docker?.host ?? "");
    await fixed.write({ Dockerfile: "FROM busybox:stable\nARG MODE\nRUN echo $MODE > /mode\n" });
    return fixed;
  };

  test("keeps the image here by default, under a name after the folder", async () => {
    await using fixed = await open();
    const args = [
      fixed.context,
      "--tag",
      "try",
      "--build-arg",
      "MODE=fast",
      "--test",
      "echo ok",
      "--json",
    ];
    const { code, out, said } = await build(args, fixed.env);
    expect({ code, made: JSON.parse(out) }).toEqual({
      code: 0,
      made: {
        image: "sim-pipeline/context:try",
        digest: null,
        tags: ["sim-pipeline/context:try"],
        cached: false,
      },
    });
    expect(said).toMatch(/^ok$/m);
    expect(said).toMatch(/^Built sim-pipeline\/context:try$/m);
    await cli(fixed.env, "image", "rm", "sim-pipeline/context:try");
  });

  test("pushes where it is told to, and only once", async () => {
    await using fixed = await open();
    const image = `${known.address}/${fixed.path}`;
    const env = { ...fixed.env, DOCKER_AUTH_CONFIG: loginFor(image, known.user, known.password) };
    const first = await build([fixed.context, "--image", image, "--push"], env);
    const digest = await fixed.repository.digest("latest");
    expect(first).toMatchObject({
      code: 0,
      out: "",
      said: expect.stringContaining(`Pushed ${image}@${digest}`),
    });
    const second = await build([fixed.context, "--image", image, "--push", "--tag", "2"], env);
    expect(second).toMatchObject({
      code: 0,
      said: expect.stringContaining(`Tagged ${image}@${digest}`),
    });
  });

  test("ends with 130 on SIGINT, and leaves nothing running", async () => {
    await using fixed = await open();
    const args = [main, "build", fixed.context, "--test", "echo started; sleep 1000"];
    const ended = await new Promise<[number | null, string]>((resolve) => {
      let said = "";
      const child = execFile(process.execPath, args, { env: { ...fixed.env } });
      child.stderr?.on("data", (text: string) => {
        const started = /^started$/m;
        // Once: what follows is said at the end, when a second signal would be the last.
        if (!started.test(said) && started.test(said + text)) child.kill("SIGINT");
        said += text;
      });
      child.on("close", (code) => resolve([code, said]));
    });
    expect(ended[0]).toBe(130);
    expect(ended[1]).toContain("Interrupted");
  });
});

describe("what is wrong with the flags: exit 2", () => {
  test.each<[string, string[], RegExp]>([
    [
      "a secret's value in the place of its name",
      ["--secret", "KEY=hush"],
      /name of an environment variable/,
    ],
    ["a push to nowhere", ["--push"], /Name the image: --image/],
    ["a tag with illegal characters", ["--tag", "a/b"], /The tag "a\/b" is more than a tag/],
    ["no Dockerfile", [], /There is no .*Dockerfile/],
  ])("%s", async (_, flags, message) => {
    const folder = await mkdtemp(join(tmpdir(), "sim-cli-build-"));
    try {
      const env = { PATH: process.env.PATH, HOME: folder };
      const { code, said } = await build([folder, ...flags], env);
      expect({ code, said }).toEqual({ code: 2, said: expect.stringMatching(message) });
      expect(said).not.toContain("hush");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
