/**
 * The system's own OpenSSH client: the user's configuration, agent, jump hosts, certificates and
 * hardware keys work as they do for `ssh` itself.
 */

import { ReportedError } from "../sweep/errors.ts";

export type SshEnvironment = Readonly<Record<string, string | undefined>>;

/** Whom to connect to, as the `ssh` command takes it. */
export interface SshTarget {
  /** Null: what ssh's configuration says, else the user's own name. */
  readonly user: string | null;
  /** An address, a name, or a `Host` of ssh's configuration. */
  readonly host: string;
  /** Null: what ssh's configuration says, else 22. */
  readonly port: number | null;
}

export interface SshAddress {
  readonly target: SshTarget;
  /** Absolute path of a socket on that host; null where the address has none. */
  readonly path: string | null;
}

/** None begins with `-`, which ssh would take for an option, or means anything to a shell. */
const HOST = /^[A-Za-z0-9_.:][A-Za-z0-9_.:%+-]*$/;
const USER = /^[A-Za-z0-9_.][A-Za-z0-9_.@+\\-]*$/;
/** Nothing that means something to ssh where it takes a path: `:`, `%`, `${`, `\`. */
export const PLAIN_PATH = /^\/[A-Za-z0-9_./@+,=-]+$/;

/**
 * Reads `ssh://[user@]host[:port][/path/of.sock]`; `from` is what named it, for the message.
 * Throws a ReportedError (3) for anything else, for a password in it, and for a name that ssh could
 * take for an option.
 */
export function parseSshAddress(url: string, from: string): SshAddress {
  const parsed = URL.parse(url);
  const bad = (reason: string): ReportedError =>
    // The address is not repeated: it may hold a password.
    new ReportedError(
      3,
      `${from} names an SSH address that cannot be used: ${reason}. It looks like ` +
        "ssh://user@host, ssh://host:2222 or ssh://host/path/of/docker.sock.",
    );
  if (parsed === null || parsed.protocol !== "ssh:") throw bad("it is no ssh:// address");
  if (parsed.password !== "") {
    throw bad("a password has no place in it; use a key, and ssh-agent for its passphrase");
  }
  if (parsed.search !== "" || parsed.hash !== "") throw bad("`?` and `#` mean nothing in it");
  const [user, host, path] = [parsed.username, parsed.hostname, parsed.pathname].map(decoded);
  if (user === undefined || host === undefined || path === undefined) {
    throw bad("it has a `%` that begins no %XX");
  }
  if (host === "") throw bad("it has no host");
  const name = host.replace(/^\[(.*)\]$/, "$1");
  if (!HOST.test(name)) throw bad(`${JSON.stringify(name)} is no name of a host`);
  if (user !== "" && !USER.test(user)) throw bad(`${JSON.stringify(user)} is no name of a user`);
  const port = parsed.port === "" ? null : Number(parsed.port);
  if (port === 0) throw bad("there is no port 0");
  const none = path === "" || path === "/";
  if (!none && !PLAIN_PATH.test(path)) {
    throw bad(`the path ${JSON.stringify(path)} holds characters that ssh does not take literally`);
  }
  return {
    target: { user: user === "" ? null : user, host: name, port },
    path: none ? null : path,
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // The caller says what is wrong with it.
    return undefined;
  }
}

/** `user@host`, as people write it. */
export function sshName({ user, host }: SshTarget): string {
  return user === null ? host : `${user}@${host}`;
}

/** The command that a person would type to get there: `ssh -p 2222 me@host`. */
export function sshCommand(target: SshTarget, env: SshEnvironment): string {
  const words = ["ssh", ...configuration(env)];
  if (target.port !== null) words.push("-p", String(target.port));
  return [...words, sshName(target)].join(" ");
}

/** The environment variable that names the ssh_config file to use in the place of the user's. */
export const SSH_CONFIG = "SIM_PIPELINE_SSH_CONFIG";

function configuration(env: SshEnvironment): readonly string[] {
  const file = env[SSH_CONFIG] ?? "";
  return file === "" ? [] : ["-F", file];
}

/** Seconds. A host that is silent for longer than `interval` times `count` is lost. */
const TIMES = { connect: 15, interval: 15, count: 3 };

/**
 * What every `ssh` of ours is called with, up to and with the destination. Nothing is asked of a
 * person, and no host is trusted whose key is not known already. Options on the command line win
 * over the configuration's.
 */
