import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { parseSshAddress, type SshTarget } from "../../engines/ssh.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { ProviderError } from "../provider.ts";

/** A host of the user's own. */
export interface Host {
  /** What it is called as a size: `host`, or `host:2222`. */
  readonly name: string;
  readonly target: SshTarget;
}

/** The size that stands for whichever host is free. */
export const ANY = "any";

const VARIABLE = "SIM_PIPELINE_HOSTS";

/**
 * The user's hosts: SIM_PIPELINE_HOSTS (`me@a,me@b:2222`), else the lines of `sim-pipeline/hosts` in
 * the user's folder for configuration, where `#` begins a comment.
 *
 * @throws ProviderError `invalid` with the entry or the file's line that cannot be used, or where
 *   there are no hosts.
 */
export async function readHosts(env: NodeJS.ProcessEnv): Promise<readonly Host[]> {
  const listed = env[VARIABLE] ?? "";
  const file = hostsFile(env);
  const entries =
    listed.trim() === "" ? linesOf(await readOptional(file), file) : entriesOf(listed);
  const hosts: (Host & { readonly from: string })[] = [];
  for (const { text, from } of entries) {
    const host = parseHost(text, from);
    const same = hosts.find(({ name }) => name === host.name);
    if (same !== undefined) {
      throw new ProviderError(
        "invalid",
        `${from}: ${host.name} is named already, in ${same.from}.`,
      );
    }
    hosts.push({ ...host, from });
  }
  if (hosts.length > 0) return hosts;
  throw new ProviderError(
    "invalid",
    `There are no hosts of your own.\nName them in ${VARIABLE}, as \`me@one,me@two:2222\`, or one a line in ${file}.`,
  );
}

interface Entry {
  readonly text: string;
  /** Where it is written, for messages. */
  readonly from: string;
}

function entriesOf(text: string): Entry[] {
  return text
    .split(/[,\s]+/)
    .filter((entry) => entry !== "")
    .map((entry, index) => ({ text: entry, from: `${VARIABLE}, entry ${index + 1}` }));
}

function linesOf(text: string, file: string): Entry[] {
  return text.split("\n").flatMap((line, index) => {
    const entry = line.replace(/(?:^|\s)#.*$/, "").trim();
    return entry === "" ? [] : [{ text: entry, from: `${file}:${index + 1}` }];
  });
}

function parseHost(text: string, from: string): Host {
  const invalid = (reason: string, options?: ErrorOptions) =>
    new ProviderError(
      "invalid",
      `${from}: ${reason}\nA host is written as host, user@host or user@host:port, where host may be a name in ~/.ssh/config.`,
      options,
    );
  const address = text.startsWith("ssh://") ? text : `ssh://${text}`;
  let parsed: ReturnType<typeof parseSshAddress>;
  try {
    parsed = parseSshAddress(address, "it");
  } catch (error) {
    if (!(error instanceof ReportedError)) throw error;
    const [reason = ""] = error.message.split(/(?<=[^.])\. It looks like/);
    throw invalid(reason.replace(/^it names/, "this is"), { cause: error });
  }
  const { target, path } = parsed;
  if (path !== null) throw invalid(`${JSON.stringify(text)} has a path after the host.`);
  const name = target.port === null ? target.host : `${target.host}:${target.port}`;
  if (name === ANY) throw invalid(`\`${ANY}\` means whichever host is free, and cannot be one.`);
  return { name, target };
}

/** Where the hosts are listed, one a line. */
export function hostsFile(env: Readonly<Record<string, string | undefined>>): string {
  const config = env.XDG_CONFIG_HOME ?? "";
  return join(isAbsolute(config) ? config : join(homedir(), ".config"), "sim-pipeline/hosts");
}

async function readOptional(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProviderError("invalid", `Cannot read the list of hosts: ${reason}`, { cause });
  }
}
