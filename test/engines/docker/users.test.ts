import { afterEach, describe, expect, test, vi } from "vitest";
import type { Daemon } from "../../../src/engines/docker/daemon.ts";
import { containerUser, resolveOwner } from "../../../src/engines/docker/users.ts";

const daemon: Daemon = {
  version: "28.0.0",
  cpus: 2,
  memory: 2 ** 30,
  platform: "linux/amd64",
  rootless: false,
  remapped: false,
  cgroupDriver: "cgroupfs",
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the user that a task runs as", () => {
  test.each([
    ["the invoking user", "host", 1000, false, "1000:1001"],
    ["an unprivileged one where that is root", "host", 0, false, "65534:65534"],
    ["root of a rootless daemon, which is the invoking user", "host", 1000, true, "0:0"],
    ["the image's own", "image", 1000, false, null],
    ["the one that the sweep names", "12:34", 1000, false, "12:34"],
  ])("is %s", (_, user, uid, rootless, expected) => {
    vi.spyOn(process, "getuid").mockReturnValue(uid);
    vi.spyOn(process, "getgid").mockReturnValue(uid === 0 ? 0 : uid + 1);
    expect(containerUser(user, { ...daemon, rootless })).toBe(expected);
  });
});

describe("an image's user by its numbers", () => {
  const passwd = "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\n";
  const group = "root:x:0:\nstaff:x:50:node\n";

  test.each([
    ["", { uid: 0, gid: 0 }],
    ["root", { uid: 0, gid: 0 }],
    ["node", { uid: 1000, gid: 1001 }],
    ["1000", { uid: 1000, gid: 1001 }],
    ["4242", { uid: 4242, gid: 0 }],
    ["4242:7", { uid: 4242, gid: 7 }],
    ["node:staff", { uid: 1000, gid: 50 }],
    ["nobody", null],
    ["node:nogroup", null],
  ])("%j", (user, owner) => {
    expect(resolveOwner(user, passwd, group)).toEqual(owner);
  });
});
