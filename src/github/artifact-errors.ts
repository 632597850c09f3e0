import { ReportedError } from "../sweep/errors.ts";
import type { WorkflowContext } from "./context.ts";
import { restError } from "./rest.ts";

// @actions/artifact tells its errors apart by their texts alone: all are of the class Error, and
// what the service answered stands in brackets, as "Failed to CreateArtifact: Received
// non-retryable error: Failed request: (409) Conflict: an artifact with this name already exists".

/** True where the name of an upload is taken, be it by an upload that was never finished. */
export function isTaken(error: unknown): boolean {
  return method(error) === "CreateArtifact" && answered(error) === 409;
}

/** True where trying again cannot help. */
export function isFinal(error: unknown): boolean {
  if (error instanceof ReportedError || isWriting(error)) return true;
  const { name, message } = textOf(error);
  const rest = restStatus(error);
  if (rest !== null) return rest < 500;
  if (name === "GHESNotSupportedError" || name === "ArtifactNotFoundError") return true;
  if (isQuota(message) || isNoAction(name, message) || isTooMany(message)) return true;
  // What the blob storage or the end of an upload refuse, a new upload may get.
  const status = answered(error);
  return method(error) !== "FinalizeArtifact" && status !== null && status < 500 && status !== 429;
}

/** What to say where the artifact service refused; `what` follows "Cannot". */
export function artifactError(
  cause: unknown,
  what: string,
  context: WorkflowContext,
): ReportedError {
  if (cause instanceof ReportedError) return cause;
  const { name, message } = textOf(cause);
  const say = (text: string) => new ReportedError(3, `Cannot ${what}: ${text}`, { cause });
  if (restStatus(cause) !== null) {
    return restError(cause, context, {
      what,
      permission: "actions: read",
      notFound: "It may have been deleted.",
    });
  }
  if (name === "GHESNotSupportedError") {
    return say(
      `${context.serverUrl} is a GitHub Enterprise Server, which has no artifacts of version 4.\n` +
        'Run the whole sweep in one job with a step "run: npx sim-pipeline run sweep.yaml --out ' +
        'results", and keep the folder with actions/upload-artifact@v3.',
    );
  }
  const status = answered(cause);
  if (name === "ArtifactNotFoundError" || status === 404) {
    return say(
      "this run has no such artifact, any more or at all.\n" +
        "It expired, was deleted, or belongs to another run: run the job that uploads it again.",
    );
  }
  if (isQuota(message)) {
    return say(
      "the storage for artifacts of this account is full.\n" +
        "Delete artifacts, set retention-days lower, or raise the spending limit. GitHub counts " +
        "anew every 6 to 12 hours.",
    );
  }
  if (isNoAction(name, message)) {
    return say(
      `${message}.\nGitHub gives its artifact service to actions only: a step must say "uses:", ` +
        'a step with "run:" does not have it.',
    );
  }
  if (isTooMany(message)) {
    return say(
      `${message}\nA job may make 500 artifacts: upload fewer, or in more jobs than this one.`,
    );
  }
  if (isWriting(cause)) {
    return say(`${message}\nMake room on the runner's disk, or check who may write there.`);
  }
  if (status === 401 || status === 403) {
    return say(
      `the artifact service refused the job's own token (${status}): ${message}\n` +
        "It ends with the job; where the job is still running, run it again.",
    );
  }
  if (status === 409) {
    return say(
      `${message}\nThis name and a hundred more with a number behind it are taken in this run: ` +
        "choose another.",
    );
  }
  if (isFinal(cause)) {
    return say(`${message}\nThis is not expected; please report it with this message.`);
  }
  return say(
    `${message}\nIt was tried several times. See https://www.githubstatus.com, then run the ` +
      "failed jobs again: what is there already is kept.",
  );
}

function textOf(error: unknown): { name: string; message: string } {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "", message: String(error) };
}

/** Which call to the artifact service failed; null where it was none of them. */
function method(error: unknown): string | null {
  return /^Failed to (\w+): /.exec(textOf(error).message)?.[1] ?? null;
}

/** The status of the artifact service's answer. */
function answered(error: unknown): number | null {
  const { message } = textOf(error);
  const status = /^Failed to \w+: .*Failed request: \((\d{3})\)/s.exec(message)?.[1];
  return status === undefined ? null : Number(status);
}

/** The status of the REST API's answer: errors of octokit carry it, and the request. */
function restStatus(error: unknown): number | null {
  return error instanceof Error &&
    error.name === "HttpError" &&
    "status" in error &&
    typeof error.status === "number"
    ? error.status
    : null;
}

function isQuota(message: string): boolean {
  return message.includes("storage quota") || message.includes("insufficient usage");
}

/** The variables with which the runner gives an action its artifact service. */
function isNoAction(name: string, message: string): boolean {
  return (
    message.startsWith("Unable to get the ACTIONS_") ||
    message.startsWith("Failed to get backend IDs") ||
    name === "InvalidTokenError"
  );
}

function isTooMany(message: string): boolean {
  return /^Failed to CreateArtifact: (?!.*\(429\)).*\b(500|maximum|too many|limit)\b.*artifact/is.test(
    message,
  );
}

/** An error of the file system. */
function isWriting(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "path" in error;
}
