import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { collectShards, readShardFile, runShard, unpackShard } from "../../../src/index.ts";
import { readDatabase } from "../../../src/results/database.ts";
import { runFolder } from "../../../src/results/folder.ts";
import { pointsOf, temporaryFolder } from "../harness.ts";
import { packed, planned } from "./fixture.ts";

const PROGRAM = fileURLToPath(new URL("./shard-process.ts", import.meta.url));

/** Each point notes that it ran; the third of shard 4 hangs until the gate is open. */
const sweep = (folder: string) => `name: tiny
process: [sh, -c]
workers: 1
parameters:
  i: { range: "0-39" }
command: ['[ {{ i }} != 22 ] || [ -e "${folder}/gate" ] || sleep 60;
  echo {{ i }} >> "${folder}/ran"; echo {{ i }} > "$SIM_OUTPUT/point"']
outputs: [point]
`;

test("one shard of eight is killed, packed, run again, and the collect is complete", async () => {
  const folder = temporaryFolder();
  const { plan, root, tar } = await planned(folder, sweep(folder), { shards: 8 });
  const killed = join(folder, "killed");
  const first = join(folder, "shard-4-1.tar");
  const start = (what: string) => {
    const args = [PROGRAM, what, tar, root, "4", killed, first];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  const running = start("run");
  for await (const line of createInterface(running.stdout)) {
    if (line === "started i=22") break;
  }
  running.kill("SIGKILL");
  await once(running, "close");
  const [code] = await once(start("pack"), "close");
  expect(code).toBe(0);
  expect(await readShardFile(first)).toMatchObject({ shard: 4, attempt: 1, complete: false });

  // Another machine has nothing but the artifact.
  const again = join(folder, "again");
  await unpackShard(first, again);
  expect(pointsOf(again).map((line) => line.split(" ")[1])).toEqual([
    "succeeded",
    "succeeded",
    "cancelled",
    "pending",
    "pending",
  ]);
  const others: string[] = [];
  for (const shard of [0, 1, 2, 3, 5, 6, 7]) others.push((await packed(folder, plan, shard)).tar);
  const partial = await collectShards({
    plan,
    shards: [...others, first],
    out: join(folder, "partial"),
  });
  expect(partial.missing).toEqual([
    { shard: 4, points: ["i=22", "i=23", "i=24"], why: "incomplete" },
  ]);

  writeFileSync(join(folder, "gate"), "");
  const second = await packed(folder, plan, 4, { attempt: 2, out: again });
  expect(second.summary).toMatchObject({ cached: 2, counts: { succeeded: 5 } });
  const out = join(folder, "out");
  const shards = [second.tar, ...others, first];
  const collected = await collectShards({ plan, shards, out });
  expect(collected).toMatchObject({ counts: { succeeded: 40 }, missing: [], ignored: [] });
  expect(collected.used[4]).toEqual({ shard: 4, attempt: 2, tar: second.tar });

  const ran = readFileSync(join(folder, "ran"), "utf8").trim().split("\n").map(Number);
  expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  using database = readDatabase(runFolder(out));
  const twice = database.prepare(
    `SELECT points.name FROM points LEFT JOIN attempts
       ON attempts.key = points.key AND attempts.status = 'succeeded'
     GROUP BY points.idx HAVING count(attempts.id) <> 1`,
  );
  expect(twice.all()).toEqual([]);
});

test("a folder that an orchestrator still holds is not packed", async () => {
  const folder = temporaryFolder();
  const { plan, root, tar } = await planned(folder, sweep(folder), { shards: 8 });
  const out = join(folder, "run-4-1");
  const args = [PROGRAM, "run", tar, root, "4", out];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGTERM"));
  for await (const line of createInterface(child.stdout)) if (line === "started i=22") break;
  await expect(packed(folder, plan, 4)).rejects.toThrow("in use by another");
  child.kill("SIGKILL");
  await once(child, "close");
  // Ends what the killed one left running.
  writeFileSync(join(folder, "gate"), "");
  const { counts } = await runShard({ plan, shard: 4, out, engine: "process" });
  expect(counts.succeeded).toBe(5);
});
