import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { SSH_CONFIG, type SshTarget, sshArguments } from "../../engines/ssh.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { storeFolder } from "../store.ts";

const execute = promisify(execFile);

/**
 * The environment in which ssh knows the user's hosts: in one that `machines env` made it knows
 * nothing but rented machines.
 */
export function userEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env[SSH_CONFIG] !== join(storeFolder(env), "ssh_config")) return env;
  const { [SSH_CONFIG]: _ours, ...rest } = env;
  return rest;
}

/** Words that our own calls set, and what ssh prints of itself and does not read. */
const OURS = new Set(["host", "batchmode", "loglevel", "hostkeyalias", "sessiontype", "stdinnull"]);
/** Words whose value is one path, which ssh prints without quotes. */
const PATHS = new Set(["identityfile", "certificatefile", "identityagent", "xauthlocation"]);

/**
 * What ssh makes of a host by the user's configuration, as a block of its own under another name:
 * users, jump hosts, keys and known hosts are the same there.
 *
 * @throws ReportedError (3) where ssh does not take its configuration.
 */
export async function userConfiguration(
  target: SshTarget,
  name: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const text = await execute("ssh", ["-G", ...sshArguments(target, env)], { env, signal }).then(
    ({ stdout }) => stdout,
    (cause: unknown) => {
      signal.throwIfAborted();
      const said = cause instanceof Error ? cause.message.trim() : String(cause);
      throw new ReportedError(3, `ssh does not take its configuration: ${said}`, { cause });
    },
  );
  const settings = text.split("\n").flatMap((line) => {
    const at = line.indexOf(" ");
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
  });
  const value = (word: string) => settings.find(([key]) => key === word)?.[1];
  const hostname = value("hostname") ?? target.host;
  const port = value("port") ?? "22";
  const known = value("hostkeyalias") ?? (port === "22" ? hostname : `[${hostname}]:${port}`);
  return [
    `Host ${name}`,
    `  HostKeyAlias ${known}`,
    ...settings
      .filter(([key]) => !OURS.has(key))
      .map(
        ([key, text]) => `  ${key} ${PATHS.has(key) && text.includes(" ") ? `"${text}"` : text}`,
      ),
    "",
  ].join("\n");
}
