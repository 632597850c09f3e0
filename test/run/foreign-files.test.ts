import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Task } from "../../src/engines/engine.ts";
import { needing } from "../lab/lab.ts";
import type { Play } from "./fake-engine.ts";
import { parametersOf, runFake, temporaryFolder } from "./harness.ts";

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

function become(uid: number): void {
  process.seteuid?.(uid);
}

/** A task of a container that runs as root: what it writes is not ours to remove. */
function asRoot(task: Task, play: Play): Play {
  become(0);
  mkdirSync(join(task.output, "folder"));
  writeFileSync(join(task.output, "folder/file"), "root's");
  become(NOBODY);
  return play;
}

describe.skipIf(!isRoot)(needing("root, to be two users", "outputs of another user"), () => {
  /** A folder of an ordinary user, which this process is from now on. */
  const ordinaryFolder = () => {
    const folder = temporaryFolder();
    chownSync(folder, NOBODY, NOBODY);
    become(NOBODY);
    onTestFinished(() => become(0));
    return folder;
  };

  test("are out of the way when they cannot be removed, and no run fails for them", async () => {
    const out = ordinaryFolder();
    const sweep = { parameters: { seed: [1, 2] } };
    const first = await runFake(out, sweep, (task) =>
      asRoot(task, { exitCode: parametersOf(task).seed === 1 ? 0 : 1 }),
    );
    expect(first.points).toEqual(["seed=1 succeeded 1", "seed=2 failed 1"]);
    const cut = new AbortController();
    await runFake(
      out,
      sweep,
      (task) => {
        cut.abort("SIGINT");
        return asRoot(task, { hangs: true });
      },
      { signal: cut.signal },
    );
    const last = await runFake(out, sweep, (task) => asRoot(task, {}), { mode: "off" });
    expect(last.points).toEqual(["seed=1 succeeded 2", "seed=2 succeeded 3"]);
    expect(readdirSync(join(out, "points/seed=2"))).toEqual(["folder"]);
    expect(existsSync(join(out, "failed/seed=2"))).toBe(false);
    expect(JSON.stringify(last.events)).toContain("files of other users");
  });
});
