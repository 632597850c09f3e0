import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findDocker, images, needing } from "../lab/lab.ts";
import { temporaryFolder } from "../run/harness.ts";
import { ffmpeg, finishRun, planOf, probe, told } from "./harness.ts";
import { endedRun, png } from "./pictures.ts";

const docker = await findDocker();
const IMAGE = "jrottenberg/ffmpeg:7.1-alpine";

const points = [1, 2, 3].map((value) => ({
  parameters: { frame: value },
  files: { "frame.png": png(32, 24, [value * 50, 0, 0]) },
}));

describe.skipIf(docker === null)(needing("a Docker daemon", "finish steps in containers"), () => {
  const env = { ...process.env, DOCKER_HOST: docker?.host };

  it("a video is made by an image's ffmpeg where that is asked for", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const plan = planOf([{ video: { frames: "frame.png", by: "frame", size: "64x48" } }]);
    const image = { ...env, SIM_PIPELINE_FFMPEG_IMAGE: IMAGE };
    const done = await finishRun(root, plan, { env: image });
    expect(done.steps[0]?.reason).toBe(null);
    expect(told(done)).toEqual(["video succeeded"]);
    expect(readFileSync(join(root, done.steps[0]?.log ?? ""), "utf8")).toMatch(/-i \/mnt\/input\//);
    if (ffmpeg) expect(probe(root, "movie.mp4")).toBe("h264 64 48 yuv420p 3");
  });

  it("a video is made by the pinned image where a machine has no ffmpeg", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const plan = planOf([{ video: { frames: "frame.png", by: "frame", size: "64x48" } }]);
    const done = await finishRun(root, plan, { env: { ...env, PATH: "/nowhere" } });
    expect(done.steps[0]).toMatchObject({ status: "succeeded", reason: null });
  });

  it("a command has a point's sandbox: no network, no root, a run folder that it cannot write", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const script = [
      "id -u; ls /sys/class/net; ls $1/points",
      "touch $1/x 2>/dev/null && echo written",
      "cp $1/points/p1/frame.png $2/copy.png",
    ].join("; ");
    const entrypoint = ["sh", "-c", script, "sh"];
    const command = { entrypoint, image: images.busybox, command: ["{{ input }}", "{{ output }}"] };
    const done = await finishRun(root, planOf([{ command }]), { env });
    expect(done.steps[0]?.reason).toBe(null);
    const said = readFileSync(join(root, done.steps[0]?.log ?? ""), "utf8");
    expect(said.split("\n").slice(1)).toEqual([
      process.getuid?.() === 0 ? "65534" : String(process.getuid?.()),
      ...["lo", "p0", "p1", "p2", ""],
    ]);
    expect(existsSync(join(root, "x"))).toBe(false);
    expect(readFileSync(join(root, "finish/copy.png"))).toEqual(png(32, 24, [100, 0, 0]));
  });

  it("a command without an image of its own has the sweep's, and the points' engine", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const entrypoint = ["sh", "-c", "hostname > /mnt/data/where"];
    const image = images.busybox;
    const plan = planOf([{ command: { entrypoint, command: [] } }], undefined, { image });
    expect(told(await finishRun(root, plan, { env, engine: "docker" }))).toEqual([
      "command succeeded",
    ]);
    expect(told(await finishRun(root, plan, { env, engine: "docker" }))).toEqual([
      "command succeeded cached",
    ]);
  });
});
