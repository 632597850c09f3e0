import { describe, expect, test } from "vitest";
import { findDocker, needing } from "../lab/lab.ts";
import { pointsOf } from "../run/harness.ts";
import { containersOf, start, workplace, written } from "./orchestrator.ts";

const docker = await findDocker();

/** The second of four points never ends by itself; a deaf one does not end when it is asked to. */
const sweep = (deaf: boolean) => ({
  parameters: { i: { range: "1-4" } },
  workers: 1,
  process: ["sh", "-c"],
  entrypoint: ["sh", "-c"],
  command: [
    `${deaf ? "trap '' TERM INT;" : ""} echo {{ i }} > "$SIM_OUTPUT/point"; echo here
     if [ {{ i }} = 2 ]; then while :; do sleep 0.1; done; fi`,
  ],
});

const CASES = [
  { signals: ["SIGINT"] as const, deaf: false, code: 130 },
  { signals: ["SIGTERM"] as const, deaf: false, code: 143 },
  { signals: ["SIGINT"] as const, deaf: true, code: 130 },
  { signals: ["SIGINT", "SIGINT"] as const, deaf: true, code: 130 },
];

describe.each([
  { engine: "docker", there: docker !== null, missing: "a Docker daemon" },
  { engine: "process", there: true, missing: "" },
])("$engine", ({ engine, there, missing }) => {
  const title = "$signals (deaf: $deaf) ends with $code, keeps what finished, leaves nothing";
  describe.skipIf(!there)(missing === "" ? "signals" : needing(missing, "signals"), () => {
    test.each(CASES)(title, async ({ signals, deaf, code }) => {
      const place = workplace(sweep(deaf));
      const run = start(place, { flags: ["--engine", engine] });
      await written(run, place, "out/logs/i=2/1.txt", /here/);
      for (const signal of signals) run.child.kill(signal);
      const end = await run.ended;
      expect(end.code, end.stderr).toBe(code);
      expect(pointsOf(place.out)).toEqual([
        "i=1 succeeded 1",
        "i=2 cancelled 1",
        "i=3 pending 0",
        "i=4 pending 0",
      ]);
      if (docker !== null) expect(await containersOf(place, docker.socket)).toEqual([]);
    });
  });
});
