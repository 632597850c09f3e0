import { ReportedError } from "../sweep/errors.ts";
import type { WorkflowContext } from "./context.ts";

/** Seconds that an action waits in all for rate limits to end before it gives up. */
const LONGEST_WAIT = 60;

/** What of the context the REST API is reached by. */
export type ApiContext = Pick<WorkflowContext, "apiUrl" | "repository" | "owner" | "repo">;

/**
 * GitHub's REST API with the job's token: 5xx are tried again three times, a rate limit is waited
 * for where it ends within a minute.
 *
 * @throws ReportedError (2) without a token.
 */
export async function restClient(context: ApiContext, token: string | null) {
  if (token === null || token === "") {
    throw new ReportedError(
      2,
      `GitHub's API for ${context.repository} needs a token, and the input "token" is empty.\n` +
        "Leave the input out: its default is the job's own token.",
    );
  }
  const [{ getOctokit }, { retry }, { throttling }] = await loadOctokit();
  let waited = 0;
  const worthWaiting = (after: number) => {
    if (waited + after > LONGEST_WAIT) return false;
    waited += after;
    return true;
  };
  return getOctokit(
    token,
    {
      baseUrl: context.apiUrl,
      // It prints warnings of its own otherwise, with addresses.
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      retry: { doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
      throttle: { onRateLimit: worthWaiting, onSecondaryRateLimit: worthWaiting },
    },
    retry,
    throttling,
  );
}

/** Loaded where they are used, so that a plan starts fast. */
function loadOctokit() {
  return Promise.all([
    import("@actions/github"),
    import("@octokit/plugin-retry"),
    import("@octokit/plugin-throttling"),
  ]);
}

function ignore(): void {}

/** What a refused request was for, in the words of its error. */
export interface Purpose {
  /** As "read run 12"; follows "Cannot". */
  readonly what: string;
  /** The permission of a workflow that it takes, as "actions: read". */
  readonly permission: string;
  /** What to do where there is no such thing; it may be another repository's. */
  readonly notFound: string;
  /** What to do about a token that is wrong, where it is not the job's own. */
  readonly wrongToken?: string;
  /** What to do about a token that may not, where no job's own token may. */
  readonly forbidden?: string;
}

/**
 * What to say about a request to the REST API that failed, told apart by what is to be done.
 * Errors that are no answers of the API come back as ReportedErrors of the network.
 */
export function restError(cause: unknown, context: ApiContext, purpose: Purpose): ReportedError {
  if (cause instanceof ReportedError) return cause;
  const { status, headers } = answerOf(cause);
  const start = `Cannot ${purpose.what} of ${context.repository}`;
  const say = (text: string) => new ReportedError(3, `${start}: ${text}`, { cause });
  const limit = rateLimit(status, headers);
  if (limit !== null) return say(limit);
  const permission = `permissions:\n  ${purpose.permission}`;
  const { wrongToken, forbidden } = purpose;
  if (status === 401 && wrongToken !== undefined) {
    return say(`the token is wrong or has expired (401).\n${wrongToken}`);
  }
  if ((status === 403 || status === 404) && forbidden !== undefined) {
    return say(`the token may not (${status}).\n${forbidden}`);
  }
  switch (status) {
    case 401:
      return say(
        "the token is wrong or has expired (401).\n" +
          "The job's own token ends with its job, and after 24 hours; leave the input token out " +
          "to use it, or renew the token that is given.",
      );
    case 403:
      return say(
        `the token may not (403).\nGive it to the job in the workflow file:\n${permission}\n` +
          "What is not named there is taken away, so name what else the job needs, too.",
      );
    case 404:
      return say(
        `there is none, or the token may not see it (404).\n${purpose.notFound}\n` +
          `If it is there, give the job in the workflow file:\n${permission}`,
      );
    case 410:
      return say(
        "it has expired (410).\n" +
          "Artifacts are kept for the days of retention-days, 90 at most by default. " +
          "Run without what needs it, and set retention-days higher for the next time.",
      );
    case null:
      return say(
        `${messageOf(cause)}\nCheck that the runner reaches ${context.apiUrl}, then run again.`,
      );
    default:
      return say(
        `GitHub answered ${status}: ${messageOf(cause)}\n` +
          (status >= 500
            ? "It was asked four times. See https://www.githubstatus.com, then run the job again."
            : "This is not expected; please report it with this message."),
      );
  }
}

type Headers = Readonly<Record<string, unknown>>;

/** Status and headers of an error of octokit; null where there was no answer. */
export function answerOf(error: unknown): { status: number | null; headers: Headers } {
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") {
    return { status: null, headers: {} };
  }
  const response = "response" in error ? error.response : undefined;
  // A request that got no answer has the status 500, and no response.
  if (!isRecord(response)) return { status: null, headers: {} };
  return { status: error.status, headers: isRecord(response.headers) ? response.headers : {} };
}

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function rateLimit(status: number | null, headers: Headers): string | null {
  if (status !== 403 && status !== 429) return null;
  const text = (name: string) => {
    const value = headers[name];
    return value === undefined || value === null ? null : Number(value);
  };
  const after = text("retry-after");
  const reset = text("x-ratelimit-reset");
  const spent = text("x-ratelimit-remaining") === 0;
  if (status === 403 && after === null && !spent) return null;
  const at = after === null ? (spent ? reset : null) : Date.now() / 1000 + after;
  const when =
    at === null || !Number.isFinite(at)
      ? "in an hour at most"
      : `at ${new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return (
    `the rate limit of the token is reached (${status}); it ends ${when}.\n` +
    "Run the failed jobs again after that. All jobs of a repository share 1,000 requests an hour " +
    "of their own tokens."
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
