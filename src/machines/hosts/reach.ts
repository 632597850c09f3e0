import { ReportedError } from "../../sweep/errors.ts";
import { sshReach } from "../connect.ts";
import type { Reach } from "../lease-types.ts";
import { runRemote } from "../remote.ts";
import { writeDurably } from "../store.ts";
import { placeOf } from "./place.ts";
import { userConfiguration, userEnvironment } from "./ssh.ts";

/**
 * Hosts that their owner set up: no user data, no keys of ours. A machine's name leads to its host as
 * the user's own configuration of ssh does, so that everything else reaches it as any other machine.
 */
export const hostReach: Reach = {
  prepare: async () => "",

  connect: async (machine, record, { store, signal, tell }) => {
    const { target } = placeOf(machine.id);
    tell("connect", `connecting to ${machine.name} (${target.host})`);
    const env = userEnvironment(process.env);
    const block = await userConfiguration(target, machine.name, env, signal);
    await writeDurably(store.files(record.id).sshConfig(machine.name), block);
    const remote = { name: machine.name, sshConfig: store.sshConfig };
    const version = await runRemote(
      remote,
      "docker version --format '{{.Server.Version}}'",
      signal,
    );
    if (version.trim() === "") throw new ReportedError(3, "its Docker does not answer");
  },

  env: sshReach.env,
};
