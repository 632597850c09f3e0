import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { runnerRelease } from "../../src/github/runner-release.ts";
import { runnerSetup } from "../../src/github/runner-script.ts";
import { needing } from "../lab/lab.ts";

const shellcheck = (process.env.PATH ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "shellcheck")));

const setup = runnerSetup(runnerRelease({}));

/** The scripts that the setup writes on a machine, and itself. */
const scripts = [
  `#!/bin/sh\n${setup}`,
  ...[...setup.matchAll(/<<'(\w+)'\n(.+?)\n\1\n/gs)].map(([, , text = ""]) => `${text}\n`),
];

it.skipIf(!shellcheck)(needing("shellcheck", "the scripts are clean shell"), async () => {
  expect(scripts).toHaveLength(3);
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-scripts-"));
  try {
    for (const [i, text] of scripts.entries()) await writeFile(join(folder, `${i}.sh`), text);
    const files = scripts.map((_, i) => join(folder, `${i}.sh`));
    const { stdout } = await promisify(execFile)("shellcheck", files);
    expect(stdout).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});
