/** What a task finds on disk: its inputs and secrets, in the engine's scratch folder. */

import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { Mount, Task } from "../engine.ts";

/** Where inputs must lie in a task for this engine: the folder that becomes `$SIM_INPUT`. */
const INPUT_ROOT = "/mnt/input";

/** The folder that a task's `$SIM_INPUT` names, inside its scratch folder. */
function inputFolder(scratch: string): string {
  return join(scratch, "input");
}

/** Whether a path in the task lies in the input folder, or is it. */
export function isInput(target: string): boolean {
  return target === INPUT_ROOT || target.startsWith(`${INPUT_ROOT}/`);
}

/**
 * Links the task's inputs into its input folder. Links, since a copy of a large input for every
 * task would cost more than the task; so a task that writes to its inputs changes the originals.
 */
export function placeInputs(task: Task): void {
  const targets = new Set(task.mounts.map((mount) => mount.target));
  const place = ({ source, target }: Pick<Mount, "source" | "target">): void => {
    if (!isInput(target)) throw new Error(`${target} is outside ${INPUT_ROOT}`);
    const path = join(inputFolder(task.scratch), posix.relative(INPUT_ROOT, target));
    const inside = [...targets].some((other) => other.startsWith(`${target}/`));
    if (!inside) {
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(source, path);
      return;
    }
    // Something else lies inside this folder: a link to it would put that into the original.
    mkdirSync(path, { recursive: true });
    for (const name of readdirSync(source)) {
      const entry = { source: join(source, name), target: `${target}/${name}` };
      if (!targets.has(entry.target)) place(entry);
    }
  };
  for (const mount of task.mounts) place(mount);
}

/** Writes the task's secrets into a new folder, for its user alone. */
export function placeSecrets(task: Task, folder: string): void {
  const secrets = Object.entries(task.secrets);
  if (secrets.length === 0) return;
  mkdirSync(folder, { mode: 0o700 });
  for (const [name, value] of secrets) writeFileSync(join(folder, name), value, { mode: 0o400 });
}
