// `npm run bench [-- NAME… FLAG…]`: the files of bench/, all or those that are named, one after the
// other, each in a process of Node 24. Flags go to each of them. Plain JavaScript, because it may
// be started by an older Node.
import "./install.js";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../bench/", import.meta.url));
const node = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
const all = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length));

const args = process.argv.slice(2);
const firstFlag = args.findIndex((arg) => arg.startsWith("-"));
const names = firstFlag === -1 ? args : args.slice(0, firstFlag);
const flags = args.slice(names.length);
const unknown = names.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No bench ${unknown.join(", ")}; there are ${all.join(", ")}.\n`);
  process.exitCode = 2;
} else {
  for (const name of names.length > 0 ? names : all) {
    const { status } = spawnSync(node, [`${folder}${name}.ts`, ...flags], { stdio: "inherit" });
    if (status !== 0) process.exitCode = 1;
  }
}
