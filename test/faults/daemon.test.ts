import Docker from "dockerode";
import { describe, expect, test } from "vitest";
import { startDaemon } from "../lab/daemon.ts";
import { findDocker, images, needing } from "../lab/lab.ts";
import { pointsOf } from "../run/harness.ts";
import {
  containersOf,
  expectComplete,
  finish,
  runOf,
  start,
  workplace,
  written,
} from "./orchestrator.ts";

const docker = await findDocker();
const POINTS = 30;

const SWEEP = {
  parameters: { i: { range: `1-${POINTS}` } },
  entrypoint: ["sh", "-c"],
  command: ['echo {{ i }} > "$SIM_OUTPUT/point"; echo here; sleep 0.2'],
};

describe.skipIf(docker === null)(needing("a Docker daemon", "the daemon goes away"), () => {
  test.each(["stop", "kill"] as const)(
    "%s in the middle: the run pauses, goes on, and no point fails or is lost",
    { timeout: 180_000 },
    async (how) => {
      await using daemon = await startDaemon();
      await daemon.loadImage(images.busybox);
      const place = workplace(SWEEP);
      const run = start(place, { host: daemon.host, flags: ["--engine", "docker"] });
      await written(run, place, "out/logs/i=5/1.txt", /here/);
      await daemon[how]();
      await daemon.start();
      const { code, stderr } = await run.ended;
      expect(code, stderr).toBe(0);
      expectComplete(place, POINTS);
      expect(await containersOf(place, daemon.host.replace("unix://", ""))).toEqual([]);
    },
  );

  test("a container that somebody else removes costs no retry", { timeout: 60_000 }, async () => {
    const place = workplace({
      ...SWEEP,
      parameters: { i: { range: "1-3" } },
      command: [
        `echo {{ i }} > "$SIM_OUTPUT/point"; echo here
         if [ {{ i }} = 2 ]; then sleep 60; fi`,
      ],
      timeout: "5s",
      workers: 1,
    });
    const run = start(place, { flags: ["--engine", "docker"] });
    await written(run, place, "out/logs/i=2/1.txt", /here/);
    const client = new Docker({ socketPath: docker?.socket ?? "" });
    const [found] = await client.listContainers({
      filters: { label: [`sim-pipeline.run=${runOf(place)}`] },
    });
    await client.getContainer(found?.Id ?? "").remove({ force: true });
    const { code } = await run.ended;
    // The second attempt, which nobody removes, runs into its timeout: that is the point's own end.
    expect(code).toBe(1);
    expect(pointsOf(place.out)).toEqual(["i=1 succeeded 1", "i=2 timed-out 2", "i=3 succeeded 1"]);
  });

  test("no daemon from the start is exit 3, with what to do", async () => {
    const place = workplace(SWEEP);
    const { code, stderr } = await finish(place, {
      host: "unix:///nowhere/docker.sock",
      flags: ["--engine", "docker"],
    });
    expect(code).toBe(3);
    expect(stderr).toMatch(/\/nowhere\/docker\.sock/);
    expect(stderr).toMatch(/DOCKER_HOST|Start Docker/);
  });
});
