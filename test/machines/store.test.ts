import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { thisHolder } from "../../src/machines/holder.ts";
import { newLeaseId } from "../../src/machines/names.ts";
import { type LeaseRecord, newRecord } from "../../src/machines/record.ts";
import { openStore, storeFolder } from "../../src/machines/store.ts";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "sim-pipeline-store-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function record(id = newLeaseId()): LeaseRecord {
  return newRecord({
    id,
    provider: "digitalocean",
    account: null,
    run: "run",
    attempt: 1,
    minutes: 60,
    label: null,
    size: "c-2",
    region: "fra1",
    count: 1,
    holder: thisHolder(),
  });
}

describe("the folder of leases", () => {
  test.each([
    [{ SIM_PIPELINE_STATE: "/a", XDG_STATE_HOME: "/b" }, "/a"],
    [{ SIM_PIPELINE_STATE: "", XDG_STATE_HOME: "/b" }, "/b/sim-pipeline"],
    [{ XDG_STATE_HOME: "relative" }, join(homedir(), ".local/state/sim-pipeline")],
    [{}, join(homedir(), ".local/state/sim-pipeline")],
  ])("%o: %s", (env, expected) => {
    expect(storeFolder(env)).toBe(expected);
  });

  test("is its owner's alone, with everything in it", async () => {
    const root = join(folder(), "state");
    const store = await openStore(root);
    const one = record();
    await store.create(one);
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    const { folder: own, record: file } = store.files(one.id);
    expect([root, join(root, "leases"), own].map(mode)).toEqual(["700", "700", "700"]);
    expect([store.sshConfig, file].map(mode)).toEqual(["600", "600"]);
  });

  test.each(['a"b', "a%h", "a$HOME", "a*", "a\nb", "a b"])("as %j", async (name) => {
    const opened = openStore(join(folder(), name));
    if (name === "a b") await opened;
    else await expect(opened).rejects.toThrow(/ssh reads keys from there/);
  });

  test("that cannot be made is refused with what to do", async () => {
    const root = folder();
    await writeFile(join(root, "file"), "");
    await expect(openStore(join(root, "file/state"))).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/Cannot use the folder of leases .*\n.*SIM_PIPELINE_STATE/),
    });
  });
});

describe("records", () => {
  test("are read as they were written, also by another process", async () => {
    const root = folder();
    const store = await openStore(root);
    const [one, two] = [record(), record()];
    await store.create(one);
    await store.create(two);
    await store.write({ ...one, state: "ready" });
    const { records, damaged } = await (await openStore(root)).list();
    const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
    expect([records.toSorted(byId), damaged]).toEqual([
      [{ ...one, state: "ready" }, two].toSorted(byId),
      [],
    ]);
    await store.remove(one.id);
    expect(await store.read(one.id)).toBeNull();
    await expect(store.write(one)).rejects.toThrow(/ENOENT/);
    await store.remove(one.id);
  });

  test.each([
    ["no JSON", "{", /not JSON/],
    ["a newer version", '{"version": 2}', /version 2, written by a newer/],
    ["something else", '{"version": 1}', /id: /],
    ["another lease's", JSON.stringify(record("abcdefghij")), /record of lease abcdefghij/],
    ["missing", null, /missing/],
  ])("one that is %s is told by its path, and hides no other", async (_, text, problem) => {
    const store = await openStore(folder());
    const whole = record();
    await store.create(whole);
    const { folder: own, record: path } = store.files("damaged222");
    await mkdir(own);
    if (text !== null) await writeFile(path, text);
    expect(await store.list()).toEqual({
      records: [whole],
      damaged: [{ id: "damaged222", path, problem: expect.stringMatching(problem) }],
    });
    if (text !== null) await expect(store.read("damaged222")).rejects.toThrow(problem);
  });

  test("a crash while one is made or forgotten leaves nothing that is taken for a lease", async () => {
    const root = folder();
    const store = await openStore(root);
    const one = record();
    await store.create(one);
    for (const left of [".new-abcdefghij", ".old-bcdefghijk"]) {
      await mkdir(join(root, "leases", left));
      await writeFile(join(root, "leases", left, "lease.json.1.tmp"), "{");
    }
    const { records, damaged } = await (await openStore(root)).list();
    expect([records, damaged]).toEqual([[one], []]);
    expect(readdirSync(join(root, "leases"))).not.toContain(".old-bcdefghijk");
  });
});

describe("a lease's lock", () => {
  test("is held once, and there is none of a lease that is gone", async () => {
    const store = await openStore(folder());
    const { id } = record();
    expect(store.lock(id)).toBeNull();
    await store.create(record(id));
    {
      using held = store.lock(id);
      expect(held).not.toBeNull();
      expect(store.lock(id)).toBeNull();
    }
    using again = store.lock(id);
    expect(again).not.toBeNull();
  });

  test("is free when its process was killed", async () => {
    const root = folder();
    const store = await openStore(root);
    const one = record();
    await store.create(one);
    const module = new URL("../../src/machines/store.ts", import.meta.url).href;
    const program = `
      const { openStore } = await import(${JSON.stringify(module)});
      globalThis.lock = (await openStore(${JSON.stringify(root)})).lock(${JSON.stringify(one.id)});
      console.log("held");
      setInterval(() => {}, 1e6);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    await once(child.stdout, "data");
    expect(store.lock(one.id)).toBeNull();
    child.kill("SIGKILL");
    await once(child, "exit");
    using free = store.lock(one.id);
    expect(free).not.toBeNull();
  });
});

test("ssh finds every machine of every lease by its name", async () => {
  const root = join(folder(), "with space");
  const store = await openStore(root);
  const one = record();
  await store.create(one);
  const name = `sim-${one.id}-0`;
  await writeFile(store.files(one.id).sshConfig(name), `Host ${name}\n  HostName 192.0.2.1\n`);
  const said = execFileSync("ssh", ["-F", store.sshConfig, "-T", "-G", name], { encoding: "utf8" });
  expect(said).toMatch(/^hostname 192\.0\.2\.1$/m);
  expect(await readFile(store.sshConfig, "utf8")).toContain("leases");
});
