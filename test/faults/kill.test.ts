import { describe, expect, test } from "vitest";
import { findDocker, needing } from "../lab/lab.ts";
import { containersOf, expectComplete, finish, start, workplace } from "./orchestrator.ts";

const docker = await findDocker();

/** `npm run test:faults` sets the full count. */
const KILLS = Number(process.env.SIM_FAULT_KILLS ?? 5);

const POINTS = 200;
const SWEEP = {
  parameters: { i: { range: `1-${POINTS}` } },
  entrypoint: ["sh", "-c"],
  command: ['echo {{ i }} > "$SIM_OUTPUT/point"'],
};

/** A repeatable sequence of numbers from 0 to 1 (mulberry32), so that a bad moment comes again. */
function moments(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kills the orchestrator `KILLS` times, each between its start and `longest` ms later. */
async function killAgainAndAgain(
  place: ReturnType<typeof workplace>,
  flags: string[],
  longest: number,
): Promise<void> {
  const next = moments(7);
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, ended } = start(place, { flags });
    const timer = setTimeout(() => child.kill("SIGKILL"), next() * longest);
    const { code, stderr } = await ended;
    clearTimeout(timer);
    expect(code === null || code === 0, stderr).toBe(true);
  }
}

describe(`the orchestrator killed ${KILLS} times over ${POINTS} points`, () => {
  describe.skipIf(docker === null)(needing("a Docker daemon", "in containers"), () => {
    test.each([
      { isolation: "container", longest: 3000 },
      { isolation: "warm", longest: 1500 },
      { isolation: { batch: 20 }, longest: 1500 },
    ])(
      "$isolation: every point succeeds exactly once, nothing is left",
      { timeout: 900_000 },
      async ({ isolation, longest }) => {
        const batch = `while read -r line; do
          name=\${line#*\\"name\\":\\"}; name=\${name%%\\"*}
          sleep 0.01; echo "\${name#i=}" > "$SIM_OUTPUT/$name/point"
          echo "{}" > "$SIM_OUTPUT/$name/.r"; mv "$SIM_OUTPUT/$name/.r" "$SIM_OUTPUT/$name/result.json"
        done < "$SIM_POINTS"`;
        const command = typeof isolation === "string" ? SWEEP.command : [batch];
        const place = workplace({ ...SWEEP, command, isolation });
        await killAgainAndAgain(place, ["--engine", "docker"], longest);
        const { code, stderr } = await finish(place, { flags: ["--engine", "docker"] });
        expect(code, stderr).toBe(0);
        expectComplete(place, POINTS);
        expect(await containersOf(place, docker?.socket ?? "")).toEqual([]);
      },
    );
  });

  test("as processes: every point succeeds exactly once", { timeout: 300_000 }, async () => {
    const place = workplace({ ...SWEEP, entrypoint: undefined, process: ["sh", "-c"] });
    await killAgainAndAgain(place, ["--engine", "process"], 900);
    const { code, stderr } = await finish(place, { flags: ["--engine", "process"] });
    expect(code, stderr).toBe(0);
    expectComplete(place, POINTS);
  });
});
