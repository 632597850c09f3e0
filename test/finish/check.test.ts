import { expect, test } from "vitest";
import { checkFinish } from "../../src/finish/tools.ts";
import { planOf } from "./harness.ts";

const video = (changes: Record<string, unknown> = {}) => ({
  video: { frames: "frame.png", by: "frame", ...changes },
});
const frame = { range: "1-3" };
const nothing = { PATH: "/nowhere", DOCKER_HOST: "unix:///nowhere.sock" };

test.each<{
  title: string;
  finish: readonly unknown[];
  parameters?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  exitCode: number;
  message: RegExp;
}>([
  {
    title: "two points with one frame",
    finish: [video()],
    parameters: { frame, seed: [7, 8] },
    exitCode: 2,
    message:
      /one frame for each value of frame, and frame 1 is 2 points: frame=1_seed=7, frame=1_seed=8\n.*give seed one value.*--param seed=VALUE/,
  },
  {
    title: "a gif that is too fast",
    finish: [video({ to: "a.gif", fps: 60 })],
    exitCode: 2,
    message: /a.gif has 60 frames a second, and a gif at most 50/,
  },
  {
    title: "a video larger than ffmpeg makes",
    finish: [video({ to: "a.webm", size: "20000x100" })],
    exitCode: 2,
    message: /a.webm has a size of 20000x100\n.*at most 16384 pixels a side/,
  },
  {
    title: "a video where there is neither ffmpeg nor Docker",
    finish: [video()],
    env: nothing,
    exitCode: 3,
    message:
      /step 1 of test needs ffmpeg: it is not on PATH.*unix:\/\/\/nowhere.sock.*\nInstall ffmpeg.*Nothing was started/,
  },
  {
    title: "a sheet of JPEG pictures where there is neither",
    finish: [{ sheet: { images: "a.jpg" } }],
    env: nothing,
    exitCode: 3,
    message: /needs ffmpeg/,
  },
  {
    title: "a command in an image where there is no Docker",
    finish: [{ command: { image: "busybox:stable", command: ["true"] } }],
    env: nothing,
    exitCode: 3,
    message: /step 1 of test runs in the image busybox:stable, and there is no Docker daemon/,
  },
  {
    title: "a command whose program is not there",
    finish: [{ command: { entrypoint: ["no-such-program"], command: [] } }],
    exitCode: 2,
    message: /there is no program no-such-program/,
  },
  {
    title: "a command that writes a container's folder out, without containers",
    finish: [{ command: { entrypoint: ["sh"], command: ["-c", "ls > /mnt/data/x"] } }],
    exitCode: 2,
    message: /write "{{ output }}" instead of "\/mnt\/data"/,
  },
])("before a sweep starts: $title", async (one) => {
  const { finish, parameters = { frame }, env = process.env, exitCode, message } = one;
  const { processEngine } = await import("../../src/engines/process/engine.ts");
  await using engine = processEngine();
  const { signal } = new AbortController();
  const checked = checkFinish(planOf(finish, parameters), {
    env,
    signal,
    engine: async () => engine,
  });
  await expect(checked).rejects.toMatchObject({ exitCode });
  await expect(checked).rejects.toThrow(message);
});
