import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { runFinish } from "../../src/finish/finish.ts";
import type { FinishTools } from "../../src/finish/tools.ts";
import { openDatabase, readDatabase } from "../../src/results/database.ts";
import { finishSteps } from "../../src/results/finish.ts";
import { runFolder } from "../../src/results/folder.ts";
import { fakeEngine } from "../run/fake-engine.ts";
import { temporaryFolder } from "../run/harness.ts";
import { finishRun, planOf, told } from "./harness.ts";
import { endedRun, type MadePoint, png } from "./pictures.ts";

const points: MadePoint[] = [1, 2, 3].map((value) => ({
  parameters: { frame: value },
  files: { "frame.png": png(16, 16, [value, 0, 0]), "note.txt": Buffer.from(`note ${value}`) },
}));

const sheet = (changes: Record<string, unknown> = {}) => ({
  sheet: { images: "frame.png", ...changes },
});
const command = (script: string) => ({
  command: { entrypoint: ["sh", "-c", script, "sh"], command: ["{{ input }}", "{{ output }}"] },
});

describe("finish steps", () => {
  it("run in their order, and one that fails does not keep the next from running", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const done = await finishRun(
      root,
      planOf([
        command("exit 3"),
        sheet({ to: "a/b.png" }),
        command('ls "$1/finish/a" > "$2/seen"'),
      ]),
    );
    expect(told(done)).toEqual(["command failed", "sheet succeeded", "command succeeded"]);
    expect(done.steps[0]?.reason).toMatch(/The command ended with exit code 3/);
    expect(readFileSync(join(root, "finish/seen"), "utf8")).toBe("b.png\n");
    expect(existsSync(join(root, "staging/finish-0-1"))).toBe(false);
  });

  it("tell what begins and how it ended", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const { events } = await finishRun(root, planOf([sheet()]));
    const steps = events.flatMap((event) => (event.type === "finish" ? [event.step] : []));
    expect(steps.map(({ status }) => status)).toEqual(["running", "succeeded"]);
    expect(steps[1]).toMatchObject({ index: 0, kind: "sheet", cached: false, reason: null });
    expect(steps[1]?.log).toBe("finish-logs/0-sheet/1.txt");
  });

  interface Change {
    readonly title: string;
    readonly change?: (root: string) => void;
    readonly step?: Record<string, unknown>;
    readonly again?: boolean;
    readonly expected: string;
  }
  const update = (sql: string) => (root: string) => {
    using database = openDatabase(runFolder(root));
    database.exec(sql);
  };
  test.each<Change>([
    { title: "nothing has changed", expected: "sheet succeeded cached" },
    { title: "it was asked for", again: true, expected: "sheet succeeded" },
    {
      title: "its file is gone",
      change: (root) => rmSync(join(root, "finish/sheet.png")),
      expected: "sheet succeeded",
    },
    {
      title: "its file has another size",
      change: (root) => writeFileSync(join(root, "finish/sheet.png"), "x"),
      expected: "sheet succeeded",
    },
    { title: "the step is another", step: { columns: 1 }, expected: "sheet succeeded" },
    {
      title: "its place is another",
      step: { to: "other.png" },
      expected: "sheet succeeded",
    },
    {
      title: "a label is another",
      step: { label: "{{ frame }}" },
      expected: "sheet succeeded",
    },
    {
      title: "a picture is another",
      change: update(
        `UPDATE points SET files = replace(files, '"sha256":"', '"sha256":"0') WHERE idx = 1`,
      ),
      expected: "sheet succeeded",
    },
    {
      title: "a file that it does not read is another",
      change: update(`UPDATE points SET files = replace(files, 'note.txt', 'node.txt')`),
      expected: "sheet succeeded cached",
    },
    {
      title: "a point did not succeed this time",
      change: update(`UPDATE points SET status = 'failed', files = NULL WHERE idx = 1`),
      expected: "sheet succeeded",
    },
    {
      title: "it was killed",
      change: update("UPDATE finish SET status = 'running', files = NULL"),
      expected: "sheet succeeded",
    },
  ])("again, where $title: $expected", async ({ change, step, again = false, expected }) => {
    const root = temporaryFolder();
    endedRun(root, points);
    await finishRun(root, planOf([sheet()]));
    change?.(root);
    expect(told(await finishRun(root, planOf([sheet(step)]), { again }))).toEqual([expected]);
  });

  it("keep what they made when they change places, and are gone with the plan's", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const one = sheet();
    const two = sheet({ to: "two.png" });
    await finishRun(root, planOf([one]));
    expect(told(await finishRun(root, planOf([two, one])))).toEqual([
      "sheet succeeded",
      "sheet succeeded cached",
    ]);
    await finishRun(root, planOf([]));
    using database = readDatabase(runFolder(root));
    expect(finishSteps(database)).toEqual([]);
    expect(existsSync(join(root, "finish/two.png"))).toBe(true);
  });

  it("that an interruption ends is cancelled, those after it are pending, and both run later", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const plan = planOf([sheet(), command("echo begun; sleep 60"), sheet({ to: "last.png" })]);
    const stop = new AbortController();
    const begun = performance.now();
    const done = await finishRun(root, plan, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === "finish" && event.step.index === 1) setImmediate(() => stop.abort());
      },
    });
    expect(told(done)).toEqual(["sheet succeeded", "command cancelled", "sheet pending"]);
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(existsSync(join(root, "staging/finish-1-1"))).toBe(false);
    const later = await finishRun(
      root,
      planOf([sheet(), command("touch $2/x"), sheet({ to: "l.png" })]),
    );
    expect(told(later)).toEqual(["sheet succeeded cached", "command succeeded", "sheet succeeded"]);
  });

  it("begin nothing after an interruption", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const done = await finishRun(root, planOf([sheet()]), { signal: AbortSignal.abort("SIGINT") });
    expect(told(done)).toEqual(["sheet pending"]);
  });

  it("of a killed orchestrator are ended by the engine that ran them, and the lost ones run again", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const plan = planOf([command("true")]);
    let recovered = 0;
    let lost = true;
    const engine: Engine = {
      ...fakeEngine(() => ({ lost, files: { made: "x" } })),
      async recover(_run, target) {
        recovered += 1;
        expect(target("finish-0-1-command")).toBe(null);
        return [];
      },
    };
    const tool = { engine, identity: "fake", entrypoint: null, user: "host", platform: null };
    const tools: FinishTools = {
      ffmpeg: null,
      commands: new Map([[0, tool]]),
      [Symbol.asyncDispose]: async () => {},
    };
    const never = new AbortController().signal;
    const rest = { again: false, verify: false, signal: never, kill: never, emit: () => {} };
    const run = () => runFinish(plan, tools, { folder: root, ...rest });
    expect(await run()).toMatchObject([{ status: "lost", reason: "the daemon went away" }]);
    lost = false;
    expect(await run()).toMatchObject([{ status: "succeeded", cached: false }]);
    expect(await run()).toMatchObject([{ status: "succeeded", cached: true }]);
    expect(recovered).toBe(2);
  });

  it("do not overwrite each other's files", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const plan = planOf([sheet(), command("touch $2/sheet.png $2/own")]);
    const { steps } = await finishRun(root, plan);
    expect(steps[1]?.reason).toMatch(/It made sheet.png, which step 1 has made/);
    expect(existsSync(join(root, "finish/own"))).toBe(false);
  });

  it("replace a folder that lies where their file goes", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    mkdirSync(join(root, "finish/sheet.png/deep"), { recursive: true });
    expect(told(await finishRun(root, planOf([sheet()])))).toEqual(["sheet succeeded"]);
  });
});

