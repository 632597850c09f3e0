import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  collectShards,
  type FinishRow,
  openPlan,
  packShard,
  runShard,
  runSweep,
  shardSweep,
} from "../../src/index.ts";
import { temporaryFolder } from "../run/harness.ts";
import { ffmpeg, needingFfmpeg, probe } from "./harness.ts";
import { png } from "./pictures.ts";

/** A sweep of three frames, which each copies a picture; with these finish steps. */
function writeSweep(folder: string, finish: readonly unknown[]): string {
  const path = join(folder, "sweep.yaml");
  const sweep = {
    name: "frames",
    process: ["sh", "-c", 'cp "$0" "$SIM_OUTPUT/frame.png"', join(folder, "picture.png")],
    command: [],
    parameters: { frame: [1, 2, 3] },
    outputs: ["frame.png"],
    finish,
  };
  writeFileSync(join(folder, "picture.png"), png(32, 24));
  writeFileSync(path, JSON.stringify(sweep));
  return path;
}

const video = { video: { frames: "frame.png", by: "frame", size: "64x48" } };

describe.skipIf(!ffmpeg)(needingFfmpeg("a run with finish steps"), () => {
  it("makes them after the points, and only once", async () => {
    const folder = temporaryFolder();
    const sweep = writeSweep(folder, [video, { sheet: { images: "frame.png" } }]);
    const out = join(folder, "run");
    const options = { sweep, out, engine: "process" } as const;
    const first = await runSweep(options);
    expect(first.finish.map(({ status, cached }) => [status, cached])).toEqual([
      ["succeeded", false],
      ["succeeded", false],
    ]);
    expect(probe(out, "movie.mp4")).toBe("h264 64 48 yuv420p 3");
    const again = await runSweep(options);
    expect(again.finish.map(({ cached }) => cached)).toEqual([true, true]);
    const off = await runSweep({ ...options, resume: "off" });
    expect(off.finish.map(({ cached }) => cached)).toEqual([false, false]);
  });

  it("starts no point where two points would be one frame", async () => {
    const folder = temporaryFolder();
    const sweep = writeSweep(folder, [video]);
    const out = join(folder, "run");
    const run = runSweep({ sweep, out, engine: "process", params: ["seed=1,2"] });
    await expect(run).rejects.toMatchObject({ exitCode: 2 });
    expect(existsSync(out)).toBe(false);
  });

  it("makes them where shards are collected, and in no shard", async () => {
    const folder = temporaryFolder();
    const { plan, shards, finished } = await ranShards(folder, writeSweep(folder, [video]));
    expect(finished).toEqual([]);
    const out = join(folder, "all");
    const { finish } = await collectShards({ plan, shards, out, engine: "process" });
    expect(finish.map(({ status }) => status)).toEqual(["succeeded"]);
    expect(probe(out, "movie.mp4")).toBe("h264 64 48 yuv420p 3");
  });

  it("makes them once, when no other tar takes the place of one that is no good", async () => {
    const folder = temporaryFolder();
    const { plan, shards } = await ranShards(folder, writeSweep(folder, [video]));
    const [first = "", second = ""] = shards;
    const damaged = join(folder, "damaged.tar");
    writeFileSync(damaged, "no tar");
    const begun: number[] = [];
    const asked: string[][] = [];
    const { finish, missing } = await collectShards({
      plan,
      shards: [damaged, second],
      instead: async (ignored) => {
        asked.push(ignored.map(({ tar }) => tar));
        return asked.length === 1 ? [damaged, first, second] : null;
      },
      out: join(folder, "all"),
      engine: "process",
      onEvent: (event) => {
        if (event.type === "finish" && event.step.status === "running") begun.push(asked.length);
      },
    });
    expect(asked).toEqual([[damaged], [damaged]]);
    expect(begun).toEqual([2]);
    expect(missing).toEqual([]);
    expect(finish.map(({ status }) => status)).toEqual(["succeeded"]);
  });
});

/** Runs a sweep as two shards, and packs them. `finished`: the finish steps that shards have run. */
async function ranShards(folder: string, sweep: string) {
  const tar = join(folder, "plan.tar");
  const repository = { root: folder, commit: null };
  await shardSweep({
    ...{ sweep, shards: 2, root: folder, commit: null, repository: null, out: tar },
    process: true,
  });
  const open = async (name: string) => {
    const scratch = join(folder, name);
    mkdirSync(scratch);
    return await openPlan(tar, scratch, repository);
  };
  const shards: string[] = [];
  const finished: FinishRow[] = [];
  for (const shard of [0, 1]) {
    const plan = await open(`scratch-${shard}`);
    const out = join(folder, `shard-${shard}`);
    const { finish } = await runShard({ plan, shard, out, engine: "process" });
    finished.push(...finish);
    const packed = join(folder, `shard-${shard}.tar`);
    await packShard({ plan, shard, attempt: 1, complete: true, folder: out, out: packed });
    shards.push(packed);
  }
  return { plan: await open("scratch"), shards, finished };
}

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** False for a zombie too, which only waits for its parent. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("a run that is killed during a finish step", () => {
  it("is taken up by the next, which ends what it left running", async () => {
    const folder = temporaryFolder();
    const script =
      'echo $$ > "$SIM_OUTPUT/pid.partial"; mv "$SIM_OUTPUT/pid.partial" "$0/pid"; sleep 60';
    const entrypoint = ["sh", "-c", script, folder];
    const sweep = writeSweep(folder, [
      { sheet: { images: "frame.png" } },
      { command: { entrypoint, command: [] } },
    ]);
    const out = join(folder, "run");
    const started = new Promise<void>((resolve) => {
      const watcher = watch(folder, (_event, name) => {
        if (name !== "pid") return;
        watcher.close();
        resolve();
      });
    });
    const words = [cli, "run", sweep, "--out", out, "--engine", "process"];
    const child = spawn(process.execPath, words, { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await started;
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    child.kill("SIGKILL");
    await ended;
    expect(isAlive(pid)).toBe(true);

    const set = [`finish.1.command.entrypoint=[sh, -c, 'echo 1 > "$SIM_OUTPUT/done"']`];
    const { finish } = await runSweep({ sweep, out, engine: "process", set });
    expect(finish.map(({ status, cached }) => [status, cached])).toEqual([
      ["succeeded", true],
      ["succeeded", false],
    ]);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(out, "finish/done"))).toBe(true);
  });
});
