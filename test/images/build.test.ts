import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildImage } from "../../src/images/build.ts";
import { cli, dockerEnv } from "../engines/docker/fixtures.ts";
import { needing } from "../lab/lab.ts";

const found = await dockerEnv();
const env = found ?? {};

describe.skipIf(found === null)(needing("a Docker daemon", "building an image"), () => {
  let context: string;
  let tag: string;

  beforeEach(() => {
    context = mkdtempSync(join(tmpdir(), "sim-build-"));
    tag = `sim-pipeline-test/${randomBytes(6).toString("hex")}`;
  });

  afterEach(async () => {
    rmSync(context, { recursive: true, force: true });
    await cli(env, "image", "rm", "--force", tag).catch(() => {});
  });

  function write(files: Record<string, string>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(context, name)), { recursive: true });
      writeFileSync(join(context, name), content);
    }
  }

  async function build(signal = new AbortController().signal): Promise<string[]> {
    const lines: string[] = [];
    await buildImage({ context, tag, platform: null, env }, (line) => lines.push(line), signal);
    return lines;
  }

  test("tags what the Dockerfile makes, and tells its log as it comes", async () => {
    const word = randomBytes(4).toString("hex");
    write({
      Dockerfile: `FROM busybox:stable\nCOPY . /src\nRUN echo building ${word}\nCMD ["cat", "/src/a"]\n`,
      a: "hello",
    });
    const lines = await build();
    expect(lines).toContain(`building ${word}`);
    expect(lines.some((line) => line.includes("COPY . /src"))).toBe(true);
    expect(await cli(env, "run", "--rm", "--network", "none", tag)).toBe("hello");
  });

  test("run folders are left out: results make no other image", async () => {
    write({
      Dockerfile: "FROM busybox:stable\nCOPY . /src\nCMD find /src -type f | sort\n",
      "runs/pi/run.db": "",
      "runs/pi/points/a/result.json": "{}",
      "runs/notes.txt": "",
    });
    await build();
    const listed = await cli(env, "run", "--rm", "--network", "none", tag);
    expect(listed.split("\n")).toEqual(["/src/Dockerfile", "/src/runs/notes.txt"]);
  });

  test(".dockerignore is kept to, exceptions and links included", async () => {
    write({
      Dockerfile: `FROM busybox:stable\nCOPY . /src\nCMD find /src | sort\n`,
      ".dockerignore": "# comment\n*.log\n**/*.tmp\nsecret\nout/*\n!out/keep\nDockerfile\n",
      "a.log": "",
      "sub/b.log": "kept: the pattern is for the root",
      "sub/c.tmp": "",
      "secret/key": "",
      "out/drop": "",
      "out/keep": "",
    });
    symlinkSync("sub/b.log", join(context, "link"));
    await build();
    const names = await cli(env, "run", "--rm", "--network", "none", tag);
    expect(names.split("\n").map((name) => name.replace("/src", "."))).toEqual([
      ".",
      "./.dockerignore",
      "./Dockerfile",
      "./link",
      "./out",
      "./out/keep",
      "./sub",
      "./sub/b.log",
    ]);
  });

  test("a step that fails: exit 3 with the end of its log", async () => {
    write({ Dockerfile: "FROM busybox:stable\nRUN echo the reason; exit 3\n" });
    await expect(build()).rejects.toMatchObject({
      name: "ReportedError",
      exitCode: 3,
      message: expect.stringMatching(/exit code: 3.*the reason.*Correct the Dockerfile/s),
    });
  });

  test("a Dockerfile that cannot be read: exit 3 with its line", async () => {
    write({ Dockerfile: "FROM busybox:stable\nNOPE\n" });
    await expect(build()).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("unknown instruction: NOPE"),
    });
  });

  test("no Dockerfile: exit 2 with its path", async () => {
    await expect(build()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(join(context, "Dockerfile")),
    });
  });

  test("an abort ends the build", async () => {
    write({ Dockerfile: "FROM busybox:stable\nRUN echo started; sleep 1000\n" });
    const stop = new AbortController();
    const building = buildImage(
      { context, tag, platform: null, env },
      (line) => {
        if (line === "started") stop.abort(new Error("stopped by the test"));
      },
      stop.signal,
    );
    await expect(building).rejects.toThrow("stopped by the test");
  });
});

test("no daemon: exit 3 with what to do", async () => {
  const context = mkdtempSync(join(tmpdir(), "sim-build-"));
  writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
  try {
    const building = buildImage(
      { context, tag: "x", platform: null, env: { DOCKER_HOST: "unix:///nowhere/docker.sock" } },
      () => {},
      new AbortController().signal,
    );
    await expect(building).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("No Docker daemon answers at unix:///nowhere/docker.sock"),
    });
  } finally {
    rmSync(context, { recursive: true });
  }
});
