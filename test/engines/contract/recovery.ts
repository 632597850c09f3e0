/** Laws of what an engine finds of an orchestrator that was killed. */

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Bench, LEAVES_CHILDREN, newRun, record, STUBBORN } from "./bench.ts";

export function recoveryLaws(bench: Bench): void {
  const { options, task, orphan } = bench;
  const { capabilities } = options;

  describe("recovery", () => {
    test("of a run that left nothing is nothing", async () => {
      expect(await bench.engine.recover(newRun(), () => null)).toEqual([]);
    });

    test("ends what a killed orchestrator left running, and ignores other runs", async () => {
      const mine = newRun();
      const other = newRun();
      const left = await Promise.all([
        task(`${LEAVES_CHILDREN}; sleep 1000`, { run: mine }),
        task(STUBBORN, { run: mine }),
        task(`${LEAVES_CHILDREN}; sleep 1000`, { run: other }),
      ]);
      await orphan(left);
      expect(await options.remains(mine)).not.toEqual([]);

      const recovered = await bench.engine.recover(mine, () => target(bench.root));
      expect(recovered.map((one) => one.task).sort()).toEqual(
        left
          .filter((one) => one.run === mine)
          .map((one) => one.id)
          .sort(),
      );
      for (const { outcome, release } of recovered) {
        expect(outcome).toBeNull();
        await release();
      }
      expect(await options.remains(mine)).toEqual([]);
      expect(await options.remains(other)).not.toEqual([]);
      expect(await bench.engine.recover(mine, () => target(bench.root))).toEqual([]);

      for (const { release } of await bench.engine.recover(other, () => target(bench.root)))
        await release();
      expect(await options.remains(other)).toEqual([]);
    });

    test("a task whose outcome is known is removed and does not come back", async () => {
      const given = await task("echo up; sleep 1000");
      await orphan([given]);
      expect(await bench.engine.recover(given.run, () => null)).toEqual([]);
      expect(await options.remains(given.run)).toEqual([]);
    });

    test("leaves alone what this orchestrator is running", async () => {
      const given = await task("echo up; sleep 0.5; exit 8");
      const recorder = record();
      const running = bench.engine.run(given, recorder.hooks, new AbortController().signal);
      await recorder.saw("up");
      expect(await bench.engine.recover(given.run, () => "live")).toEqual([]);
      const finished = await running;
      expect(finished.outcome).toMatchObject({ ended: "exited", exitCode: 8 });
      await finished.release();
    });

    const { adopts } = capabilities;
    test(`${adopts === null ? "does not adopt" : "adopts"} what ended by itself`, async () => {
      const given = await task(
        'echo up; sleep 0.5; echo kept > "$SIM_OUTPUT/kept"; echo more; exit 7',
      );
      await orphan([given]);
      if (adopts === null) {
        const found = await bench.engine.recover(given.run, () => target(bench.root));
        expect(found.filter(({ outcome }) => outcome !== null)).toEqual([]);
        for (const { release } of found) await release();
        return;
      }
      await adopts.ended(given);
      const output = join(bench.root, `${given.id}-recovered`);
      await mkdir(output);
      const recorder = record();
      const recovered = await bench.engine.recover(given.run, (id) =>
        id === given.id ? { output, log: recorder.hooks.log } : null,
      );
      expect(recovered).toHaveLength(1);
      expect(recovered[0]).toMatchObject({
        task: given.id,
        outcome: { ended: "exited", exitCode: 7 },
      });
      expect(await readFile(join(output, "kept"), "utf8")).toBe("kept\n");
      expect(recorder.text()).toBe("up\nmore\n");
      await recovered[0]?.release();
      expect(await options.remains(given.run)).toEqual([]);
    });
  });
}

function target(root: string) {
  return { output: root, log: () => {} };
}
