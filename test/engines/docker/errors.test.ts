import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import type { DockerHost } from "../../../src/engines/docker/connect.ts";
import { explain, isLost, unreachable } from "../../../src/engines/docker/errors.ts";
import { EngineLostError } from "../../../src/engines/engine.ts";

const host: DockerHost = { url: "unix:///docker.sock", from: "DOCKER_HOST", certificates: null };

/** As docker-modem makes them. */
const refused = (statusCode: number, words: string) =>
  Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${words} `), { statusCode });
const coded = (code: string) => Object.assign(new Error(code), { code });

describe("an error that means the daemon went away", () => {
  test.each([
    ["ECONNREFUSED", coded("ECONNREFUSED")],
    ["ECONNRESET", coded("ECONNRESET")],
    ["EPIPE", coded("EPIPE")],
    ["ETIMEDOUT", coded("ETIMEDOUT")],
    ["a hang-up", new Error("socket hang up")],
    ["a broken answer", new Error("aborted")],
    ["a shutdown", refused(503, "the daemon is shutting down")],
    ["said so already", new EngineLostError("gone")],
  ])("%s", (_, error) => {
    expect(isLost(error)).toBe(true);
    expect(explain(error, host)).toBeInstanceOf(EngineLostError);
  });

  test("a socket that is not there", async () => {
    const error = await new Promise((resolve) => {
      connect("/nowhere/docker.sock").once("error", resolve);
    });
    expect(isLost(error)).toBe(true);
  });
});

describe("an error that means something else", () => {
  test("a file of ours that is not there stays what it is", () => {
    try {
      readFileSync("/nowhere/file");
      expect.unreachable();
    } catch (error) {
      expect(isLost(error)).toBe(false);
      expect(explain(error, host)).toBe(error);
    }
  });

  test.each([
    [400, "invalid reference format", /change them in the sweep/],
    [404, "No such image: sha256:ab", /removed while the run was under way/],
    [409, "Conflict", /own log says more/],
    [500, "write /layer: no space left on device", /disk is full.*docker system prune/],
    [500, 'could not select device driver "" with capabilities: [[gpu]]', /no GPUs/],
    [500, "exec /app: exec format error", /another processor.*platform/],
    [400, "Minimum memory limit allowed is 6MB", /resources/],
    [500, "Mounts denied: not shared from the host", /File sharing/],
  ])("%i %s: exit 3 with what to do", (status, words, message) => {
    const explained = explain(refused(status, words), host);
    expect(explained).toMatchObject({ exitCode: 3, message: expect.stringMatching(message) });
    expect(explained).toMatchObject({ message: expect.stringContaining(words) });
  });

  test("no right to use the socket: exit 3 with how to get it", () => {
    const denied = Object.assign(coded("EACCES"), { syscall: "connect", address: "/docker.sock" });
    expect(explain(denied, host)).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("usermod -aG docker"),
    });
    expect(unreachable(denied, host)).toMatchObject({
      message: expect.stringContaining("usermod -aG docker"),
    });
  });
});
