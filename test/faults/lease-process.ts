/**
 * A process that rents machines and gives them back, and is killed at a step. A step is the instant
 * before or after a call of the provider, or of the store: what it does to the outside.
 * It prints how many steps it took.
 */

import { argv, env, exit, kill, pid, stdout } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { digitalOcean } from "../../src/machines/digitalocean/provider.ts";
import { acquireLease } from "../../src/machines/lease.ts";
import { settleLeases } from "../../src/machines/settle.ts";
import { openStore, storeFolder } from "../../src/machines/store.ts";
import { memoryReach } from "../machines/memory-reach.ts";

const OPTIONS = z.object({
  run: z.string(),
  count: z.number(),
  atLeast: z.number(),
  broken: z.array(z.number()),
  /** The step at which it is killed, from 1; null for none. */
  killAt: z.number().nullable(),
});

const { run, count, atLeast, broken, killAt } = OPTIONS.parse(JSON.parse(argv[2] ?? ""));
let steps = 0;

function step(): void {
  steps++;
  if (steps === killAt) {
    kill(pid, "SIGKILL");
    // The signal may take an instant to come.
    for (;;);
  }
}

function stepping<T extends object>(what: T): T {
  return new Proxy(what, {
    get: (target, key): unknown => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function" || typeof key === "symbol" || key === "files") return value;
      return (...words: unknown[]): unknown => {
        step();
        const result: unknown = Reflect.apply(value, target, words);
        if (result instanceof Promise) return result.finally(step);
        step();
        return result;
      };
    },
  });
}

/** Waits a thousandth of what it is told, and lets patience run out as if it were the whole. */
let passed = 0;
const clock = {
  now: () => performance.now() + passed,
  wait: async (milliseconds: number, signal: AbortSignal) => {
    await delay(milliseconds / 1000, undefined, { signal });
    passed += milliseconds;
  },
};
const timer = { now: clock.now, wait: clock.wait };

const signal = new AbortController().signal;
const provider = stepping(digitalOcean(env, { timer }));
const store = stepping(await openStore(storeFolder(env)));
const tools = { store, signal, clock };
try {
  await settleLeases({ ...tools, keepRun: run, openProvider: async () => provider });
  const lease = await acquireLease({
    ...tools,
    ...{ provider, run, attempt: 1, minutes: 60, atLeast, label: null },
    request: { size: "c-2", region: "fra1", count },
    reach: memoryReach({ broken }),
  });
  await lease.release(signal);
} catch (error) {
  if (!(error instanceof Error && "exitCode" in error)) throw error;
  stdout.write(`${steps}\n${error.message}\n`);
  exit(3);
}
stdout.write(`${steps}\n`);
