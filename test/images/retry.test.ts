import { describe, expect, test } from "vitest";
import { retried } from "../../src/images/retry.ts";
import { type Fault, RegistryError } from "../../src/registry/faults.ts";

/** Fails so often, then answers; with the pauses and what was told of them. */
async function attempt(fault: Fault, times: number, retryAfter: number | null = null) {
  const waits: number[] = [];
  const told: string[] = [];
  let tries = 0;
  const result = await retried(
    async () => {
      tries++;
      if (tries <= times) throw new RegistryError(fault, `try ${tries}`, retryAfter);
      return "done";
    },
    {
      signal: new AbortController().signal,
      wait: async (milliseconds) => {
        waits.push(milliseconds);
      },
      onRetry: (error) => told.push(error.message),
    },
  ).catch((error: unknown) => error);
  return { result, tries, waits, told };
}

describe("what a registry did not do", () => {
  test.each<Fault>(["busy", "broken", "unreachable"])("is tried again when %s", async (fault) => {
    const { result, waits, told } = await attempt(fault, 3);
    expect(result).toBe("done");
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(told).toEqual(["try 1", "try 2", "try 3"]);
  });

  test.each<Fault>([
    "unauthorized",
    "forbidden",
    "missing",
    "unknown-host",
    "untrusted",
    "foreign",
    "refused",
  ])("is not tried again when %s", async (fault) => {
    const { result, tries, waits } = await attempt(fault, 1);
    expect(result).toMatchObject({ fault, message: "try 1" });
    expect({ tries, waits }).toEqual({ tries: 1, waits: [] });
  });

  test("is given up after five attempts, with the registry's own error", async () => {
    const { result, tries } = await attempt("broken", 99);
    expect(tries).toBe(5);
    expect(result).toBeInstanceOf(RegistryError);
  });

  test("is tried again when the registry says, but not after hours", async () => {
    expect((await attempt("busy", 1, 3000)).waits).toEqual([3000]);
    expect((await attempt("busy", 1, 7_200_000)).waits).toEqual([60_000]);
  });
});