export function sshArguments(
  target: SshTarget,
  env: SshEnvironment,
  options: readonly string[] = [],
): readonly string[] {
  const settings = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `ConnectTimeout=${TIMES.connect}`,
    `ServerAliveInterval=${TIMES.interval}`,
    `ServerAliveCountMax=${TIMES.count}`,
    // A shared connection would live and die with somebody else's session.
    ...["ControlMaster=no", "ControlPath=none"],
    ...["ForkAfterAuthentication=no", "RequestTTY=no", "RemoteCommand=none"],
    // The host gets no more of ours than it needs.
    ...["ForwardAgent=no", "ForwardX11=no"],
    // Errors are told at this level, and not in a configuration's QUIET.
    "LogLevel=INFO",
  ];
  return [
    ...configuration(env),
    ...[...settings, ...options].flatMap((setting) => ["-o", setting]),
    ...(target.port === null ? [] : ["-p", String(target.port)]),
    ...(target.user === null ? [] : ["-l", target.user]),
    ...["--", target.host],
  ];
}

export interface SshFailure {
  /** What happened, and what to do about it. */
  readonly message: string;
  /** Whether it stays so until somebody does something; else it may pass by itself. */
  readonly lasting: boolean;
}

/**
 * Why ssh ended. `said` is what it wrote on standard error, `code` its exit code.
 * The words are those of OpenSSH's sshconnect.c, sshconnect2.c and readconf.c.
 */
export function explainSsh(
  target: SshTarget,
  env: SshEnvironment,
  said: string,
  code: number | null,
): SshFailure {
  const name = sshName(target);
  const own = sshCommand(target, env);
  const host = target.port === null ? target.host : `[${target.host}]:${target.port}`;
  const lasting = (message: string): SshFailure => ({ message, lasting: true });
  const passing = (message: string): SshFailure => ({ message, lasting: false });
  const found = (pattern: RegExp): string => pattern.exec(said)?.[1]?.trim() ?? "";

  if (code === 127 && /not found/.test(said)) {
    return lasting("There is no `ssh` program: install OpenSSH's client (openssh-client).");
  }
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|host key .*has changed/i.test(said)) {
    const where = found(/Offending \S+ key in (.+)/);
    return lasting(
      `The host key of ${target.host} has changed${shown(said)}: either the machine was made anew, or ` +
        "somebody else answers in its place. Nothing was sent. If you know that it was made anew, " +
        `remove its old key${where === "" ? "" : ` (${where})`} with \`ssh-keygen -R '${host}'\`, ` +
        `connect once with \`${own}\`, and compare the fingerprint that it shows.`,
    );
  }
  if (/host key is known for|host key verification failed|host key .*revoked/i.test(said)) {
    return lasting(
      `The host key of ${target.host} is not known${shown(said)}, and unknown hosts are not trusted. ` +
        `Connect once with \`${own}\`, compare the fingerprint that it shows with the machine's own ` +
        "(`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there), and accept it.",
    );
  }
  if (
    /bad configuration option|terminating, \d+ bad|bad owner or permissions on|can't open user config/i.test(
      said,
    )
  ) {
    return lasting(`ssh does not take its configuration: ${firstLine(said)}. Correct that file.`);
  }
  if (
    /permission denied|too many authentication failures|no more authentication methods/i.test(said)
  ) {
    const open = /unprotected private key|bad permissions/i.test(said)
      ? " A private key was not used because others can read it: `chmod 600` it."
      : "";
    return passing(
      `${name} does not let us in: ${lastLine(said)}.${open} Name the key with IdentityFile in ` +
        "~/.ssh/config or load it with `ssh-add` (one with a passphrase works only through " +
        `ssh-agent), and see that \`${own} true\` works without a question.`,
    );
  }
  if (/could not resolve hostname|name or service not known/i.test(said)) {
    return passing(
      `There is no host ${target.host}: ${lastLine(said)}. Correct the name, or add it to ~/.ssh/config.`,
    );
  }
  if (/connection refused/i.test(said)) {
    return passing(
      `${target.host} refuses connections on its SSH port: start sshd there, or correct the port ` +
        "(ssh://user@host:port).",
    );
  }
  if (
    /timed out|timeout, server|no route to host|network is unreachable|not responding/i.test(said)
  ) {
    return passing(
      `${target.host} does not answer: ${lastLine(said)}. See that it runs, that its address is ` +
        "right, and that a firewall lets SSH through.",
    );
  }
  const words = lastLine(said);
  return passing(
    `The SSH connection to ${name} ended${words === "" ? "" : `: ${words}`}. \`${own} true\` shows more.`,
  );
}

/** The fingerprint that ssh told of, in words. */
function shown(said: string): string {
  const fingerprint = /SHA256:[A-Za-z0-9+/=]+/.exec(said)?.[0];
  return fingerprint === undefined ? "" : ` (it shows ${fingerprint})`;
}

/** What ssh said first and last, without a full stop. */
function firstLine(said: string): string {
  return linesOf(said).at(0) ?? "";
}

function lastLine(said: string): string {
  return linesOf(said).at(-1) ?? "";
}

function linesOf(said: string): readonly string[] {
  const lines = said.split("\n").map((line) => line.replace(/[.\s]+$/, ""));
  return lines.filter((line) => line !== "");
}
