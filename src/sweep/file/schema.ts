import * as z from "zod";
import { RETRYABLE } from "../sweep.ts";
import {
  choice,
  duration,
  integer,
  key,
  list,
  memory,
  NAME_SCOPES,
  POINT_SCOPES,
  pattern,
  strict,
  TASK_SCOPES,
  text,
  words,
  written,
} from "./fields.ts";
import { finish } from "./finish-schema.ts";
import { entry, parameterName, parameters } from "./parameter-schema.ts";

/** The grammar of https://github.com/distribution/reference: [host/]path[:tag][@digest]. */
const IMAGE =
  /^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-fA-F]{32,128})?$/;

const WORDS = "expected a list of words, or one text to be split like a shell does";

const from = key(
  text("expected a path, or an https://, s3:// or gs:// address"),
  "A file or folder beside the sweep file, or an https://, s3:// or gs:// address.",
  { type: "path or address" },
);
const templateFrom = key(text("expected a path"), "A text file beside the sweep file.", {
  type: "path",
});
const to = key(
  text("expected a path in the task"),
  "Where the task finds it; a relative path means below /mnt/input.",
  { type: "path" },
);

const context = key(
  text("expected a folder: the build context"),
  "The build context, relative to the sweep file's folder.",
  { type: "folder" },
);

const resources = strict(
  {
    cpus: key(
      z
        .number({ error: "expected a number of cores above 0, such as 2 or 0.5" })
        .positive({ error: "expected a number of cores above 0, such as 2 or 0.5" })
        .max(4096, { error: "expected at most 4096 cores" })
        .optional(),
      "Cores a task may use; fractions are allowed.",
      { type: "number", default: "no limit" },
    ),
    memory: key(memory.optional(), "Memory a task may use, beyond which it ends as oom.", {
      type: "memory",
      default: "no limit",
    }),
    gpus: key(
      integer(0, 64, "expected a whole number of GPUs from 0 to 64").default(0),
      "GPUs a task gets.",
      { type: "whole number" },
    ),
  },
  "expected a mapping such as {cpus: 1, memory: 512Mi}",
);

const retries = strict(
  {
    max: key(
      integer(0, 1000, "expected a whole number from 0 to 1000").default(0),
      "Attempts after the first.",
      { type: "whole number" },
    ),
    on: key(
      list(
        choice(RETRYABLE, `expected one of ${RETRYABLE.join(", ")}`),
        `expected a list of ${RETRYABLE.join(", ")}`,
      ).default([...RETRYABLE]),
      "The statuses after which a point is tried again.",
      { type: "list of statuses" },
    ),
    "memory-factor": key(
      z
        .number({ error: "expected a number of at least 1" })
        .min(1, { error: "expected a number of at least 1" })
        .max(100, { error: "expected at most 100" })
        .default(1),
      "The memory limit is multiplied by this after each oom.",
      { type: "number" },
    ),
  },
  "expected a mapping such as {max: 2}",
);

const BATCH = "expected a number of points from 1 to 1000000";

const WORKERS = "expected auto or a whole number from 1 to 100000";

const isolation = z.union(
  [
    choice(["container", "warm"], "expected container or warm"),
    strict(
      {
        batch: key(integer(1, 1_000_000, BATCH), "Points that one process gets.", {
          type: "whole number",
        }),
        range: key(
          parameterName.optional(),
          "The integer parameter whose contiguous chunks form the batches.",
          { type: "parameter name", default: "none: points in their order" },
        ),
      },
      "expected a mapping such as {batch: 100}",
    ),
  ],
  { error: "expected container, warm, {batch: 100} or {batch: 50, range: frame}" },
);

const onFailure = z.union(
  [
    choice(["continue", "stop"], "expected continue or stop"),
    strict(
      {
        "stop-after": key(
          integer(1, Number.MAX_SAFE_INTEGER, "expected a whole number of at least 1"),
          "Nothing new starts after this many failed points.",
          { type: "whole number" },
        ),
      },
      "expected a mapping such as {stop-after: 10}",
    ),
  ],
  { error: "expected continue, stop or {stop-after: 10}" },
);

