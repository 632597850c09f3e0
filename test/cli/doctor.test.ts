import { afterAll, describe, expect, it } from "vitest";
import { runChecks } from "../../src/cli/checks.ts";
import { doctorText } from "../../src/cli/doctor.ts";
import { overSsh } from "../engines/docker/fixtures.ts";
import { needing } from "../lab/lab.ts";

it("says what is there, and what each lack costs", () => {
  const text = doctorText([
    { name: "docker", ok: true, found: "29.0 at unix:///var/run/docker.sock", lack: null },
    { name: "ffmpeg", ok: false, found: "not found", lack: "no videos. Install it." },
  ]);
  expect(text).toBe(
    [
      "✓ docker  29.0 at unix:///var/run/docker.sock",
      "– ffmpeg  not found",
      "          costs: no videos. Install it.",
      "",
    ].join("\n"),
  );
});

it("finds what is there without a Docker daemon, and never shows a secret", async () => {
  const secret = "a-value-nobody-may-see";
  const checks = await runChecks({
    DOCKER_HOST: "unix:///nowhere/docker.sock",
    GITHUB_TOKEN: secret,
    AWS_ACCESS_KEY_ID: secret,
  });
  const find = (name: string) => checks.find((check) => check.name === name);
  expect(find("node")?.found).toContain(process.version);
  expect(find("docker")).toMatchObject({
    ok: false,
    lack: expect.stringContaining("no containers"),
  });
  expect(find("docker files")).toBeUndefined();
  expect(find("GITHUB_TOKEN")).toMatchObject({ ok: true, lack: null });
  expect(find("AWS")).toMatchObject({ ok: true, found: "AWS_ACCESS_KEY_ID" });
  expect(JSON.stringify(checks)).not.toContain(secret);
  // Everything that is missing says what that costs.
  expect(checks.filter(({ ok, lack }) => !ok && lack === null)).toEqual([]);
});

const remote = await overSsh({ shared: true });
describe.skipIf(remote === null)(needing("sshd and a Docker daemon", "a daemon behind SSH"), () => {
  const docker = async () => {
    const checks = await runChecks(remote?.env ?? {});
    return checks.find(({ name }) => name === "docker");
  };
  afterAll(async () => {
    await remote?.[Symbol.asyncDispose]();
  });

  it("is told as one", async () => {
    expect(await docker()).toMatchObject({
      ok: true,
      found: expect.stringMatching(/at ssh:\/\/lab.*through one SSH connection/),
    });
  });

  it("that cannot be reached says why, and what to do there", async () => {
    await remote?.sshd.stop();
    expect(await docker()).toMatchObject({
      ok: false,
      found: expect.stringMatching(/lab refuses connections.*start sshd there/),
    });
  });
});
