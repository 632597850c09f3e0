import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What the runner sets for a step, but for its inputs and for any service that would answer: of a push
 * to octo-org/sims, with files and folders of its own below `folder`.
 */
export function stepEnvironment(folder: string): Record<string, string> {
  for (const name of ["workspace", "temp"]) mkdirSync(join(folder, name));
  for (const name of ["output", "state", "summary"]) writeFileSync(join(folder, name), "");
  writeFileSync(join(folder, "event"), "{}");
  return {
    PATH: process.env.PATH ?? "",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTOR: "someone",
    GITHUB_API_URL: "http://127.0.0.1:9",
    GITHUB_EVENT_NAME: "push",
    GITHUB_EVENT_PATH: join(folder, "event"),
    GITHUB_JOB: "sweep",
    GITHUB_OUTPUT: join(folder, "output"),
    GITHUB_REF: "refs/heads/main",
    GITHUB_REF_NAME: "main",
    GITHUB_REF_TYPE: "branch",
    GITHUB_REPOSITORY: "octo-org/sims",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_RUN_ID: "1",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_SHA: "0".repeat(40),
    GITHUB_STATE: join(folder, "state"),
    GITHUB_STEP_SUMMARY: join(folder, "summary"),
    GITHUB_WORKSPACE: join(folder, "workspace"),
    RUNNER_TEMP: join(folder, "temp"),
  };
}
