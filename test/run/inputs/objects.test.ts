import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadObjects, type Store } from "../../../src/run/inputs/objects.ts";
import { ReportedError } from "../../../src/sweep/errors.ts";
import { Fixture } from "./fixture.ts";

let fixture: Fixture;
let target = "";
beforeEach(() => {
  fixture = new Fixture();
  target = join(fixture.root, "target");
});
afterEach(() => fixture[Symbol.dispose]());

/** A bucket of these keys, whose content is the key itself; it says what was asked of it. */
function storeOf(
  keys: readonly string[],
  versions: (key: string) => string | null = (key) => `v1-${key}`,
): Store & { readonly saved: string[] } {
  const saved: string[] = [];
  return {
    saved,
    look: async (key) => ({ key, version: versions(key) }),
    list: async function* (prefix) {
      for (const key of keys) {
        if (key.startsWith(prefix)) yield { key, version: versions(key) };
      }
    },
    save: async ({ key }, path) => {
      saved.push(key);
      await writeFile(path, key);
    },
  };
}

const read = (path: string) => readFileSync(join(target, path), "utf8");

describe("a bucket's address", () => {
  it("without a slash at the end is one object, a file", async () => {
    const store = storeOf(["a/b.csv", "a/b.csv.old"]);
    await downloadObjects("s3://bucket/a/b.csv", store, null, target);
    expect(store.saved).toEqual(["a/b.csv"]);
    expect(readFileSync(target, "utf8")).toBe("a/b.csv");
  });

  it("with a slash at the end is a folder of all below it", async () => {
    const store = storeOf(["a/x", "a/sub/y", "a/sub/", "ab", "b"]);
    await downloadObjects("s3://bucket/a/", store, null, target);
    expect(store.saved.sort()).toEqual(["a/sub/y", "a/x"]);
    expect(read("sub/y")).toBe("a/sub/y");
  });

  it.each(["s3://bucket", "s3://bucket/"])("of the bucket alone is all of it: %s", async (from) => {
    await downloadObjects(from, storeOf(["x", "sub/y"]), null, target);
    expect([read("x"), read("sub/y")]).toEqual(["x", "sub/y"]);
  });

  it("holds its key as it stands, not percent-encoded", async () => {
    const store = storeOf([]);
    await downloadObjects("gs://bucket/a b%20c?d#e", store, null, target);
    expect(store.saved).toEqual(["a b%20c?d#e"]);
  });

  it("without a bucket is wrong use", async () => {
    await expect(downloadObjects("s3:///key", storeOf([]), null, target)).rejects.toThrow(
      "names no bucket",
    );
  });

  it("with nothing below it is an error that says so", async () => {
    const failed = downloadObjects("s3://bucket/a/", storeOf(["b", "a/"]), null, target);
    await expect(failed).rejects.toThrow(/s3:\/\/bucket\/a\/: there is nothing below it/);
    await expect(failed).rejects.toMatchObject({ exitCode: 3 });
  });
});

describe("a download", () => {
  it.each(["s3://bucket/a/x", "s3://bucket/a/"])(
    "of %s is not done again as long as the versions are the same",
    async (from) => {
      const store = storeOf(["a/x", "a/y"]);
      const known = await downloadObjects(from, store, null, target);
      store.saved.length = 0;
      expect(await downloadObjects(from, store, known, `${target}2`)).toBe("unchanged");
      expect(store.saved).toEqual([]);
      expect(existsSync(`${target}2`)).toBe(false);
    },
  );

  it.each<[string, Store]>([
    ["an object is another version", storeOf(["a/x", "a/y"], (key) => `v2-${key}`)],
    ["an object is new", storeOf(["a/x", "a/y", "a/z"])],
    ["an object is gone", storeOf(["a/x"])],
    ["an object has another name", storeOf(["a/x", "a/Y"], (key) => `v1-${key.toLowerCase()}`)],
  ])("is done again when %s", async (_, after) => {
    const known = await downloadObjects("s3://b/a/", storeOf(["a/x", "a/y"]), null, target);
    expect(await downloadObjects("s3://b/a/", after, known, `${target}2`)).not.toBe("unchanged");
    expect(existsSync(`${target}2`)).toBe(true);
  });

  it("is not done again only because the listing has another order", async () => {
    const known = await downloadObjects("s3://b/a/", storeOf(["a/x", "a/y"]), null, target);
    const other = storeOf(["a/y", "a/x"]);
    expect(await downloadObjects("s3://b/a/", other, known, `${target}2`)).toBe("unchanged");
  });

  it.each(["s3://b/a/x", "s3://b/a/"])(
    "of %s is always done again where the store tells no versions",
    async (from) => {
      const store = storeOf(["a/x"], () => null);
      const known = await downloadObjects(from, store, null, target);
      expect(known).toBeNull();
      expect(await downloadObjects(from, store, known, `${target}2`)).toBeNull();
    },
  );

  it("of many objects gets each once", async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `a/${i % 10}/${i}`);
    const store = storeOf(keys);
    await downloadObjects("s3://b/a/", store, null, target);
    expect(store.saved.sort()).toEqual(keys.sort());
  });

  it("fails with the first failure, once nothing is written any more", async () => {
    const store = storeOf(["a/0", "a/1", "a/2"]);
    let writing = 0;
    const failing: Store = {
      ...store,
      save: async (object, path) => {
        writing += 1;
        await store.save(object, path);
        writing -= 1;
        if (object.key === "a/1") throw new Error("broken");
      },
    };
    await expect(downloadObjects("s3://b/a/", failing, null, target)).rejects.toThrow("broken");
    expect(writing).toBe(0);
  });
});

describe("a key that is no safe path", () => {
  it.each([
    "a/../../etc/passwd",
    "a/..",
    "a/./b",
    "a//b",
    "a//etc/passwd",
    "a/b\\..\\c",
    "a/b\0c",
    "a/b\nc",
  ])("is refused before anything is downloaded: %j", async (key) => {
    const store = storeOf(["a/fine", key]);
    const failed = downloadObjects("s3://bucket/a/", store, null, target);
    await expect(failed).rejects.toThrow(ReportedError);
    await expect(failed).rejects.toThrow(`the key ${JSON.stringify(key.slice(2))} is no safe path`);
    expect(store.saved).toEqual([]);
  });

  it("is one that is a file as well as a folder", async () => {
    const store = storeOf(["a/x", "a/x/y/z"]);
    const failed = downloadObjects("s3://bucket/a/", store, null, target);
    await expect(failed).rejects.toThrow('the key "x/y/z" is no safe path, x is a file as well');
    expect(store.saved).toEqual([]);
  });
});
