import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { overSsh } from "../engines/docker/fixtures.ts";
import { needing } from "../lab/lab.ts";
import { expectComplete, start, workplace, written } from "./orchestrator.ts";

const POINTS = 10;
const kinds = [
  { how: "shares our files", shared: true, warm: false },
  { how: "gets them as archives", shared: false, warm: false },
  { how: "gets them as archives, with kept containers", shared: false, warm: true },
];
const first = await overSsh({ shared: false });
await first?.[Symbol.asyncDispose]();

describe.skipIf(first === null)(
  needing("sshd and a Docker daemon behind TLS", "the connection to a machine that"),
  () => {
    test.each(kinds)(
      "$how breaks again and again: the run pauses, goes on, and no point fails or is lost",
      { timeout: 180_000 },
      async ({ shared, warm }) => {
        await using remote = await overSsh({ shared });
        if (remote === null) throw new Error("unreachable");
        const place = workplace({
          parameters: { i: { range: `1-${POINTS}` } },
          entrypoint: ["sh", "-c"],
          command: [
            'cat $SIM_INPUT/input > "$SIM_OUTPUT/input"; echo {{ i }} > "$SIM_OUTPUT/point"; echo here; sleep 0.5',
          ],
          inputs: [{ from: "input", to: "input" }],
          ...(warm ? { isolation: "warm" } : {}),
          workers: 2,
        });
        writeFileSync(join(place.folder, "sweep/input"), "given");
        const flags = ["--engine", "docker"];
        const run = start(place, { env: { ...remote.env }, flags });
        for (const i of [2, 5, 8]) {
          await written(run, place, `out/logs/i=${i}/1.txt`, /here/);
          await remote.sshd.drop();
        }
        const { code, stderr } = await run.ended;
        expect(code, stderr).toBe(0);
        expectComplete(place, POINTS);
        expect(stderr).toMatch(/paused: .*\n(.*\n)*resumed/);
      },
    );
  },
);
