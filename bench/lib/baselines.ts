import { join } from "node:path";
import { CACHE } from "./bench.ts";
import { succeeds } from "./processes.ts";

const VENV = join(CACHE, "venv");

/** The Python that has the packages of the baselines. */
export const PYTHON = join(VENV, "bin/python");

/** Null where PYTHON can import the module, else the command that installs the package. */
export async function missingPython(module: string, requirement: string): Promise<string | null> {
  if (await succeeds([PYTHON, "-c", `import ${module}`])) return null;
  return `python3 -m venv ${VENV} && ${VENV}/bin/pip install --quiet ${requirement}`;
}

/** Null where the command is there, else the one that installs it. */
export async function missingCommand(
  command: readonly [string, ...string[]],
  install: string,
): Promise<string | null> {
  return (await succeeds(command)) ? null : install;
}

/** Null where a daemon answers and has the image, else what is to be done. */
export async function missingImage(image: string): Promise<string | null> {
  if (await succeeds(["docker", "image", "inspect", image])) return null;
  return `docker pull ${image}  # with a Docker daemon that runs`;
}
