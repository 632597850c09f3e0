import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openLog } from "../../src/run/log.ts";
import { ReportedError } from "../../src/sweep/errors.ts";

const root = mkdtempSync(join(tmpdir(), "sim-log-"));
afterAll(() => rmSync(root, { recursive: true }));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

let count = 0;
function newPath(): string {
  count += 1;
  return join(root, `point-${count}`, "1.txt");
}

function setUp({ limit = 1_000_000, secrets = [] as string[] } = {}) {
  const path = newPath();
  const log = openLog(path, { limit, secrets });
  return {
    log,
    path,
    write: (...texts: string[]) => {
      for (const text of texts) log.write(Buffer.from(text));
    },
    read: () => readFileSync(path, "utf8"),
  };
}

describe("a log", () => {
  test("holds all that was written, in order", async () => {
    const { log, write, read } = setUp();
    write("one\n", "", "two\n", "three");
    await log.close();
    expect(read()).toBe("one\ntwo\nthree");
    expect(log.bytes).toBe(13);
  });

  test("keeps bytes that are no text", async () => {
    const { log, path } = setUp();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    log.write(bytes);
    await log.close();
    expect(readFileSync(path)).toEqual(bytes);
  });

  test("makes no file for an attempt that wrote nothing, and leaves one that was there", async () => {
    const silent = setUp();
    await silent.log.close();
    expect(existsSync(silent.path)).toBe(false);

    const path = newPath();
    mkdirSync(join(path, ".."));
    writeFileSync(path, "earlier");
    await openLog(path, { limit: 100, secrets: [] }).close();
    expect(readFileSync(path, "utf8")).toBe("earlier");
  });

  test("replaces a file that was there once something is written", async () => {
    const path = newPath();
    mkdirSync(join(path, ".."));
    writeFileSync(path, "earlier and longer");
    const log = openLog(path, { limit: 100, secrets: [] });
    log.write(Buffer.from("new"));
    await log.close();
    expect(readFileSync(path, "utf8")).toBe("new");
  });

  test("writes once for a short log, and within a second while the task runs", async () => {
    const { log, path, write, read } = setUp();
    write("first ");
    expect(existsSync(path)).toBe(false);
    vi.advanceTimersByTime(999);
    expect(read()).toBe("first ");
    write("second");
    vi.advanceTimersByTime(999);
    expect(read()).toBe("first second");
    await log.close();
  });

  test("has no timer while nothing is buffered", async () => {
    const { log, write } = setUp();
    expect(vi.getTimerCount()).toBe(0);
    write("text");
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
    write("more");
    await log.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("buffers little of a flood", async () => {
    const { log, write, read } = setUp();
    write("x".repeat(100_000));
    expect(read()).toHaveLength(100_000);
    await log.close();
  });

  test("of which the file cannot be written says so at its close, and not before", async () => {
    const path = newPath();
    writeFileSync(join(path, ".."), "a file where the folder should be");
    const log = openLog(path, { limit: 100, secrets: [] });
    log.write(Buffer.from("text"));
    vi.advanceTimersByTime(1_000);
    log.write(Buffer.from("more"));
    const error: unknown = await log.close().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ReportedError);
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringContaining(path) });
  });

  test("on a full disk says so at its close", async () => {
    const log = openLog("/dev/full", { limit: 100, secrets: [] });
    log.write(Buffer.from("text"));
    await expect(log.close()).rejects.toThrow(/\/dev\/full: ENOSPC.*make room/is);
  });
});

describe("a log that is longer than its limit", () => {
  test.each([
    ["as long as the limit", 20, "0123456789abcdefghij"],
    [
      "one byte longer",
      19,
      "0123456789\n[... 1 bytes cut here: the log is longer than its limit ...]\nbcdefghij",
    ],
    ["much longer", 4, "01\n[... 16 bytes cut here: the log is longer than its limit ...]\nij"],
  ])("%s", async (_title, limit, expected) => {
    const { log, write, read } = setUp({ limit });
    write("0123456789abcdefghij");
    await log.close();
    expect(read()).toBe(expected);
    expect(log.bytes).toBe(20);
  });

  test("keeps head and tail, and says how much is between, however it is chunked", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 30 })),
        fc.integer({ min: 2, max: 60 }),
        async (chunks, limit) => {
          const { log, write, path } = setUp({ limit });
          write(...chunks);
          await log.close();
          const all = Buffer.from(chunks.join(""));
          expect(log.bytes).toBe(all.length);
          if (all.length === 0) return;
          const tail = Math.floor(limit / 2);
          const cut = all.length - limit;
          const mark = `\n[... ${cut} bytes cut here: the log is longer than its limit ...]\n`;
          const parts = [all.subarray(0, limit - tail), Buffer.from(mark), all.subarray(-tail)];
          expect(readFileSync(path)).toEqual(cut > 0 ? Buffer.concat(parts) : all);
        },
      ),
    );
  });

  test("shows its head while the task runs", async () => {
    const { log, write, read } = setUp({ limit: 10 });
    write("0123456789abcdefghij");
    vi.advanceTimersByTime(1_000);
    expect(read()).toBe("01234");
    await log.close();
  });
});

describe("secrets in a log", () => {
  test("are replaced, and the count of bytes is that of what is shown", async () => {
    const { log, write, read } = setUp({ secrets: ["hunter2"] });
    write("password: hunter2!\n");
    await log.close();
    expect(read()).toBe("password: ***!\n");
    expect(log.bytes).toBe(15);
  });

  test("are not in the part that another terminal can read already", async () => {
    const { log, write, read } = setUp({ secrets: ["hunter2"] });
    write("it is hunt");
    vi.advanceTimersByTime(1_000);
    expect(read()).toBe("it is ");
    write("ing");
    await log.close();
    expect(read()).toBe("it is hunting");
  });

  test("are cut from what the limit keeps, not only from what it shows whole", async () => {
    const { log, write, read } = setUp({ limit: 10, secrets: ["0123456789"] });
    write("abc0123456789def");
    await log.close();
    expect(read()).toBe("abc***def");
  });
});
