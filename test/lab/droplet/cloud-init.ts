import { parse } from "yaml";
import { z } from "zod";

/** What providers take at most (DigitalOcean's documentation of `user_data`). */
const MAX_BYTES = 65_536;

/**
 * The keys of user data that the lab really executes, as cloud-init's documentation ("Module
 * reference") has them. Everything else is refused: a droplet of the lab would silently lack it.
 */
const text = z.string();
const userDataSchema = z.strictObject({
  ssh_keys: z.strictObject({ ed25519_private: text, ed25519_public: text }).optional(),
  ssh_deletekeys: z.boolean().default(true),
  // Keeps keys from root's account, which gets none here anyway.
  disable_root: z.boolean().default(true),
  ssh_pwauth: z.boolean().default(false),
  users: z
    .array(
      z.strictObject({
        name: text.regex(/^[a-z_][a-z0-9_-]{0,31}$/),
        shell: text.default("/bin/sh"),
        sudo: z.union([text.transform((rule) => [rule]), z.array(text)]).default([]),
        lock_passwd: z.literal(true, "the lab gives nobody a password").default(true),
        ssh_authorized_keys: z.array(text).default([]),
      }),
    )
    .default([]),
  write_files: z
    .array(
      z.strictObject({
        path: text.startsWith("/"),
        owner: text.default("root:root"),
        permissions: text.regex(/^0?[0-7]{3}$/, "three octal digits, quoted").default("0644"),
        content: text.default(""),
      }),
    )
    .default([]),
  runcmd: z.array(z.array(text).min(1)).default([]),
});

type UserData = z.output<typeof userDataSchema>;

/** cloud-init's modules, each as the shell script that does what it does. */
export type Modules = Readonly<
  Record<"write_files" | "users_groups" | "ssh" | "scripts_user", string>
>;

/**
 * What a droplet does at its first boot with this user data.
 * @throws Error for what the lab cannot execute, or no provider would take.
 */
export function cloudInitModules(userData: string): Modules {
  const bytes = Buffer.byteLength(userData);
  if (bytes > MAX_BYTES) throw new Error(`user data of ${bytes} bytes; at most ${MAX_BYTES}`);
  if (userData.split("\n", 1)[0]?.trim() !== "#cloud-config") {
    throw new Error("user data does not begin with the line #cloud-config");
  }
  // PyYAML, which cloud-init reads it with, knows YAML 1.1.
  const read = userDataSchema.safeParse(parse(userData, { version: "1.1" }) ?? {});
  if (!read.success) {
    throw new Error(`user data that the lab does not execute:\n${z.prettifyError(read.error)}`);
  }
  return {
    write_files: script(writeFiles(read.data)),
    users_groups: script(usersGroups(read.data)),
    ssh: script(ssh(read.data)),
    scripts_user: runcmd(read.data),
  };
}

/** Before the users are made, so that no file can be theirs: cloud-init's own order. */
function writeFiles({ write_files }: UserData): string[] {
  return write_files.flatMap(({ path, owner, permissions, content }) => [
    ...writing(path, permissions, content),
    `chown ${quoted(owner)} ${quoted(path)}`,
  ]);
}

function usersGroups({ users }: UserData): string[] {
  const rules = users.flatMap(({ name, sudo }) => sudo.map((rule) => `${name} ${rule}\n`));
  const sudoers = "/etc/sudoers.d/90-cloud-init-users";
  return [
    ...users.flatMap(({ name, shell, ssh_authorized_keys: keys }) => [
      `id -u ${name} >/dev/null 2>&1 || useradd --create-home --shell ${quoted(shell)} ${name}`,
      `install -d -m 700 -o ${name} -g ${name} ~${name}/.ssh`,
      ...writing(`/home/${name}/.ssh/authorized_keys`, "600", `${keys.join("\n")}\n`),
      `chown ${name}: ~${name}/.ssh/authorized_keys`,
    ]),
    ...(rules.length === 0 ? [] : [...writing(sudoers, "440", rules.join("")), "visudo -c -q"]),
  ];
}

function ssh({ ssh_deletekeys, ssh_keys, ssh_pwauth }: UserData): string[] {
  const key = "/etc/ssh/ssh_host_ed25519_key";
  const yesNo = ssh_pwauth ? "yes" : "no";
  const settings = "/etc/ssh/sshd_config.d/50-cloud-init.conf";
  return [
    ...(ssh_deletekeys ? ["rm -f /etc/ssh/ssh_host_*"] : []),
    ...(ssh_keys === undefined
      ? [`[ -e ${key} ] || ssh-keygen -q -t ed25519 -N '' -f ${key}`]
      : [
          ...writing(key, "600", ssh_keys.ed25519_private),
          ...writing(`${key}.pub`, "644", ssh_keys.ed25519_public),
        ]),
    ...writing(settings, "600", `PasswordAuthentication ${yesNo}\n`),
  ];
}

/** As cloud-init writes it: one line a command, which fails with the last of them. */
function runcmd({ runcmd }: UserData): string {
  return `#!/bin/sh\n${runcmd.map((words) => `${words.map(quoted).join(" ")}\n`).join("")}`;
}

function script(lines: readonly string[]): string {
  return ["#!/bin/bash", "set -euo pipefail", ...lines, ""].join("\n");
}

function writing(path: string, permissions: string, content: string): string[] {
  const folder = path.replace(/\/[^/]*$/, "") || "/";
  const encoded = Buffer.from(content).toString("base64");
  return [
    `mkdir -p ${quoted(folder)}`,
    `install -m ${permissions} /dev/null ${quoted(path)}`,
    `base64 -d >${quoted(path)} <<<${quoted(encoded)}`,
  ];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
