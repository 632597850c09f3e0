/** Plans a sweep into 256 shards, as the plan action does; prints the matrix. */
import { join } from "node:path";
import { planSweep, shardSweep } from "../../src/index.ts";

const [root = "", out = "", kind = ""] = process.argv.slice(2);
const sweep = join(root, "sweep.yaml");
const seconds = new Map<string, number>();
if (kind === "seconds") {
  for (const { index, name } of planSweep({ sweep }).points())
    seconds.set(name, (index * 7919) % 97);
}
const none = { commit: null, repository: null };
const { plan, matrix } = await shardSweep({
  sweep,
  root,
  shards: 256,
  out,
  process: false,
  seconds,
  ...none,
});
process.stdout.write(JSON.stringify({ points: plan.count, matrix: JSON.stringify(matrix) }));
