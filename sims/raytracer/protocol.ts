/**
 * How sim-pipeline and a simulation talk: parameters come as flags, or many points at once in the
 * file `$SIM_POINTS`; outputs go to a folder; `result.json` holds the metrics and is written last.
 *
 * Nothing in here knows what is simulated. It can serve as the start of your own simulation.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** Parameters before they are checked: text from flags, typed values from `$SIM_POINTS`. */
export type RawParameters = Record<string, unknown>;

/** The metrics of a point: flat, as sim-pipeline asks. */
export type Result = Record<string, string | number | boolean | null>;

export interface Simulation<Parameters> {
  /** What `--help` prints. */
  usage: string;
  /** The flags beside `--output` and `--help`; their long names are the parameters' names. */
  flags: ParseArgsOptionsConfig;
  /** Types and checks parameters; an error's message says what is expected. */
  check(raw: RawParameters): Parameters;
  /** Simulates one point and writes its files into the folder `output`, which exists. */
  run(parameters: Parameters, output: string): Result;
}

/** One line of `$SIM_POINTS`. */
interface Point {
  name: string;
  parameters: RawParameters;
  output: string;
}

/**
 * Runs what the command line and the environment ask for.
 *
 * @returns the exit code: 0 all is done, 1 a point of a batch failed, 2 wrong use, nothing was run
 * @throws what went wrong when a single point fails
 */
export function runSimulation<Parameters>(
  simulation: Simulation<Parameters>,
  args: string[],
  env: NodeJS.ProcessEnv,
): number {
  let start: () => number;
  try {
    start = planRun(simulation, args, env);
  } catch (error) {
    console.error(messageOf(error));
    return 2;
  }
  return start();
}

/** Reads and checks everything that can be wrong before anything is run. */
function planRun<Parameters>(
  simulation: Simulation<Parameters>,
  args: string[],
  env: NodeJS.ProcessEnv,
): () => number {
  const { help, output, ...flags } = readFlags(simulation.flags, args);
  if (help) {
    return () => {
      console.log(simulation.usage);
      return 0;
    };
  }
  if (env.SIM_POINTS) {
    // A flag beside a batch holds for all its points.
    const points = readPoints(env.SIM_POINTS).map((point) => ({
      ...point,
      parameters: { ...flags, ...point.parameters },
    }));
    return () => runBatch(simulation, points);
  }
  const parameters = simulation.check(flags);
  const folder = typeof output === "string" ? output : defaultOutput(env);
  return () => {
    console.log(summary(runPoint(simulation, parameters, folder)));
    return 0;
  };
}

function readFlags(flags: ParseArgsOptionsConfig, args: string[]): RawParameters {
  return parseArgs({
    args,
    options: {
      ...flags,
      output: { type: "string", short: "o" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
}

/** sim-pipeline sets `$SIM_OUTPUT`; a container started by hand has its mount; else `out` here. */
function defaultOutput(env: NodeJS.ProcessEnv): string {
  return env.SIM_OUTPUT || (existsSync("/mnt/data") ? "/mnt/data" : "out");
}

/** Runs every point, also behind one that failed: sim-pipeline tries that one again alone. */
function runBatch<Parameters>(simulation: Simulation<Parameters>, points: Point[]): number {
  let exitCode = 0;
  for (const { name, parameters, output } of points) {
    try {
      const result = runPoint(simulation, simulation.check(parameters), output);
      console.log(`${name}: ${summary(result)}`);
    } catch (error) {
      console.error(`${name}: ${messageOf(error)}`);
      exitCode = 1;
    }
  }
  return exitCode;
}

function runPoint<Parameters>(
  simulation: Simulation<Parameters>,
  parameters: Parameters,
  output: string,
): Result {
  mkdirSync(output, { recursive: true });
  const result = simulation.run(parameters, output);
  // Its name marks the point as done, so the file must be whole from the moment it has that name.
  const unfinished = join(output, ".result.json.partial");
  writeFileSync(unfinished, `${JSON.stringify(result, null, 2)}\n`);
  renameSync(unfinished, join(output, "result.json"));
  return result;
}

function readPoints(file: string): Point[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => (line ? [readPoint(line, `${file}:${index + 1}`)] : []));
}

function readPoint(line: string, place: string): Point {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Error(`${place}: ${messageOf(error)}`);
  }
  if (!isPoint(value)) {
    throw new Error(
      `${place}: expected {"name": text, "parameters": object, "output": folder}, got ${line}`,
    );
  }
  return value;
}

function isPoint(value: unknown): value is Point {
  return (
    isObject(value) &&
    typeof value.name === "string" &&
    isObject(value.parameters) &&
    typeof value.output === "string"
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parameter `name` as a whole number within `min` and `max`, both allowed. */
export function wholeNumber(raw: RawParameters, name: string, min: number, max: number): number {
  const value = raw[name];
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= min && number <= max) {
    return number;
  }
  const got = value === undefined ? "nothing" : JSON.stringify(value);
  throw new Error(`--${name}: expected a whole number from ${min} to ${max}, got ${got}`);
}

function summary(result: Result): string {
  return Object.entries(result)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
