import { readFileSync } from "node:fs";
import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";

/** Which job of which run of which repository this is, as GitHub tells it by the environment. */
export interface WorkflowContext {
  readonly owner: string;
  readonly repo: string;
  /** `owner/name` */
  readonly repository: string;
  readonly runId: number;
  /** From 1. */
  readonly runAttempt: number;
  readonly sha: string;
  /** As refs/heads/main or refs/pull/7/merge; empty where the event has none. */
  readonly ref: string;
  readonly refName: string;
  /** Null where the event has no ref. */
  readonly refType: "branch" | "tag" | null;
  readonly eventName: string;
  readonly actor: string;
  /** The job's id in the workflow file. */
  readonly job: string;
  /** Absolute path of the checkout. */
  readonly workspace: string;
  /** Absolute path of a folder that is emptied after the job. */
  readonly temp: string;
  /** https://github.com, or the server of an enterprise; no slash at the end. */
  readonly serverUrl: string;
  readonly apiUrl: string;
  /** Null where the event does not tell. */
  readonly defaultBranch: string | null;
  /**
   * The code of this run may be a stranger's: a fork's pull request, or an event that GitHub or we
   * cannot tell from one. It gets no push, no cache write, no machines and no secrets.
   */
  readonly isFork: boolean;
  /** Absolute path of the file that the step's summary is appended to. */
  readonly summaryFile: string | null;
}

const wholeNumber = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number);
const optional = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text === "" ? null : text));
const origin = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables */
const ENVIRONMENT = z.object({
  GITHUB_REPOSITORY: z.string().regex(/^[A-Za-z0-9-_]+\/[A-Za-z0-9-_.]+$/),
  GITHUB_RUN_ID: wholeNumber,
  GITHUB_RUN_ATTEMPT: wholeNumber,
  GITHUB_SHA: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/),
  GITHUB_REF: z.string().default(""),
  GITHUB_REF_NAME: z.string().default(""),
  GITHUB_REF_TYPE: z
    .enum(["branch", "tag", ""])
    .default("")
    .transform((type) => (type === "" ? null : type)),
  GITHUB_EVENT_NAME: z.string().min(1),
  GITHUB_EVENT_PATH: optional,
  GITHUB_ACTOR: z.string().default(""),
  GITHUB_JOB: z.string().default(""),
  GITHUB_WORKSPACE: z.string().startsWith("/"),
  RUNNER_TEMP: z.string().startsWith("/"),
  GITHUB_SERVER_URL: origin.default("https://github.com"),
  GITHUB_API_URL: origin.default("https://api.github.com"),
  GITHUB_STEP_SUMMARY: optional,
});

const REPOSITORY = z.object({ full_name: z.string() });

/** What is read of the event, whichever it is; anything else of it is nobody's business here. */
const EVENT = z.object({
  repository: z.object({ default_branch: z.string().nullish() }).nullish(),
  pull_request: z.object({ head: z.object({ repo: REPOSITORY.nullish() }).nullish() }).nullish(),
  workflow_run: z.object({ head_repository: REPOSITORY.nullish() }).nullish(),
  issue: z.object({ pull_request: z.unknown().optional() }).nullish(),
});
type Event = z.infer<typeof EVENT>;

/**
 * Reads which workflow run this is from the variables that GitHub sets and the event's file.
 *
 * @throws ReportedError (2) outside of GitHub Actions, on Windows, where a variable is missing or
 *   makes no sense, and for the event pull_request_target.
 */
