import { RUN_MARK } from "./processes.ts";
import { type Shell, startShell } from "./shell.ts";

/** Shells that wait for their next task. */
export interface ShellPool {
  /** A shell of this run in this folder, idle or new. Throws what `startShell` throws. */
  take(run: string, folder: string): Promise<Shell>;
  /** Takes a shell back that can run another task. */
  give(shell: Shell): void;
  /** Whether a process is one of these shells, idle or not. */
  owns(pid: number): boolean;
  /** Ends the idle ones. */
  end(): Promise<void>;
}

interface Entry {
  readonly shell: Shell;
  readonly run: string;
  readonly folder: string;
}

export function shellPool(env: Readonly<Record<string, string>>): ShellPool {
  let entries: Entry[] = [];
  const idle = new Set<Shell>();

  const endIdle = async (which: (entry: Entry) => boolean): Promise<void> => {
    const ending = entries.filter((entry) => idle.has(entry.shell) && which(entry));
    for (const { shell } of ending) idle.delete(shell);
    await Promise.all(ending.map(({ shell }) => shell.end()));
  };

  return {
    take: async (run, folder) => {
      entries = entries.filter(({ shell }) => shell.alive() || !idle.delete(shell));
      const free = entries.find(
        (entry) => idle.has(entry.shell) && entry.run === run && entry.folder === folder,
      );
      if (free !== undefined) {
        idle.delete(free.shell);
        return free.shell;
      }
      // An engine serves one run at a time: shells of another will not be needed.
      await endIdle((entry) => entry.run !== run || entry.folder !== folder);
      const shell = await startShell(folder, { ...env, [RUN_MARK]: run });
      entries.push({ shell, run, folder });
      return shell;
    },
    give: (shell) => idle.add(shell),
    owns: (pid) => entries.some(({ shell }) => shell.pid === pid),
    end: () => endIdle(() => true),
  };
}
