import { ReportedError } from "../sweep/errors.ts";
import type { Sweep } from "../sweep/sweep.ts";
import type { Engine } from "./engine.ts";
import { processEngine } from "./process/engine.ts";

/** The engines of this version, and the rule that chooses one. */
export const ENGINE_CHOICES = ["auto", "docker", "process"] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

/**
 * Makes the engine that was asked for. `auto`: docker where a daemon answers and the sweep has an
 * image, else process where the sweep says how, but never in GitHub Actions, where that would
 * mean to fall from a sandbox onto the runner without a word.
 *
 * @throws ReportedError (2) for a sweep that lacks what the engine needs, (3) where there is none.
 */
export async function selectEngine(
  choice: EngineChoice,
  sweep: Sweep,
  env: NodeJS.ProcessEnv,
): Promise<Engine> {
  const containers = sweep.image !== null || sweep.build !== null;
  if (choice === "process") {
    if (sweep.process !== null) return processEngine();
    throw lacks(sweep, "process", "process: [node, main.ts]");
  }
  if (choice === "docker") {
    if (containers) return await (await loadDocker()).dockerEngine({ env });
    throw lacks(sweep, "docker", "image: NAME");
  }
  const docker = containers
    ? await (await loadDocker()).dockerEngineIfAny({ env })
    : "the sweep has no image";
  if (typeof docker !== "string") return docker;
  if (sweep.process !== null && env.GITHUB_ACTIONS !== "true") {
    return processEngine();
  }
  throw new ReportedError(
    3,
    `No engine for ${sweep.name}: ${docker}\n` +
      "Start Docker, or point DOCKER_HOST at one; `sim-pipeline doctor` shows what is there." +
      (sweep.process === null
        ? "\nA sweep with a `process` key also runs without Docker."
        : "\nIn GitHub Actions processes run outside any sandbox only if asked for: --engine process."),
  );
}

/**
 * The engine of a name, as a run folder has it, to end what it left running; null for one that
 * this version does not have, or that cannot be reached.
 */
export async function engineNamed(name: string, env: NodeJS.ProcessEnv): Promise<Engine | null> {
  if (name === "process") return processEngine();
  if (name !== "docker") return null;
  const docker = await (await loadDocker()).dockerEngineIfAny({ env });
  return typeof docker === "string" ? null : docker;
}

/** Its client takes as long to load as everything else together: a plan can do without. */
const loadDocker = () => import("./docker/docker.ts");

function lacks(sweep: Sweep, engine: string, example: string): ReportedError {
  return new ReportedError(
    2,
    `${sweep.file ?? sweep.name}: the ${engine} engine cannot run this sweep.\nAdd a line such as "${example}", or choose another engine with --engine.`,
  );
}