export function workflowContext(env: NodeJS.ProcessEnv): WorkflowContext {
  if (env.GITHUB_ACTIONS !== "true") {
    throw new ReportedError(
      2,
      "This is an action of a GitHub workflow, and this is no workflow (GITHUB_ACTIONS is not " +
        '"true").\nHere, the command line does the same: npx sim-pipeline --help',
    );
  }
  if (env.RUNNER_OS === "Windows") {
    throw new ReportedError(
      2,
      "This is a runner with Windows, where simulations do not run.\n" +
        'Give the job one with Linux, as "runs-on: ubuntu-latest".',
    );
  }
  const parsed = ENVIRONMENT.safeParse(env);
  if (!parsed.success) throw wrongVariable(env, parsed.error);
  const variables = parsed.data;
  if (variables.GITHUB_EVENT_NAME === "pull_request_target") {
    throw new ReportedError(
      2,
      "The event pull_request_target would give the secrets of this repository to a stranger's " +
        "pull request, so it is refused.\n" +
        'Write "on: pull_request" in the workflow: a pull request is then tested and built, and ' +
        "pushed once it is merged.",
    );
  }
  const event = readEvent(variables.GITHUB_EVENT_PATH);
  const repository = variables.GITHUB_REPOSITORY;
  const slash = repository.indexOf("/");
  return {
    owner: repository.slice(0, slash),
    repo: repository.slice(slash + 1),
    repository,
    runId: variables.GITHUB_RUN_ID,
    runAttempt: variables.GITHUB_RUN_ATTEMPT,
    sha: variables.GITHUB_SHA,
    ref: variables.GITHUB_REF,
    refName: variables.GITHUB_REF_NAME,
    refType: variables.GITHUB_REF_TYPE,
    eventName: variables.GITHUB_EVENT_NAME,
    actor: variables.GITHUB_ACTOR,
    job: variables.GITHUB_JOB,
    workspace: variables.GITHUB_WORKSPACE,
    temp: variables.RUNNER_TEMP,
    serverUrl: variables.GITHUB_SERVER_URL,
    apiUrl: variables.GITHUB_API_URL,
    defaultBranch: event.repository?.default_branch ?? null,
    isFork: isForeign(variables.GITHUB_EVENT_NAME, event, repository, variables.GITHUB_ACTOR),
    summaryFile: variables.GITHUB_STEP_SUMMARY,
  };
}

/** Events whose runs GitHub treats as a fork's when Dependabot caused them: a read-only token. */
const DEPENDABOT_EVENTS = new Set([
  "create",
  "deployment",
  "deployment_status",
  "pull_request",
  "pull_request_review",
  "pull_request_review_comment",
  "push",
]);

function isForeign(name: string, event: Event, repository: string, actor: string): boolean {
  // https://docs.github.com/en/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions
  if (actor === "dependabot[bot]" && DEPENDABOT_EVENTS.has(name)) return true;
  if (name.startsWith("pull_request")) {
    return !isOwn(event.pull_request?.head?.repo, repository);
  }
  // Runs with all secrets, after a run of what may be a fork's pull request.
  if (name === "workflow_run") return !isOwn(event.workflow_run?.head_repository, repository);
  // Anybody may comment, and the event does not say whose branch the pull request is.
  if (name === "issue_comment") return isPullRequest(event.issue);
  return false;
}

/** False also for null, which is a fork that was deleted, and where the event does not tell. */
function isOwn(head: { readonly full_name: string } | null | undefined, repository: string) {
  return head?.full_name.toLowerCase() === repository.toLowerCase();
}

/** True also where the event does not tell. */
function isPullRequest(issue: Event["issue"]): boolean {
  return (issue ?? null) === null || (issue?.pull_request ?? null) !== null;
}

function readEvent(path: string | null): Event {
  if (path === null) return {};
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw eventError(path, `cannot be read: ${messageOf(cause)}`, cause);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw eventError(path, "is no JSON", cause);
  }
  const parsed = EVENT.safeParse(json);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join(".") ?? "";
    throw eventError(path, `has something unexpected at "${place}"`, parsed.error);
  }
  return parsed.data;
}

function eventError(path: string, what: string, cause: unknown): ReportedError {
  return new ReportedError(
    2,
    `The file of the event, ${path} (GITHUB_EVENT_PATH), ${what}.\n` +
      "GitHub's runner writes it for each job; a step before this one may have changed it.",
    { cause },
  );
}

function wrongVariable(env: NodeJS.ProcessEnv, error: z.ZodError): ReportedError {
  const name = String(error.issues[0]?.path[0] ?? "");
  const value = env[name];
  const what = value === undefined ? "is not set" : `is ${JSON.stringify(value)}`;
  return new ReportedError(
    2,
    `The variable ${name} ${what}, which is not as GitHub's runner sets it.\n` +
      "Run this action as a step of a workflow, and let no step overwrite GITHUB_ variables.",
    { cause: error },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
