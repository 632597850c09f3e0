import { posix } from "node:path";
import { type Renderer, renderer } from "../plan/command.ts";
import { type KeyContext, type Keyer, keyer } from "../plan/key.ts";
import { makePlan, type Plan } from "../plan/plan.ts";
import type { Point } from "../plan/point.ts";
import { ReportedError } from "../sweep/errors.ts";
import { sweepFromObject } from "../sweep/load.ts";
import type { Sweep, Template } from "../sweep/sweep.ts";
import { parseTemplate } from "../sweep/template.ts";

/** What the texts of a point are made with, and its key from them. */
export interface Texts {
  readonly render: Renderer;
  keys(context: KeyContext): Keyer;
}

/** The texts that a sweep gives all its points. */
export function textsOf(sweep: Sweep): Texts {
  return { render: renderer(sweep), keys: (context) => keyer(sweep, context) };
}

/** One point of a list that a program made, with texts of its own. */
export interface Job {
  /** Unique, a safe folder name. */
  readonly name: string;
  /** The arguments; may hold `{{ output }}` and `{{ input }}`. */
  readonly command: readonly string[];
  /** Files of its own: `to` as in a sweep file, and the text. */
  readonly templates?: readonly { readonly to: string; readonly text: string }[];
}

/**
 * The plan of a list of jobs. `settings` is what a sweep file says beside its points and command:
 * name, image or process, outputs, timeout, and so on.
 *
 * @throws ReportedError (2) for settings that are wrong, names that are unsafe or come twice, and
 *   placeholders that a job does not have.
 */
export function planJobs(
  jobs: readonly Job[],
  settings: Readonly<Record<string, unknown>>,
  folder: string,
): { readonly plan: Plan; readonly texts: Texts } {
  const taken = ["parameters", "combine", "include", "exclude", "point-name", "command"];
  const clash = taken.find((key) => key in settings);
  if (clash !== undefined) {
    throw new ReportedError(2, `Jobs have their own points and commands: remove ${clash}.`);
  }
  const sweep = sweepFromObject(
    {
      ...settings,
      include: jobs.map(({ name }) => ({ job: name })),
      "point-name": "{{ job }}",
      command: [],
    },
    folder,
  );
  const plan = makePlan(sweep, { confirmed: true });
  const sweeps = jobs.map((job) => ({
    ...sweep,
    command: job.command.map((word) => literal(job, word)),
    templates: [
      ...sweep.templates,
      ...(job.templates ?? []).map(({ to, text }) => ({
        from: to,
        to: posix.resolve("/mnt/input", to),
        template: { source: text, parts: [text] },
      })),
    ],
  }));
  const own = <T>(list: readonly T[], { index }: Pick<Point, "index">): T => {
    const one = list[index];
    if (one === undefined) throw new Error(`there is no job ${index}`);
    return one;
  };
  const renderers = sweeps.map(renderer);
  return {
    plan,
    texts: {
      render: (point, folders, chunk) => own(renderers, point)(point, folders, chunk),
      keys(context) {
        const keyers = sweeps.map((one) => keyer(one, context));
        return {
          common: "{}",
          key(point) {
            const { common, key } = own(keyers, point);
            const made = key(point);
            // Two objects without a common member, put together as text.
            const members = [common, made.document].map((json) => json.slice(1, -1));
            return {
              key: made.key,
              document: `{${members.filter((json) => json !== "").join(",")}}`,
            };
          },
        };
      },
    },
  };
}

/** A word of a job, in which only folders are placeholders. */
function literal(job: Job, word: string): Template {
  const { template, problems } = parseTemplate(word);
  const [problem] = problems;
  if (problem !== undefined) {
    throw new ReportedError(2, `job ${job.name}: ${problem.message} in ${JSON.stringify(word)}`);
  }
  const foreign = template.parts.find((part) => typeof part !== "string" && part.kind !== "folder");
  if (foreign !== undefined) {
    throw new ReportedError(
      2,
      `job ${job.name}: ${JSON.stringify(word)} has a placeholder, and a job has no parameters.\n` +
        "Put the value itself there; {{ output }} and {{ input }} are the task's folders.",
    );
  }
  return template;
}