/** The sweep file. Its values are the file's own, but for durations and memory: plain numbers. */
export const sweepSchema = strict(
  {
    name: key(
      pattern(
        /^[a-z0-9][a-z0-9_-]{0,62}$/,
        "expected at most 63 of a-z, 0-9, - and _, a letter or digit first",
      ),
      "The sweep's name; run folders, containers and artifacts are called after it.",
      { type: "name" },
    ),
    image: key(
      pattern(IMAGE, "expected an image such as ghcr.io/org/name:tag, in lower case").optional(),
      "The image that the container engines run.",
      { type: "image reference", default: "none" },
    ),
    build: key(
      z
        .union([context, strict({ context }, "expected a mapping such as {context: .}")], {
          error: "expected the build context's folder",
        })
        .optional(),
      "The context from which the image is built here.",
      { type: "folder, or {context: folder}", default: "none" },
    ),
    process: key(
      words(WORDS).optional(),
      "How the process engine runs the simulation, in the sweep file's folder; `node` is our own Node.",
      { type: "words", default: "none" },
    ),
    parameters: key(
      parameters.optional(),
      "The parameters with their values; a table is one entry whose columns become parameters.",
      { type: "mapping of names to values", default: "none: `include` has all points" },
    ),
    combine: key(
      text("expected a combination expression such as (a, b) * c").optional(),
      "How the parameters combine: zip inside parentheses, * multiplies; each exactly once.",
      {
        type: "combination expression",
        default: "all multiplied in their order, the first slowest",
      },
    ),
    exclude: key(
      list(entry, "expected a list of mappings").optional(),
      "Combinations to leave out, by the rules of GitHub's matrix with typed equality.",
      { type: "list of mappings", default: "none" },
    ),
    include: key(
      list(entry, "expected a list of mappings").optional(),
      "Values to add to combinations, or points to add, by the rules of GitHub's matrix.",
      { type: "list of mappings", default: "none" },
    ),
    "random-seed": key(
      integer(0, Number.MAX_SAFE_INTEGER, "expected a whole number of at least 0").default(0),
      "What draws of distributions come from, with the parameter and the draw's number.",
      { type: "whole number" },
    ),
    "point-name": key(
      text("expected a text with placeholders").optional(),
      "Each point's name: unique, a safe file name of at most 120 bytes.",
      {
        type: "text",
        default: "`name=value` of all parameters, joined by `_`",
        placeholders: NAME_SCOPES,
      },
    ),
    command: key(
      words(WORDS),
      "Words behind the image's entry point or the process's words; may be empty. No shell runs it.",
      { type: "words", placeholders: TASK_SCOPES },
    ),
    entrypoint: key(words(WORDS).optional(), "Replaces the image's entry point.", {
      type: "words",
      default: "the image's",
      placeholders: TASK_SCOPES,
    }),
    env: key(
      z
        .record(
          z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
            error: "expected a variable's name of letters, digits and _",
          }),
          written,
          { error: "expected a mapping of variables to texts" },
        )
        .optional(),
      "Environment variables.",
      { type: "mapping of names to texts", default: "none", placeholders: TASK_SCOPES },
    ),
    secrets: key(
      list(
        pattern(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected an environment variable's name"),
        "expected a list of environment variables' names",
      ).default([]),
      "Environment variables that become files below /run/secrets, and are redacted from logs.",
      { type: "list of names" },
    ),
    inputs: key(
      list(
        strict({ from, to }, "expected a mapping such as {from: data.csv, to: data.csv}"),
        "expected a list of mappings {from, to}",
      ).default([]),
      "Files and folders that every task sees, read-only.",
      { type: "list of {from, to}" },
    ),
    templates: key(
      list(
        strict(
          { from: templateFrom, to },
          "expected a mapping such as {from: config.tmpl.json, to: config.json}",
        ),
        "expected a list of mappings {from, to}",
      ).default([]),
      "Text files that are rendered for each point; the file holds the placeholders.",
      { type: "list of {from, to}", placeholders: TASK_SCOPES },
    ),
    outputs: key(
      list(text('expected a glob such as "*.png"'), "expected a list of globs").default([]),
      "Globs below the point's output folder that must match, else the point failed.",
      { type: "list of globs", placeholders: POINT_SCOPES },
    ),
    resources: key(resources.prefault({}), "What a task gets.", { type: "mapping" }),
    platform: key(
      pattern(
        /^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9]+)?$/,
        "expected a platform such as linux/amd64",
      ).optional(),
      "The image's platform.",
      { type: "os/arch", default: "the engine's" },
    ),
    user: key(
      pattern(
        /^(?:host|image|\d{1,10}:\d{1,10})$/,
        "expected host, image, or uid:gid such as 1000:1000",
      ).default("host"),
      "Whom a task runs as: the invoking user, the image's own, or numbers.",
      { type: "host, image or uid:gid" },
    ),
    network: key(
      choice(["none", "bridge"], "expected none or bridge").default("none"),
      "The network that a task sees.",
      { type: "none or bridge" },
    ),
    timeout: key(duration.optional(), "Time that one attempt may take; N times that for a batch.", {
      type: "duration",
      default: "no limit",
    }),
    "idle-timeout": key(
      duration.optional(),
      "Ends an attempt after this long without a log byte, output growth or 1 % of one core.",
      { type: "duration", default: "no limit" },
    ),
    retries: key(retries.prefault({}), "How often a point is tried again.", { type: "mapping" }),
    "on-failure": key(
      onFailure.default("continue"),
      "Whether a failed point stops the run: what runs is finished, nothing new starts.",
      { type: "continue, stop or {stop-after: N}" },
    ),
    isolation: key(
      isolation.default("container"),
      "What separates points: a container each, a kept container, or one process for a batch.",
      { type: "container, warm, {batch: N} or {batch: N, range: parameter}" },
    ),
    workers: key(
      z
        .union([choice(["auto"], "expected auto"), integer(1, 100_000, WORKERS)], {
          error: WORKERS,
        })
        .default("auto"),
      "Tasks at once; auto is what the engine offers.",
      { type: "auto or whole number" },
    ),
    finish: key(finish.default([]), "Steps over all outputs, after the points.", {
      type: "list of steps",
    }),
  },
  "expected a mapping of keys such as name, parameters and command",
);

export type RawSweep = z.output<typeof sweepSchema>;
