/** A daemon behind SSH: what that costs, and what it costs the docker CLI. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSshd, type Sshd, startSshd } from "../test/lab/sshd.ts";
import { missingCommand, missingImage } from "./lib/baselines.ts";
import { type Bench, bench } from "./lib/bench.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import { type Contestant, interleave } from "./lib/rounds.ts";
import { BUSYBOX, runSweepProgram } from "./lib/sweeps.ts";

const COUNT = 200;
const WORKERS = 2;
/** Points that return so many megabytes (10^6 bytes) each. */
const BIG = { points: 4, megabytes: 64 };

const SSH = "sim-pipeline through SSH, files as archives";
const SOCKET = "sim-pipeline, the same without SSH";
const SHARED = "sim-pipeline, the same on this machine, files mounted";
const CLI = "docker -H ssh://: run, cp, rm";

const SCRIPT = "echo 42 > /mnt/data/result.txt; echo done";

const title = `${COUNT} short points in fresh containers, ${WORKERS} at once, sshd on loopback`;
await bench(title, { rounds: 2 }, async (self) => {
  const missing = await firstMissing();
  if (missing !== null) return { series: [], goals: [], skipped: [missing] };
  await using sshd = await startSshd();
  const { DOCKER_HOST, SIM_PIPELINE_SSH_CONFIG } = sshd.env();
  const remote = { DOCKER_HOST, SIM_PIPELINE_SSH_CONFIG };

  const points = (count: number, megabytes: number, where: Where): Promise<number> =>
    runSweepProgram(self, {
      sweep: {
        name: "bench",
        image: BUSYBOX,
        parameters: { i: { range: `1-${count}` } },
        entrypoint: ["sh", "-c"],
        command: [
          megabytes === 0 ? SCRIPT : `head -c ${megabytes}000000 /dev/urandom > /mnt/data/big`,
        ],
      },
      points: count,
      engine: "docker",
      workers: WORKERS,
      ...where,
    }).then(({ seconds }) => seconds);

  const short = await interleave(
    [
      ours(SSH, () => points(COUNT, 0, { env: remote, apart: true })),
      ours(SOCKET, () => points(COUNT, 0, { apart: true })),
      ours(SHARED, () => points(COUNT, 0, {})),
      { name: CLI, missing: null, measure: () => commandLine(self, sshd) },
    ].map((one) => perPoint(one)),
    { rounds: self.rounds, unit: "ms a point", say: self.say },
  );
  const { points: count, megabytes } = BIG;
  const big = await interleave(
    [
      ours(`${SSH}, ${count} x ${megabytes} MB`, () =>
        points(count, megabytes, { env: remote, apart: true }),
      ),
      ours(`${SHARED}, ${count} x ${megabytes} MB`, () => points(count, megabytes, {})),
    ],
    { rounds: self.rounds, unit: "s", say: self.say },
  );
  const values = (name: string): readonly number[] =>
    [...short, ...big].find((one) => one.name === name)?.values ?? [];
  const beside = (a: string, b: string, how: (a: number, b: number) => number): number[] =>
    values(a).map((one, round) => how(one, values(b)[round] ?? Number.NaN));
  const more = (a: number, b: number): number => a - b;

  return {
    series: [...short, ...big],
    goals: [
      {
        name: "short points against the docker CLI",
        values: beside(CLI, SSH, (theirs, own) => theirs / own),
        unit: "",
        want: { least: 5 },
      },
      {
        name: "a point more than on this machine",
        values: beside(SSH, SHARED, more),
        unit: "ms",
        want: null,
      },
      {
        name: "of it SSH's own",
        values: beside(SSH, SOCKET, more),
        unit: "ms",
        want: null,
      },
      {
        name: "a megabyte returned more than on this machine",
        values: beside(
          `${SSH}, ${count} x ${megabytes} MB`,
          `${SHARED}, ${count} x ${megabytes} MB`,
          (a, b) => ((a - b) * 1000) / (count * megabytes),
        ),
        unit: "ms",
        want: null,
      },
    ],
    notes: [
      "The connection has no latency to speak of; each request of ours adds one round trip of a",
      "real one, each command of the docker CLI a new connection with its handshake.",
    ],
  };
});

interface Where {
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly apart?: boolean;
}

function ours(name: string, measure: () => Promise<number>): Contestant {
  return { name, missing: null, measure };
}

/** Milliseconds a point, of what gives the seconds of all. */
function perPoint({ measure, ...rest }: Contestant): Contestant {
  return { ...rest, measure: async () => ((await measure()) * 1000) / COUNT };
}

/** The same points with the docker CLI, which knows ssh's configuration only as ssh's own. */
async function commandLine(self: Bench, sshd: Sshd): Promise<number> {
  const folder = join(self.folder, `cli-${performance.now()}`);
  mkdirSync(join(folder, "out"), { recursive: true });
  writeFileSync(join(folder, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F '${sshd.config}' "$@"\n`, {
    mode: 0o755,
  });
  const numbers = Array.from({ length: COUNT }, (_, i) => `${i}\n`).join("");
  const { seconds } = await runProgram(
    ["xargs", `-P${WORKERS}`, "-I{}", "sh", inRepository("bench/programs/docker-ssh.sh"), "{}"],
    {
      cwd: folder,
      stdin: numbers,
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        DOCKER_HOST: `ssh://${sshd.name}`,
        IMAGE: BUSYBOX,
        SCRIPT,
      },
    },
  );
  return seconds;
}

async function firstMissing(): Promise<{ name: string; install: string } | null> {
  const image = await missingImage(BUSYBOX);
  if (image !== null) return { name: BUSYBOX, install: image };
  if (!(await findSshd())) return { name: "sshd", install: "apt-get install openssh-server" };
  const unshare = await missingCommand(
    ["unshare", "--mount", "true"],
    "sudo npm run bench -- remote  # as root, for a mount namespace",
  );
  return unshare === null ? null : { name: "a mount namespace", install: unshare };
}
