import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Sshd, startSshd } from "../../lab/sshd.ts";

const execute = promisify(execFile);

/** Hosts of one's own: sshds on loopback, each of which has another folder as the user's home. */
export interface LabHosts extends AsyncDisposable {
  /** Names them `h0`, `h1` and so on, in the user's configuration of ssh. */
  readonly env: NodeJS.ProcessEnv;
  readonly sshds: readonly Sshd[];
  readonly homes: readonly string[];
  /** The same with a key that nobody lets in, under this passphrase. */
  withKey(passphrase: string): Promise<NodeJS.ProcessEnv>;
  /** Forgets all reservations. */
  clear(): Promise<void>;
}

/** `lines` are for each sshd's configuration. */
export async function startHosts(count: number, lines: readonly string[] = []): Promise<LabHosts> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-hosts-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const homes = await Promise.all(
    Array.from({ length: count }, (_, index) => mkdtemp(join(folder, `home-${index}-`))),
  );
  const sshds: Sshd[] = [];
  for (const home of homes) sshds.push(cleanup.use(await startSshd(withHome(home, lines))));
  const blocks = await Promise.all(
    sshds.map(async ({ config, name }, index) =>
      (await readFile(config, "utf8")).replace(`Host ${name}`, `Host h${index}`),
    ),
  );
  const config = join(folder, "ssh_config");
  await writeFile(config, blocks.join("\n"));
  const owned = cleanup.move();
  const env = {
    ...process.env,
    SIM_PIPELINE_SSH_CONFIG: config,
    SIM_PIPELINE_HOSTS: homes.map((_, index) => `h${index}`).join(","),
  };
  return {
    env,
    withKey: async (passphrase) => {
      const key = join(folder, "other");
      await rm(key, { force: true });
      await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", key]);
      const other = blocks.map((block) => block.replace(/IdentityFile .*/, `IdentityFile ${key}`));
      await writeFile(join(folder, "other_config"), other.join("\n"));
      return { ...env, SIM_PIPELINE_SSH_CONFIG: join(folder, "other_config") };
    },
    sshds,
    homes,
    clear: async () => {
      for (const home of homes) {
        await rm(join(home, ".sim-pipeline"), { recursive: true, force: true });
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** sshd heeds one SetEnv, with all variables. */
function withHome(home: string, lines: readonly string[]): string[] {
  const variables = lines.flatMap((line) => line.match(/(?<=^SetEnv ).*/) ?? []);
  const others = lines.filter((line) => !line.startsWith("SetEnv "));
  return [`SetEnv ${[`HOME=${home}`, ...variables].join(" ")}`, ...others];
}
