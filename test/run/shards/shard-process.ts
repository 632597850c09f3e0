/**
 * Runs a shard as a process that can be killed, or packs one as the step after it does; says what
 * starts. Arguments: `run` or `pack`, the plan's tar, the repository, the shard, its run folder, and
 * the tar to pack into.
 */
import { mkdtempSync } from "node:fs";
import { dirname, join } from "node:path";
import { openPlan, packShard, runShard } from "../../../src/index.ts";

const [what, tar = "", root = "", shard = "", folder = "", out = ""] = process.argv.slice(2);
const scratch = mkdtempSync(join(dirname(tar), "scratch-"));
const plan = await openPlan(tar, scratch, { root, commit: null });
if (what === "run") {
  await runShard({
    plan,
    shard: Number(shard),
    out: folder,
    engine: "process",
    onEvent: (event) => {
      if (event.type === "started") process.stdout.write(`started ${event.name}\n`);
    },
  });
} else {
  await packShard({ plan, shard: Number(shard), attempt: 1, complete: false, folder, out });
}
