import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Holder, holderOf, livenessOf, thisHolder } from "../../src/machines/holder.ts";

const linux = existsSync("/proc/self/stat");

describe("a lease's holder", () => {
  test("is alive as long as this process is", () => {
    expect(livenessOf(thisHolder())).toBe("alive");
  });

  test.skipIf(!linux).each<{ title: string; change: Partial<Holder>; expected: string }>([
    { title: "a later process of the same number", change: { started: "1" }, expected: "dead" },
    { title: "before the system's last start", change: { boot: "another" }, expected: "dead" },
    { title: "in another container", change: { space: "pid:[1]" }, expected: "unknown" },
    { title: "on another computer", change: { host: "elsewhere" }, expected: "unknown" },
    {
      title: "there elsewhere, dead here",
      change: { host: "elsewhere", pid: 0 },
      expected: "unknown",
    },
  ])("$title: $expected", ({ change, expected }) => {
    expect(livenessOf({ ...thisHolder(), ...change })).toBe(expected);
  });

  test.skipIf(!linux)(
    "is dead once it was killed, also while nobody has waited for it",
    async () => {
      // What the shell becomes does not know of its child, and never waits for it.
      const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      onTestFinished(() => {
        parent.kill("SIGKILL");
      });
      const [said] = await once(parent.stdout, "data");
      const child = holderOf(Number(String(said)));
      expect(livenessOf(child)).toBe("alive");
      process.kill(child.pid, "SIGKILL");
      await expect.poll(() => livenessOf(child)).toBe("dead");
      expect(existsSync(`/proc/${child.pid}`)).toBe(true);
    },
  );
});
