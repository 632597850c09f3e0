import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { excludeMachines, includeMachines } from "../../src/machines/user-ssh.ts";

const OURS = "/state/ssh_config";
const OWN = "Host *\n  User me\n";

let home = "";
const config = () => join(home, ".ssh/config");
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sim-pipeline-home-"));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const read = (path = config()) => readFileSync(path, "utf8");
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

function write(text: string, rights = 0o600): void {
  mkdirSync(join(home, ".ssh"), { mode: 0o700 });
  writeFileSync(config(), text);
  chmodSync(config(), rights);
}

it("makes a configuration that its owner alone can read, where there is none", async () => {
  expect(await includeMachines(home, OURS)).toBe(config());
  expect(read()).toMatch(/^# From sim-pipeline.*\nInclude "\/state\/ssh_config"\n$/);
  expect([mode(join(home, ".ssh")), mode(config())]).toEqual(["700", "600"]);
});

describe("one that is there", () => {
  it.each([0o600, 0o644])("keeps its mode %o, and all of its text behind ours", async (rights) => {
    write(OWN, rights);
    await includeMachines(home, OURS);
    expect(read()).toMatch(/^# From sim-pipeline.*\nInclude ".*"\n/);
    expect(read().endsWith(`"\n${OWN}`)).toBe(true);
    expect(mode(config())).toBe(rights.toString(8));
  });

  it("gets our line once, and is whole again without it", async () => {
    write(OWN);
    await includeMachines(home, OURS);
    const once = read();
    expect(await includeMachines(home, OURS)).toBeNull();
    expect(read()).toBe(once);
    expect(await excludeMachines(home, OURS)).toBe(config());
    expect(read()).toBe(OWN);
    expect(await excludeMachines(home, OURS)).toBeNull();
  });

  it("keeps the line of another folder of leases", async () => {
    write(OWN);
    await includeMachines(home, "/other/ssh_config");
    const other = read();
    await includeMachines(home, OURS);
    await excludeMachines(home, OURS);
    expect(read()).toBe(other);
  });

  it.each([true, false])("stays a symbolic link (to something: %s)", async (there) => {
    mkdirSync(join(home, ".ssh"));
    const target = join(home, "dotfiles");
    if (there) writeFileSync(target, OWN);
    symlinkSync(target, config());
    await includeMachines(home, OURS);
    expect(readlinkSync(config())).toBe(target);
    expect(read(target)).toContain('Include "/state/ssh_config"');
  });
});

it("changes nothing where there is nothing to take out", async () => {
  expect(await excludeMachines(home, OURS)).toBeNull();
  expect(() => statSync(join(home, ".ssh"))).toThrow("ENOENT");
});

it("says what to write where it cannot be changed", async () => {
  writeFileSync(join(home, ".ssh"), "no folder");
  await expect(includeMachines(home, OURS)).rejects.toThrow('Include "/state/ssh_config"');
});
