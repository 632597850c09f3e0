/**
 * Self-hosted runners: just-in-time registrations, and the processes behind them, which are online for
 * as long as their session's connection stands. The calls below `/_runner/` are the stand-in's own: what
 * GitHub's runner says to GitHub there is nobody's business but theirs.
 */

import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { operations } from "@octokit/openapi-types";
import { z } from "zod";
import type { Repository } from "./state.ts";

export interface Runner {
  readonly id: number;
  readonly name: string;
  readonly labels: readonly string[];
  readonly repository: Repository;
  /** Which only its configuration holds. */
  readonly clientId: string;
  /** The whole configuration: a secret. */
  readonly config: string;
  /** Its process's connection; null while it is offline. */
  session: ServerResponse | null;
  /** The job that runs on it. */
  job: string | null;
  /** It took its job, or was removed. */
  removed: boolean;
}

interface Job {
  readonly name: string;
  readonly label: string;
  readonly script: string;
  readonly taken: (runner: Runner) => void;
  readonly ended: (result: string) => void;
}

/** A job that waits for a runner, as a workflow's does. */
export interface QueuedJob {
  readonly taken: Promise<Runner>;
  readonly ended: Promise<string>;
}

export interface RunnerPool {
  readonly all: readonly Runner[];
  register(id: number, repository: Repository, wanted: NewRunner): Runner;
  queue(job: Pick<Job, "name" | "label" | "script">): QueuedJob;
  /**
   * Answers a runner's own call, or a job's that runs elsewhere: `claim` answers with the name of the
   * runner that has taken it.
   */
  answer(what: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export type NewRunner = z.infer<typeof newRunner>;
type Wanted =
  operations["actions/generate-runner-jitconfig-for-repo"]["requestBody"]["content"]["application/json"];
/** https://docs.github.com/en/rest/actions/self-hosted-runners, with its limits. */
export const newRunner = z.object({
  name: z.string().min(1).max(64),
  runner_group_id: z.literal(1),
  labels: z.array(z.string().min(1).max(256)).min(1).max(100),
  work_folder: z.string().default("_work"),
}) satisfies z.ZodType<Wanted>;

const said = z.object({
  clientId: z.string(),
  job: z.string().optional(),
  result: z.string().optional(),
});
const claimed = z.object({ label: z.string(), job: z.string() });

/** @param serverUrl where runners find this server. */
export function newRunnerPool(serverUrl: string): RunnerPool {
  const all: Runner[] = [];
  const queued: Job[] = [];
  const running = new Map<Runner, Job>();

  function assign(): void {
    for (const job of [...queued]) {
      const runner = all.find(
        (one) => one.session !== null && one.job === null && one.labels.includes(job.label),
      );
      if (runner === undefined) continue;
      queued.splice(queued.indexOf(job), 1);
      runner.job = job.name;
      running.set(runner, job);
      runner.session?.write(`${JSON.stringify({ job: job.name, script: job.script })}\n`);
      job.taken(runner);
    }
  }

  const queue: RunnerPool["queue"] = ({ name, label, script }) => {
    const taken = Promise.withResolvers<Runner>();
    const ended = Promise.withResolvers<string>();
    queued.push({ name, label, script, taken: taken.resolve, ended: ended.resolve });
    assign();
    return { taken: taken.promise, ended: ended.promise };
  };

  return {
    all,
    register: (id, repository, { name, labels, work_folder }) => {
      const clientId = randomUUID();
      const settings = {
        AgentId: id,
        AgentName: name,
        ServerUrl: serverUrl,
        WorkFolder: work_folder,
        Ephemeral: true,
      };
      const credentials = { scheme: "OAuth", data: { clientId } };
      const file = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64");
      const files = {
        ".runner": file(settings),
        ".credentials": file(credentials),
        ".credentials_rsaparams": file({ d: randomUUID() }),
      };
      const config = Buffer.from(JSON.stringify(files)).toString("base64");
      const runner: Runner = {
        ...{ id, name, labels, repository, clientId, config },
        ...{ session: null, job: null, removed: false },
      };
      all.push(runner);
      return runner;
    },
    queue,
    answer: async (what, request, response) => {
      const text = Buffer.concat(await request.toArray()).toString();
      const content: unknown = JSON.parse(text);
      if (what === "claim") {
        const { job: name, label } = claimed.parse(content);
        const runner = await queue({ name, label, script: "true" }).taken;
        response.end(runner.name);
        return;
      }
      const { clientId, job, result } = said.parse(content);
      const runner = all.find((one) => one.clientId === clientId && !one.removed);
      if (runner === undefined) {
        response.writeHead(401).end();
        return;
      }
      response.writeHead(200);
      if (what === "done" && job === runner.job) {
        runner.removed = true;
        running.get(runner)?.ended(result ?? "");
        response.end();
        return;
      }
      runner.session = response;
      response.flushHeaders();
      response.on("close", () => {
        runner.session = null;
      });
      assign();
    },
  };
}
