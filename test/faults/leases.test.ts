import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { digitalOcean } from "../../src/machines/digitalocean/provider.ts";
import { leaseTags } from "../../src/machines/names.ts";
import { reap } from "../../src/machines/reap.ts";
import { openStore } from "../../src/machines/store.ts";
import { type DigitalOcean, type Options, startDigitalOcean } from "../lab/digitalocean/server.ts";
import { virtualClock } from "../machines/virtual-clock.ts";

/** Crash points over all scenarios; `npm run test:faults` sets the full count, 200. */
const CRASHES = 2 * Number(process.env.SIM_FAULT_KILLS ?? 5);

const PROGRAM = fileURLToPath(new URL("lease-process.ts", import.meta.url));
const MINUTE = 60_000;

interface Scenario {
  readonly title: string;
  readonly count: number;
  readonly atLeast: number;
  /** Machines that do not come up. */
  readonly broken: readonly number[];
  readonly api?: Options;
  readonly faults?: (api: DigitalOcean) => void;
  /** Of the process that nobody kills. */
  readonly code: 0 | 3;
}

const POOL = { count: 3, atLeast: 3, broken: [], code: 0 } as const;
/** So many lists do not show a new machine, where they lag. */
const LAG = 2;
const SCENARIOS: readonly Scenario[] = [
  { ...POOL, title: "one machine", count: 1, atLeast: 1 },
  {
    ...POOL,
    title: "a pool of three, in lists that lag",
    api: { lags: { listed: { calls: LAG } } },
  },
  { ...POOL, title: "a pool of twelve in two calls", count: 12, atLeast: 12 },
  { ...POOL, title: "a pool of which one does not come up", atLeast: 2, broken: [1] },
  { ...POOL, title: "too few that come up", broken: [1], code: 3 },
  {
    ...POOL,
    title: "a create call that does its work and fails",
    faults: (api) => api.fail({ call: "POST /v2/droplets", how: { status: 503 }, when: "after" }),
  },
  {
    ...POOL,
    title: "the second create call is refused",
    count: 12,
    atLeast: 12,
    faults: (api) => api.fail({ call: "POST /v2/droplets", calls: [2], how: { status: 422 } }),
    code: 3,
  },
  {
    ...POOL,
    title: "an outage while machines are removed",
    faults: (api) =>
      api.fail({ call: "DELETE /v2/droplets/*", calls: [2, 3, 4, 5, 6, 7], how: "outage" }),
  },
];

/** A DigitalOcean on which others have machines too, and a folder for our leases. */
async function account(scenario: Scenario) {
  const api = await startDigitalOcean(scenario.api);
  onTestFinished(() => api[Symbol.asyncDispose]());
  const state = mkdtempSync(join(tmpdir(), "sim-pipeline-leases-"));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  const lease = { id: "colleagues", run: "theirs", attempt: 1, minutes: 600 };
  const written = Object.entries(leaseTags(lease)).map(
    ([key, value]) => `sim-pipeline:${key}:${value}`,
  );
  const tags = ["sim-pipeline", ...written];
  api.seed({ name: "database" });
  api.seed({ name: "with-our-tag", tags: ["sim-pipeline"] });
  api.seed({ name: "with-all-our-tags", tags });
  api.seed({ name: "sim-colleagues-0", tags });
  scenario.faults?.(api);
  return { api, state };
}

type Account = Awaited<ReturnType<typeof account>>;

async function runProcess(scenario: Scenario, { api, state }: Account, killAt: number | null) {
  const { count, atLeast, broken } = scenario;
  const options = JSON.stringify({ run: "abc234", count, atLeast, broken, killAt });
  const env = { ...process.env, ...api.env, SIM_PIPELINE_STATE: state };
  return await new Promise<{
    code: number | null;
    signal: string | null;
    steps: number;
    said: string;
  }>((resolve) => {
    const child = execFile(
      process.execPath,
      [PROGRAM, options],
      { env },
      (_error, stdout, stderr) => {
        const { exitCode: code, signalCode: signal } = child;
        resolve({ code, signal, steps: Number.parseInt(stdout, 10), said: `${stdout}${stderr}` });
      },
    );
  });
}

/** What a dead process left is gone, and what is others' is as it was. */
async function expectNothingLeft({ api, state }: Account): Promise<void> {
  await api.settled();
  const names = api.droplets().map(({ name }) => name);
  expect(names).toEqual(["database", "with-our-tag", "with-all-our-tags", "sim-colleagues-0"]);
  const store = await openStore(state);
  expect(await store.list()).toEqual({ records: [], damaged: [] });
}

/** `count` steps of `steps`, as even as can be. */
function spread(steps: number, count: number): number[] {
  if (count > steps) throw new Error(`there are only ${steps} steps, fewer than ${count}`);
  return Array.from({ length: count }, (_, i) => 1 + Math.floor(((i + 0.5) * steps) / count));
}

describe(`a process that rents machines, killed at ${CRASHES} steps over all scenarios`, () => {
  test.each(SCENARIOS.map((scenario, index) => ({ ...scenario, index })))(
    "$title: after the next start, or one reap, nothing is left and nothing of others' was touched",
    { timeout: 600_000 },
    async ({ index, ...scenario }) => {
      const whole = await account(scenario);
      const { code, steps, said } = await runProcess(scenario, whole, null);
      expect(code, said).toBe(scenario.code);
      await expectNothingLeft(whole);

      const share = Math.floor(CRASHES / SCENARIOS.length);
      const crashes = share + (index < CRASHES % SCENARIOS.length ? 1 : 0);
      for (const [i, killAt] of spread(steps, crashes).entries()) {
        const dead = await account(scenario);
        const { signal } = await runProcess(scenario, dead, killAt);
        expect(signal, `killed at step ${killAt} of ${steps}`).toBe("SIGKILL");
        // By then an unanswered create call has brought what it may bring, and lists show it.
        dead.api.clock.advance(20 * MINUTE);
        const never = new AbortController().signal;
        const provider = digitalOcean({ ...dead.api.env });
        for (let list = 0; list < LAG; list++) await provider.list(never).catch(() => undefined);
        if (i % 2 === index % 2) {
          const next = await runProcess(scenario, dead, null);
          expect(next.signal, next.said).toBeNull();
        } else {
          const store = await openStore(dead.state);
          await reap({
            provider,
            store,
            signal: new AbortController().signal,
            clock: virtualClock(),
          });
        }
        await expectNothingLeft(dead).catch((error: unknown) => {
          throw new Error(`killed at step ${killAt} of ${steps}`, { cause: error });
        });
      }
    },
  );
});
