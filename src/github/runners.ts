import { z } from "zod";
import { backoff, type Clock } from "../machines/clock.ts";
import { ReportedError } from "../sweep/errors.ts";
import { mask } from "./commands.ts";
import { type ApiContext, answerOf, restClient, restError } from "./rest.ts";

/** A self-hosted runner as the repository's list shows it. */
export interface RegisteredRunner {
  readonly id: number;
  readonly name: string;
  readonly online: boolean;
  /** A job runs on it. */
  readonly busy: boolean;
  readonly labels: readonly string[];
}

/** A runner that takes one job, registered before there is a process behind it. */
export interface JitRunner {
  readonly id: number;
  readonly name: string;
  /**
   * What its process registers with, and may take jobs with: a secret, which the runner of this step
   * hides from here on.
   */
  readonly config: string;
}

/** The repository's own runners, with a token that may administer it. */
export interface Runners {
  /** Registers a runner for one job; one of this name that is there is replaced. */
  create(name: string, labels: readonly string[], signal: AbortSignal): Promise<JitRunner>;
  /** Those with a label of which this is true. */
  list(isOurs: (label: string) => boolean, signal: AbortSignal): Promise<RegisteredRunner[]>;
  /** Ends a registration. One that is gone counts as removed; false where a job runs on it. */
  remove(id: number, signal: AbortSignal): Promise<boolean>;
}

const RUNNER = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  busy: z.boolean(),
  labels: z.array(z.object({ name: z.string() })),
});
const CREATED = z.object({ runner: RUNNER, encoded_jit_config: z.string().min(1) });

/** The group that every repository's runners are in. */
const DEFAULT_GROUP = 1;

const SETTINGS = "https://github.com/settings/personal-access-tokens";

/** What to do about a token that may not register runners; the job's own never may. */
const FORBIDDEN =
  "The job's own token (GITHUB_TOKEN) can never register runners, whatever its permissions: make a " +
  `fine-grained personal access token (${SETTINGS}) for this repository alone with the repository ` +
  "permission Administration: read and write, or let a GitHub App with that permission make one. Its " +
  "owner has to be an admin of the repository. Keep it as a secret, and give it as `runner-token`.";

const WRONG_TOKEN =
  "It is the one of the input `runner-token`: renew the secret that it comes from. Fine-grained tokens " +
  `expire on a day that is chosen when they are made (${SETTINGS}); those of a GitHub App end after an hour.`;

/**
 * The runners of a repository. Wrong tokens, missing rights and a network that fails are told apart.
 *
 * @throws ReportedError (2) without a token.
 */
export async function repositoryRunners(
  context: ApiContext,
  token: string | null,
): Promise<Runners> {
  if (token === null) {
    throw new ReportedError(
      2,
      `Runners of ${context.repository} need a token, and the input "runner-token" is missing.\n${FORBIDDEN}`,
    );
  }
  const { owner, repo } = context;
  const octokit = await restClient(context, token);
  const { actions } = octokit.rest;
  const failure = (cause: unknown, what: string) =>
    restError(cause, context, {
      what,
      permission: "administration: write",
      notFound: "",
      wrongToken: WRONG_TOKEN,
      forbidden: FORBIDDEN,
    });

  const list = async (query: { readonly name?: string }, signal: AbortSignal) => {
    try {
      const found: unknown[] = await octokit.paginate(actions.listSelfHostedRunnersForRepo, {
        ...{ owner, repo, per_page: 100, request: { signal } },
        ...query,
      });
      return z.array(RUNNER).parse(found).map(registered);
    } catch (cause) {
      signal.throwIfAborted();
      throw failure(cause, "list the runners");
    }
  };
  const remove = async (id: number, signal: AbortSignal) => {
    try {
      await actions.deleteSelfHostedRunnerFromRepo({
        ...{ owner, repo, runner_id: id, request: { signal } },
      });
      return true;
    } catch (cause) {
      signal.throwIfAborted();
      const { status } = answerOf(cause);
      // Who may list runners may see them: it took its job, and is gone.
      if (status === 404) return true;
      if (status === 422) return false;
      throw failure(cause, `remove runner ${id}`);
    }
  };
  const generate = async (name: string, labels: readonly string[], signal: AbortSignal) => {
    const { data } = await actions.generateRunnerJitconfigForRepo({
      ...{ owner, repo, name, labels: [...labels], runner_group_id: DEFAULT_GROUP },
      ...{ work_folder: "_work", request: { signal } },
    });
    mask([data.encoded_jit_config]);
    const { runner, encoded_jit_config: config } = CREATED.parse(data);
    return { id: runner.id, name, config };
  };
  return {
    async create(name, labels, signal) {
      try {
        try {
          return await generate(name, labels, signal);
        } catch (cause) {
          if (answerOf(cause).status !== 409) throw cause;
          // Registered by a call whose answer was lost, with a configuration that nobody has.
          for (const one of await list({ name }, signal)) {
            if (one.name === name) await remove(one.id, signal);
          }
          return await generate(name, labels, signal);
        }
      } catch (cause) {
        signal.throwIfAborted();
        throw failure(cause, `register runner ${name}`);
      }
    },
    async list(isOurs, signal) {
      return (await list({}, signal)).filter(({ labels }) => labels.some(isOurs));
    },
    remove,
  };
}

/** Milliseconds between two looks at most: somebody pays for the machines meanwhile. */
const LONGEST_PAUSE = 5_000;

/**
 * Waits until these runners are online.
 *
 * @param tools.isGone whether a runner's process has ended: it is not waited for.
 * @returns the names of those that are not online when patience, in milliseconds, ends.
 */
export async function awaitOnline(
  runners: Runners,
  names: readonly string[],
  label: string,
  tools: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly patience: number;
    readonly isGone: (name: string) => boolean;
  },
): Promise<string[]> {
  const { clock, signal, patience, isGone } = tools;
  const began = clock.now();
  for (let tried = 1; names.length > 0; tried++) {
    const isLast = names.every(isGone) || clock.now() - began >= patience;
    const shown = await runners.list((one) => one === label, signal);
    const online = new Set(shown.filter((runner) => runner.online).map(({ name }) => name));
    const missing = names.filter((name) => !online.has(name));
    if (isLast || missing.every(isGone)) return missing;
    await clock.wait(Math.min(LONGEST_PAUSE, backoff(tried)), signal);
  }
  return [];
}

function registered(runner: z.infer<typeof RUNNER>): RegisteredRunner {
  const { id, name, status, busy, labels } = runner;
  return { id, name, online: status === "online", busy, labels: labels.map((label) => label.name) };
}
