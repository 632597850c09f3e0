/**
 * `npm run bundle [-- FOLDER]`: the actions as `uses:` starts them, into dist/actions/ or FOLDER.
 * Prints what each loads at its start.
 */
import { resolve } from "node:path";
import { actionEntries, repository } from "./action-files.ts";
import { bundleActions, startBytes } from "./bundle-actions.ts";

const folder = resolve(process.argv[2] ?? `${repository}/dist/actions`);
const entries = actionEntries();
const chunks = await bundleActions(folder, entries);
const kib = (bytes: number) =>
  `${Math.ceil(bytes / 1024).toLocaleString("en-US")} KiB`.padStart(10);
for (const name of Object.keys(entries)) {
  process.stdout.write(`${kib(startBytes(chunks, `${name}.js`))}  ${name}.js\n`);
}
const all = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
process.stdout.write(`${kib(all)}  in all, in ${chunks.length} files of ${folder}\n`);
