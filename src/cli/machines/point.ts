import { userInfo } from "node:os";
import { reachOf } from "../../machines/reach.ts";
import { includeMachines, sshFinds } from "../../machines/user-ssh.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { say } from "../output.ts";
import { mention, namedOne, never, ownStore } from "./work.ts";

/**
 * Makes plain ssh know a machine, and returns the variables with which docker uses it.
 * @throws ReportedError
 */
export async function pointAt(name: string): Promise<Readonly<Record<string, string>>> {
  const store = await ownStore();
  const { records } = await store.list();
  mention(records);
  const { record, machine } = namedOne(records, name);
  const finds = async () => await sshFinds(machine.name, store.sshConfig, never);
  if (!(await finds())) {
    const path = await includeMachines(homeOfSsh(), store.sshConfig);
    if (path !== null)
      say(`Added a line to the top of ${path}, so that docker's ssh finds machines.`);
    if (!(await finds())) throw unknownToSsh(store.sshConfig);
  }
  if ((process.env.DOCKER_CONTEXT ?? "") !== "") {
    say("DOCKER_CONTEXT is set, which docker heeds before DOCKER_HOST: unset it.");
  }
  return reachOf(record.provider).env(machine, store);
}

/** ssh takes the home folder from the system's list of users, whatever HOME says. */
export function homeOfSsh(): string {
  return userInfo().homedir;
}

function unknownToSsh(sshConfig: string): ReportedError {
  return new ReportedError(
    3,
    "ssh does not find the machine in its configuration, although our line is there.\n" +
      `See that ~/.ssh/config begins with: Include "${sshConfig}"`,
  );
}
