import { stringify } from "yaml";
import { ProviderError } from "./provider.ts";
import { BOOT_FILE, bootScript, SETUP_FILE, setupScript } from "./setup-script.ts";

export { FAILED_FILE, READY_FILE } from "./setup-script.ts";

/** Bytes that DigitalOcean takes at most. */
export const USER_DATA_LIMIT = 64 * 1024;

/** Who may log in, and who owns nothing else on the machine. */
export const MACHINE_USER = "sim";

export interface UserDataOptions {
  /** After which the machine powers off, whoever is still alive. */
  readonly minutes: number;
  /** Of ed25519, in OpenSSH's formats; to be replaced at the first connection. */
  readonly hostKey: { readonly private: string; readonly public: string };
  /** The one line of an authorized_keys file. */
  readonly authorizedKey: string;
  /** Written besides ours. Nothing secret: whoever is on the machine can read it. */
  readonly files?: readonly UserDataFile[];
  /** Run as root after the setup, also after one that failed. */
  readonly commands?: readonly (readonly string[])[];
}

export interface UserDataFile {
  readonly path: string;
  /** As chmod takes them: `0755`. */
  readonly permissions: string;
  readonly content: string;
}

/**
 * What cloud-init makes of a new machine with Ubuntu 24.04: the user `sim` with our key and without
 * a password, our host key alone, the deadline and the firewall at each boot, and a pinned Docker.
 * How it went stands in READY_FILE or FAILED_FILE once `cloud-init status --wait` returns.
 *
 * @throws ProviderError `invalid` for more than USER_DATA_LIMIT, or what is no key or no time.
 */
export function userData(options: UserDataOptions): string {
  const { minutes, hostKey, authorizedKey, files = [], commands = [] } = options;
  if (!Number.isSafeInteger(minutes) || minutes < 1) {
    throw invalid(`${minutes} minutes are no time for a machine: give a whole number, 1 or more.`);
  }
  if (!/^(?:ssh|ecdsa|sk)-\S+ \S+[^\n]*\n?$/.test(authorizedKey)) {
    throw invalid("The key for a machine must be one line, as in id_ed25519.pub.");
  }
  const config = {
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.private, ed25519_public: hostKey.public },
    disable_root: true,
    ssh_pwauth: false,
    users: [
      {
        name: MACHINE_USER,
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: [authorizedKey.trim()],
      },
    ],
    write_files: [
      { path: BOOT_FILE, permissions: "0755", content: bootScript(minutes) },
      { path: SETUP_FILE, permissions: "0755", content: setupScript() },
      ...files,
    ].map((file) => ({ owner: "root:root", ...file })),
    runcmd: [[SETUP_FILE], ...commands],
  };
  // cloud-init reads YAML 1.1, in which `no` and `0755` are more than text.
  const text = `#cloud-config\n${stringify(config, { version: "1.1", lineWidth: 0 })}`;
  checkUserData(text);
  return text;
}

/** @throws ProviderError `invalid` for more bytes than a machine can be given. */
export function checkUserData(text: string, limit = USER_DATA_LIMIT): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= limit) return;
  throw invalid(
    `The user data has ${bytes} bytes, and a machine takes ${limit} at most: put less into it, and copy the rest over SSH.`,
  );
}

function invalid(message: string): ProviderError {
  return new ProviderError("invalid", message);
}
