import { artifactNameProblem } from "../github/artifacts.ts";
import type { WorkflowContext } from "../github/context.ts";
import { ReportedError } from "../sweep/errors.ts";
import { optionalText, optionalWholeNumber, secret, wholeNumberOr } from "./inputs.ts";
import type { RegistryLogin } from "./registry-login.ts";

/** Where points may run. `docker` is the default: no falling from a sandbox onto a runner. */
export const ENGINES = ["docker", "process", "auto"] as const;

/** Days, or null for what the repository's settings say. Private repositories allow up to 400. */
export function retentionDays(): number | null {
  return optionalWholeNumber("retention-days", { least: 1, most: 400 });
}

/** The name for the artifact with the results, looked at before hours of work depend on it. */
export function artifactName(): string | null {
  const name = optionalText("artifact");
  const problem = name === null ? null : artifactNameProblem(name);
  if (problem === null) return name;
  throw new ReportedError(2, `The input "artifact" is ${JSON.stringify(name)}, which ${problem}`);
}

/** The number of a workflow run, the last part of its address; null where none is named. */
export function workflowRun(name: string): number | null {
  return optionalWholeNumber(name, { least: 1 });
}

/** What this step was given to log in to the registry of the sweep's image with. */
export function registryLogin(context: WorkflowContext, token: string | null): RegistryLogin {
  return {
    actor: context.actor,
    token,
    username: optionalText("registry-username"),
    password: secret("registry-password"),
  };
}

/** How many points run at once; nothing where that is left to the sweep file. */
export function workers(): { readonly workers?: number } {
  const given = wholeNumberOr("workers", "auto", { least: 1 });
  return given === "auto" ? {} : { workers: given };
}