describe("a command", () => {
  it("reads the run folder; its log is kept, links are dropped and named", async () => {
    const root = temporaryFolder();
    endedRun(root, points);
    const script = 'echo said; ln -s /etc/passwd "$2/link"; cat "$1"/points/*/note.txt > "$2/all"';
    const { steps } = await finishRun(root, planOf([command(script)]));
    expect(readFileSync(join(root, "finish/all"), "utf8")).toBe("note 1note 2note 3");
    expect(steps[0]?.reason).toMatch(/link dropped: a symbolic link/);
    expect(existsSync(join(root, "finish/link"))).toBe(false);
    expect(readFileSync(join(root, steps[0]?.log ?? ""), "utf8")).toMatch(/^\$ .*\nsaid\n/);
  });

  it("runs over what there is, and says what is not", async () => {
    const root = temporaryFolder();
    endedRun(root, [...points.slice(0, 2), { parameters: { frame: 3 }, status: "oom" }]);
    const { steps } = await finishRun(root, planOf([command("ls $1/points > $2/list")]));
    expect(steps[0]).toMatchObject({
      status: "succeeded",
      reason: "1 of 3 points did not succeed",
    });
  });

  test.each([
    {
      title: "no point has succeeded",
      all: "failed",
      script: "touch $2/x",
      reason: /no point has/,
    },
    { title: "it makes nothing", all: "succeeded", script: "true", reason: /It made no file/ },
  ] as const)("fails where $title", async ({ all, script, reason }) => {
    const root = temporaryFolder();
    endedRun(
      root,
      points.map((point) => ({ ...point, status: all })),
    );
    const { steps } = await finishRun(root, planOf([command(script)]));
    expect(steps[0]?.reason).toMatch(reason);
  });
});
