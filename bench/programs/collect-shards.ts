/** Collects the shards that a file of JSON names, as the command does; prints what it found. */
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { collectShards, openPlan } from "../../src/index.ts";

const INPUT = z.object({ plan: z.string(), root: z.string(), shards: z.array(z.string()) });

const [folder = "", file = ""] = process.argv.slice(2);
const { plan: tar, root, shards } = INPUT.parse(JSON.parse(readFileSync(file, "utf8")));
const scratch = mkdtempSync(join(folder, "scratch-"));
const plan = await openPlan(tar, scratch, { root, commit: null });
const { counts, missing } = await collectShards({ plan, shards, out: join(folder, "collected") });
const maxRss = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ succeeded: counts.succeeded, missing, maxRss }));
