import { readdirSync, rmdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Task } from "../../src/engines/engine.ts";
import { read, runFake, temporaryFolder } from "./harness.ts";

/** The names of a batch's points, as the task's list has them. */
function namesOf(task: Task): string[] {
  const mount = task.mounts.find(({ target }) => target === task.env.SIM_POINTS);
  const lines = read(mount?.source ?? "")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line).name);
}

describe("a batch", () => {
  const sweep = { parameters: { seed: { range: "1-5" } }, isolation: { batch: 2 } };

  test("gives each process the points with their parameters and output folders", async () => {
    const lists: string[] = [];
    const { points, engine } = await runFake(temporaryFolder(), sweep, (task) => {
      const mount = task.mounts.find(({ target }) => target === task.env.SIM_POINTS);
      lists.push(read(mount?.source ?? ""));
      return {
        files: Object.fromEntries(namesOf(task).map((name) => [`${name}/result.json`, "{}"])),
      };
    });
    expect(lists[0]).toBe(
      '{"name":"seed=1","parameters":{"seed":1},"output":"/mnt/data/seed=1"}\n' +
        '{"name":"seed=2","parameters":{"seed":2},"output":"/mnt/data/seed=2"}\n',
    );
    expect(engine.tasks.map((task) => task.points)).toEqual([[0, 1], [2, 3], [4]]);
    expect(points).toEqual([1, 2, 3, 4, 5].map((seed) => `seed=${seed} succeeded 1`));
  });

  test("keeps what was done before it died, and tries the rest alone", async () => {
    const out = temporaryFolder();
    const { points, engine } = await runFake(out, { ...sweep, isolation: { batch: 5 } }, (task) => {
      const names = namesOf(task);
      const done = names.length === 1 ? names : names.slice(0, 3);
      const files = done.map((name) => [`${name}/result.json`, `{"n": 1}`]);
      return { exitCode: names.length === 1 ? 0 : 1, files: Object.fromEntries(files) };
    });
    expect(engine.tasks.map((task) => task.points)).toEqual([[0, 1, 2, 3, 4], [3], [4]]);
    expect(points).toEqual([
      "seed=1 succeeded 1",
      "seed=2 succeeded 1",
      "seed=3 succeeded 1",
      "seed=4 succeeded 2",
      "seed=5 succeeded 2",
    ]);
    expect(read(out, "points/seed=2/result.json")).toBe('{"n": 1}');
  });

  test("does without log offsets where the system refuses to watch folders", async () => {
    const out = temporaryFolder();
    const gone = join(out, "staging/t1/seed=2");
    const { points } = await runFake(
      out,
      { ...sweep, isolation: { batch: 5 } },
      (task) => ({
        files: Object.fromEntries(namesOf(task).map((name) => [`${name}/result.json`, "{}"])),
      }),
      {
        emit: ({ type, ...rest }) =>
          "index" in rest && rest.index === 0 && type === "started" && rmdirSync(gone),
      },
    );
    expect(points.every((point) => point.endsWith("succeeded 1"))).toBe(true);
  });

  test("fails points without result.json although the process exits with 0", async () => {
    const { summary, points } = await runFake(temporaryFolder(), {
      ...sweep,
      isolation: { batch: 5 },
    });
    expect(summary.counts.failed).toBe(5);
    expect(points.every((point) => point.endsWith("failed 2"))).toBe(true);
    expect(summary.failures[0]?.reason).toContain("without its result.json");
  });
});

describe("a batch over a range", () => {
  const sweep = {
    parameters: { scene: ["a", "b"], frame: { range: "1-5" } },
    isolation: { batch: 3, range: "frame" },
    command: ["{{ frame.first }}", "{{ frame.last }}"],
    outputs: ["{{ frame:03d }}.png"],
  };

  /** Writes the pictures from the first to the last frame, as a renderer would. */
  const render = (task: Task, skip: readonly number[] = []) => {
    const [first, last] = task.command.map(Number);
    const frames = Array.from(
      { length: (last ?? 0) - (first ?? 0) + 1 },
      (_, i) => (first ?? 0) + i,
    );
    const files = frames
      .filter((frame) => !skip.includes(frame))
      .map((frame) => [`${String(frame).padStart(3, "0")}.png`, `frame ${frame}`]);
    return { files: Object.fromEntries(files) };
  };

  test("is a chunk of consecutive values with all else equal", async () => {
    const out = temporaryFolder();
    const { engine, points } = await runFake(out, sweep, (task) => render(task));
    expect(engine.tasks.map(({ command }) => command.join("-"))).toEqual([
      "1-3",
      "4-5",
      "1-3",
      "4-5",
    ]);
    expect(points.every((point) => point.endsWith("succeeded 1"))).toBe(true);
    expect(read(out, "points/scene=b_frame=4/004.png")).toBe("frame 4");
  });

  test("ends at gaps, so that nothing done is done again", async () => {
    const out = temporaryFolder();
    const one = { ...sweep, parameters: { frame: { range: "1-5" } } };
    await runFake(out, one, (task) => render(task, [2, 4]));
    const { engine, points } = await runFake(out, one, (task) => render(task));
    expect(engine.tasks.map(({ command }) => command.join("-"))).toEqual(["2-2", "4-4"]);
    expect(points).toEqual([
      "frame=1 succeeded 1 cached",
      "frame=2 succeeded 3",
      "frame=3 succeeded 1 cached",
      "frame=4 succeeded 3",
      "frame=5 succeeded 1 cached",
    ]);
  });

  test.each([
    { title: "stopped", end: { exitCode: 1 }, order: [1, 2, 3], cut: 3 },
    { title: "stopped, that counts down", end: { exitCode: 1 }, order: [3, 2, 1], cut: 1 },
    { title: "out of memory", end: { ended: "oom" }, order: [2, 1], cut: 1 },
    { title: "clean", end: {}, order: [1, 2, 3], cut: null },
  ] as const)(
    "$title: what was written last is not trusted unless the end was clean",
    async ({ end, order, cut }) => {
      const out = temporaryFolder();
      const one = { ...sweep, parameters: { frame: { range: "1-3" } } };
      const { points } = await runFake(out, one, (task) => {
        for (const [at, frame] of order.entries()) {
          const file = join(task.output, `00${frame}.png`);
          writeFileSync(file, "perhaps half of it");
          utimesSync(file, 1e9 + at, 1e9 + at);
        }
        return end;
      });
      const succeeded = points
        .filter((point) => point.includes("succeeded"))
        .map((point) => Number(/\d+/.exec(point)?.[0]));
      expect(succeeded).toEqual(order.filter((frame) => frame !== cut).toSorted());
    },
  );

  test("moves nothing through a link that a simulation made", async () => {
    const [out, outside] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(outside, "001.png"), "secret");
    const all = {
      ...sweep,
      parameters: { frame: { range: "1-2" } },
      outputs: ["**/{{ frame:03d }}.png"],
    };
    const { points, summary } = await runFake(out, all, (task) => {
      symlinkSync(outside, join(task.output, "link"));
      symlinkSync(outside, join(task.output, "frame=2"));
      return { files: { "002.png": "frame 2" } };
    });
    expect(points).toEqual(["frame=1 failed 2", "frame=2 succeeded 1"]);
    expect(summary.failures[0]?.reason).toContain("link dropped: a symbolic link");
    expect(read(out, "points/frame=2/002.png")).toBe("frame 2");
    expect(readdirSync(outside)).toEqual(["001.png"]);
  });
});
