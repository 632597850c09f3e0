import { join, resolve } from "node:path";
import { Option } from "@commander-js/extra-typings";
import type { Explanation, Plan } from "../index.ts";
import { type KeyOf, planCsv, planJson, planJsonl, planMatrix, planTable } from "../plan/format.ts";
import { grouped } from "../report/units.ts";
import { ReportedError } from "../sweep/errors.ts";
import {
  allowOutsideOption,
  engineOption,
  exits,
  newCommand,
  paramOption,
  setOption,
  yesOption,
} from "./command.ts";
import { comparisonJson, comparisonText } from "./machine-comparison.ts";
import { machineOptions, PROVIDERS, regionOption } from "./machine-options.ts";
import { harmless, harmlessText, print, printJson, say } from "./output.ts";
import { sweepPath } from "./sweep-path.ts";

const FORMATS = ["table", "json", "jsonl", "csv", "matrix"] as const;
type Format = (typeof FORMATS)[number];

/** `sim-pipeline plan` */
export function planCommand() {
  return newCommand("plan", "Show the points of a sweep with their commands; nothing is run.", [
    ["sim-pipeline plan", "the points of ./sweep.yaml"],
    ["sim-pipeline plan sweep.yaml --param seed=1-5", "with other values"],
    ["sim-pipeline plan sweep.yaml --format jsonl", "one JSON object a line, for other programs"],
    ["sim-pipeline plan sweep.yaml --explain", "what would run, and what has changed since"],
    ["sim-pipeline plan sweep.yaml --format matrix", "the matrix of a GitHub job"],
    ["sim-pipeline plan --machines digitalocean", "time and cost on each size of machine"],
  ])
    .argument("[sweep]", "sweep file, or the folder that has a sweep.yaml")
    .addOption(
      new Option("-f, --format <name>", "how points are printed")
        .choices(FORMATS)
        .default("table" as const),
    )
    .option("--json", "the same as --format json")
    .option("--keys", "with content keys; needs the engine and the image")
    .option("--explain", "why each point that would run in the run folder would")
    .addOption(
      new Option(
        "--machines <provider>",
        "compare the sizes to rent, by what an earlier run's points took",
      ).choices(PROVIDERS),
    )
    .addOption(regionOption())
    .option(
      "-o, --out <folder>",
      "run folder for --explain and --machines (default: runs/<sweep name>)",
    )
    .addOption(engineOption())
    .addOption(paramOption())
    .addOption(setOption())
    .addOption(yesOption())
    .addOption(allowOutsideOption())
    .action(
      exits(async (sweep, options) => {
        const { param, format: asked, json, keys, explain, out, engine, ...rest } = options;
        const { machines, region, ...flags } = rest;
        // Engines are loaded only now, so that --help and completion are quick.
        const { explainPlan, planKeys, planSweep } = await import("../index.ts");
        const plan = planSweep({ ...flags, sweep: sweepPath(sweep), params: param });
        const format = json ? "json" : asked;
        for (const warning of plan.sweep.warnings) say(`warning: ${harmlessText(warning)}`);
        const folder = out ?? join("runs", plan.sweep.name);
        machineOptions({ machines, region });
        if (machines !== undefined) {
          const compared = await compare(plan, machines, region ?? null, folder);
          await (format === "json"
            ? printJson(comparisonJson(compared))
            : print(comparisonText(compared)));
          return 0;
        }
        if (explain) {
          const keyer = await planKeys(plan, { engine });
          await print(explained(plan, explainPlan(plan, keyer, folder), format));
          return 0;
        }
        const keyer = keys ? await planKeys(plan, { engine }) : null;
        const keyOf: KeyOf = keyer === null ? null : (point) => keyer.key(point).key;
        await print(formatted(plan, keyOf, format));
        return 0;
      }),
    );
}

/** Providers' clients are loaded only where they are asked. */
async function compare(
  plan: Plan,
  provider: (typeof PROVIDERS)[number],
  region: string | null,
  folder: string,
) {
  const { compareMachines } = await import("../run/compare-machines.ts");
  const signal = new AbortController().signal;
  const out = resolve(folder);
  return await compareMachines(plan, { provider, region, out, env: process.env, signal });
}

function formatted(plan: Plan, keyOf: KeyOf, format: Format): string | Iterable<string> {
  switch (format) {
    case "table":
      if (keyOf !== null) {
        throw new ReportedError(2, "A table has no room for keys.\nAdd --format jsonl or csv.");
      }
      return planTable(plan, process.stdout.columns || Number.POSITIVE_INFINITY);
    case "json":
      return planJson(plan, keyOf);
    case "jsonl":
      return planJsonl(plan, keyOf);
    case "csv":
      return planCsv(plan, keyOf);
    case "matrix":
      return planMatrix(plan);
  }
}

/** What would run again, as text or JSON. */
function* explained(
  plan: Plan,
  explanations: Iterable<Explanation>,
  format: Format,
): Iterable<string> {
  switch (format) {
    case "table":
      return yield* explainedText(plan, explanations);
    case "jsonl":
      for (const explanation of explanations) yield `${JSON.stringify(explanation)}\n`;
      return;
    case "json":
      yield `${JSON.stringify([...explanations], null, 2)}\n`;
      return;
    case "csv":
    case "matrix":
      throw new ReportedError(2, "--explain prints --format table, json or jsonl.");
  }
}

function* explainedText(plan: Plan, explanations: Iterable<Explanation>): Iterable<string> {
  let count = 0;
  for (const { name, because, status, part, old, now } of explanations) {
    count++;
    if (because === "new") yield `${name}: new\n`;
    else if (because === "unfinished") yield `${name}: ${status}\n`;
    else {
      yield `${name}: ${part ?? "its key"} differs\n`;
      yield `  old  ${harmless(old ?? "nothing")}\n  new  ${harmless(now ?? "nothing")}\n`;
    }
  }
  yield `${count === 0 ? "" : "\n"}${grouped(count)} of ${grouped(plan.count)} points would run\n`;
}
