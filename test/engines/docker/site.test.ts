import { afterEach, describe, expect, test, vi } from "vitest";
import type { Daemon } from "../../../src/engines/docker/daemon.ts";
import { canShare } from "../../../src/engines/docker/site.ts";

const daemon: Daemon = {
  version: "28.0.0",
  cpus: 2,
  memory: 2 ** 30,
  platform: "linux/amd64",
  rootless: false,
  remapped: false,
  cgroupDriver: "systemd",
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("whether a task gets our own folders, or copies", () => {
  test.each([
    ["a task as ourselves", 1000, false, 1000, true],
    ["another user, whose files we could not remove", 1000, false, 0, false],
    ["any user, when we are root", 0, false, 65_534, true],
    ["root of a rootless daemon, who we are", 1000, true, 0, true],
    ["another user of a rootless daemon", 1000, true, 1000, false],
    ["root of somebody else's rootless daemon", 0, true, 0, false],
  ])("%s", (_, own, rootless, uid, expected) => {
    vi.spyOn(process, "getuid").mockReturnValue(own);
    expect(canShare({ ...daemon, rootless }, { uid, gid: uid })).toBe(expected);
  });
});
