import { execFile } from "node:child_process";
import { readFile, rename, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { ReportedError } from "../sweep/errors.ts";

const execute = promisify(execFile);

/**
 * Makes an ed25519 key pair without a passphrase: the file, readable by its owner alone, and its
 * `.pub` beside it. One that is there is kept.
 * @throws ReportedError (3) where OpenSSH's ssh-keygen is missing or fails.
 */
export async function makeKeyPair(path: string, signal: AbortSignal): Promise<void> {
  if (await isThere(path)) return;
  const made = `${path}.new`;
  await rm(made, { force: true });
  const words = ["-q", "-t", "ed25519", "-N", "", "-C", "sim-pipeline", "-f", made];
  try {
    await execute("ssh-keygen", words, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    const text = missing
      ? "There is no `ssh-keygen`: install OpenSSH's client (openssh-client)."
      : `Cannot make a key for machines: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ReportedError(3, text, { cause });
  }
  // The private one last: where it is, both are.
  await rename(`${made}.pub`, `${path}.pub`);
  await rename(made, path);
}

/** Type and key of the public half, without its comment: `ssh-ed25519 AAAA...` */
export async function readPublicKey(path: string): Promise<string> {
  return bareKey(await readFile(`${path}.pub`, "utf8"));
}

/** The same of a line as ssh-keygen prints it. */
export function bareKey(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

async function isThere(path: string): Promise<boolean> {
  return await readFile(path).then(
    () => true,
    () => false,
  );
}
