import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { runFolder } from "../../src/results/folder.ts";
import { isLocked, lockRunFolder } from "../../src/results/lock.ts";
import { ReportedError } from "../../src/sweep/errors.ts";
import { runFake, temporaryFolder } from "../run/harness.ts";

const SWEEP = { parameters: { seed: { range: "1-100" } } };

/** The refusal that a run into `out` meets. */
async function refusal(out: string): Promise<ReportedError> {
  const error = await runFake(out, SWEEP).catch((error: unknown) => error);
  if (!(error instanceof ReportedError)) throw new Error("it was not refused", { cause: error });
  return error;
}

describe("a run folder that cannot be used is refused with 3 and what to do", () => {
  const wreck = (file: string, how: (path: string) => void) => async (out: string) => {
    await runFake(out, SWEEP);
    how(join(out, file));
    return out;
  };
  const overwrite = (path: string) => writeFileSync(path, "not a database, but a text");
  const cases: {
    title: string;
    prepare: (out: string) => Promise<string>;
    message: RegExp;
  }[] = [
    {
      title: "a path below a file",
      prepare: async (out) => {
        writeFileSync(join(out, "file"), "");
        return join(out, "file/run");
      },
      message: /EEXIST[\s\S]*--out/,
    },
    { title: "run.db is a text", prepare: wreck("run.db", overwrite), message: /damaged.*--out/ },
    {
      title: "run.db is cut short",
      prepare: wreck("run.db", (path) => truncateSync(path, 20_000)),
      message: /damaged.*--out/,
    },
    {
      title: "pages of run.db are overwritten",
      prepare: wreck("run.db", (path) => {
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(7, 4096));
      }),
      message: /damaged.*--out/,
    },
    {
      title: "run.db is another program's",
      prepare: wreck("run.db", (path) => {
        rmSync(path);
        using other = new DatabaseSync(path);
        other.exec("CREATE TABLE theirs (a); PRAGMA user_version = 1");
      }),
      message: /no table run[\s\S]*not a run's database.*--out/,
    },
    { title: "run.lock is a text", prepare: wreck("run.lock", overwrite), message: /remove it/ },
    {
      title: "run.lock is a folder",
      prepare: wreck("run.lock", (path) => {
        rmSync(path);
        mkdirSync(path);
      }),
      message: /written.*--out/,
    },
    {
      title: "a file is where outputs go",
      prepare: wreck("points", (path) => {
        rmSync(path, { recursive: true });
        writeFileSync(path, "");
      }),
      message: /EEXIST[\s\S]*--out/,
    },
  ];
  test.each(cases)("$title", async ({ prepare, message }) => {
    const { exitCode, message: text } = await refusal(await prepare(temporaryFolder()));
    expect(exitCode).toBe(3);
    expect(text).toMatch(message);
  });

  test("it goes away while the run goes on", async () => {
    const out = join(temporaryFolder(), "out");
    const gone = runFake(out, SWEEP, () => {
      rmSync(join(out, "points"), { recursive: true });
      writeFileSync(join(out, "points"), "");
      return {};
    });
    await expect(gone).rejects.toThrow(/Cannot write the run folder[\s\S]*--out/);
  });
});

describe("the lock of a run folder", () => {
  test("is held by one, and seen by others", () => {
    const folder = runFolder(temporaryFolder());
    expect(isLocked(folder)).toBe(false);
    {
      using _held = lockRunFolder(folder);
      expect(isLocked(folder)).toBe(true);
      expect(() => lockRunFolder(folder)).toThrow(/in use by another/);
    }
    expect(isLocked(folder)).toBe(false);
  });

  test("that somebody overwrote is nobody's", () => {
    const folder = runFolder(temporaryFolder());
    mkdirSync(dirname(folder.lock), { recursive: true });
    writeFileSync(folder.lock, "what is this?");
    expect(isLocked(folder)).toBe(false);
  });
});
