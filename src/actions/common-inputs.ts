import { artifactNameProblem } from "../github/artifacts.ts";
import type { WorkflowContext } from "../github/context.ts";
import type { MachineOptions } from "../index.ts";
import { PROVIDERS } from "../machines/provider.ts";
import { ReportedError } from "../sweep/errors.ts";
import { duration } from "../sweep/file/fields.ts";
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

/** Whole minutes after which rented machines power off; null where nothing is said. */
export function deadlineMinutes(): number | null {
  const text = optionalText("deadline");
  if (text === null) return null;
  const parsed = duration.safeParse(text);
  if (parsed.success) return Math.max(1, Math.ceil(parsed.data / 60_000));
  throw wrongInput("deadline", text, "a duration such as 90m or 8h");
}

/** What machines may cost, in the provider's currency; null where nothing is said. */
export function maxCost(): number | null {
  const text = optionalText("max-cost");
  if (text === null) return null;
  const amount = /^\$?\d+(\.\d+)?$/.test(text) ? Number(text.replace("$", "")) : 0;
  if (amount > 0) return amount;
  throw wrongInput("max-cost", text, "an amount above 0, as 2.50");
}

/** The machine to rent for a whole run; nothing where none is asked for. */
export function rentedMachine(context: WorkflowContext): { readonly machines?: MachineOptions } {
  const given = optionalText("machines");
  const settings = {
    size: optionalText("size"),
    region: optionalText("region"),
    deadline: deadlineMinutes(),
    maxCost: maxCost(),
  };
  const set = Object.entries(settings).filter(([, value]) => value !== null);
  if (given === null) {
    if (set.length === 0) return {};
    throw new ReportedError(
      2,
      'The inputs "size", "region", "deadline" and "max-cost" are about a rented machine: say from whom ' +
        'with "machines", as machines: digitalocean.',
    );
  }
  const provider = PROVIDERS.find((name) => name === given);
  if (provider === undefined) throw wrongInput("machines", given, PROVIDERS.join(", or "));
  if (context.isFork) throw strangersMachines();
  return { machines: { provider, ...Object.fromEntries(set) } };
}

/** What a stranger's code may not have. */
export function strangersMachines(): ReportedError {
  return new ReportedError(
    2,
    "A stranger's pull request gets no machines.\n" +
      "Run this job for other events only: if: github.event_name != 'pull_request'",
  );
}

function wrongInput(name: string, value: string, wanted: string): ReportedError {
  return new ReportedError(
    2,
    `The input "${name}" is ${JSON.stringify(value.slice(0, 100))}: write ${wanted}.`,
  );
}
