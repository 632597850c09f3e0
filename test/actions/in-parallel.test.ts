import { describe, expect, it } from "vitest";
import { inParallel } from "../../src/actions/in-parallel.ts";

/** Work whose end the test decides. */
function controlled() {
  const open = new Map<number, PromiseWithResolvers<string>>();
  return {
    started: () => [...open.keys()],
    end: (item: number) => open.get(item)?.resolve(`done ${item}`),
    fail: (item: number) => open.get(item)?.reject(new Error(`failed ${item}`)),
    work: (item: number) => {
      const promise = Promise.withResolvers<string>();
      open.set(item, promise);
      return promise.promise;
    },
  };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("work on items in parallel", () => {
  it("has so many under way and no more, and gives results in the items' order", async () => {
    const { work, started, end } = controlled();
    const all = inParallel([1, 2, 3], 2, work);
    expect(started()).toEqual([1, 2]);
    end(2);
    await turn();
    expect(started()).toEqual([1, 2, 3]);
    end(3);
    end(1);
    expect(await all).toEqual(["done 1", "done 2", "done 3"]);
  });

  it("starts nothing after a failure, and waits for what is under way", async () => {
    const { work, started, end, fail } = controlled();
    const all = inParallel([1, 2, 3, 4], 2, work);
    let settled = false;
    const rejected = all
      .catch((error: unknown) => error)
      .finally(() => {
        settled = true;
      });
    fail(1);
    await turn();
    expect([started(), settled]).toEqual([[1, 2], false]);
    end(2);
    expect(await rejected).toEqual(new Error("failed 1"));
    expect(started()).toEqual([1, 2]);
  });

  it("does nothing for no items", async () => {
    expect(await inParallel([], 8, () => Promise.reject(new Error("called")))).toEqual([]);
  });
});
