import { expect, it } from "vitest";
import { runInPlace } from "../../src/cli/child.ts";

const options = { stdout: "stderr", missing: "There is no such program." } as const;

it.each([
  ["exit 0", 0],
  ["exit 7", 7],
  ["kill -TERM $$", 143],
])("sh -c '%s' ends with %d", async (script, code) => {
  expect(await runInPlace("sh", ["-c", script], options)).toBe(code);
});

it("passes a signal on to the program, and listens to none afterwards", async () => {
  const before = process.listenerCount("SIGTERM");
  const ended = runInPlace("sleep", ["60"], options);
  process.emit("SIGTERM", "SIGTERM");
  expect(await ended).toBe(143);
  expect(process.listenerCount("SIGTERM")).toBe(before);
});

it("says what to do where the program is missing", async () => {
  await expect(runInPlace("sim-pipeline-has-no-such", [], options)).rejects.toThrow(
    "There is no such program.",
  );
});
