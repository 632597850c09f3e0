import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Engine } from "../engines/engine.ts";
import { processEngine } from "../engines/process/engine.ts";
import type { Plan } from "../plan/plan.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { FinishStep, Sweep } from "../sweep/sweep.ts";
import { checkGif, checkOneFrameEach, checkSize } from "./plan-check.ts";

/** Where a step's program runs, made ready. */
export interface Tool {
  readonly engine: Engine;
  /** Part of the step's content key. */
  readonly identity: string;
  /** Before the command; null: what the image itself starts; empty: the command's first word. */
  readonly entrypoint: readonly string[] | null;
  /** As in a sweep file: `host`, `image` or uid:gid. */
  readonly user: string;
  readonly platform: string | null;
}

/** What the finish steps of a sweep need, found before the sweep starts. */
export interface FinishTools extends AsyncDisposable {
  /** Null where no step needs it. */
  readonly ffmpeg: Tool | null;
  /** By the step's index. */
  readonly commands: ReadonlyMap<number, Tool>;
}

export interface CheckOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** The engine of the sweep's points, which runs commands without an image of their own. */
  readonly engine: () => Promise<Engine>;
}

/** Overrides the image that ffmpeg runs in; where it is set, the ffmpeg of this machine is not used. */
const FFMPEG_IMAGE_VARIABLE = "SIM_PIPELINE_FFMPEG_IMAGE";

/** Has ffmpeg and ffprobe on its PATH, with x264, VP9 and gif. https://hub.docker.com/r/jrottenberg/ffmpeg */
const FFMPEG_IMAGE = "jrottenberg/ffmpeg:7.1-alpine";

/**
 * Checks before a sweep starts what its finish steps will need: that no two points have the same
 * frame, that there is ffmpeg for videos, and the images of commands. What it finds is held until
 * disposal.
 *
 * @throws SweepError or ReportedError: 2 for steps that cannot be, 3 where a program, a daemon or an
 *   image is not there.
 */
export async function checkFinish(plan: Plan, options: CheckOptions): Promise<FinishTools> {
  const { sweep } = plan;
  for (const [index, step] of sweep.finish.entries()) {
    if (step.kind !== "video") continue;
    checkOneFrameEach(plan, step, index);
    checkGif(sweep, step, index);
    checkSize(sweep, step, index);
  }
  await using held = new AsyncDisposableStack();
  const needs = sweep.finish.findIndex(needsFfmpeg);
  const ffmpeg = needs === -1 ? null : await findFfmpeg(sweep, needs, options, held);
  const commands = new Map<number, Tool>();
  for (const [index, step] of sweep.finish.entries()) {
    if (step.kind === "command") {
      commands.set(index, await commandTool(sweep, step, index, options, held));
    }
  }
  const kept = held.move();
  return { ffmpeg, commands, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** JPEG pictures on a sheet are decoded by ffmpeg too. */
function needsFfmpeg(step: FinishStep): boolean {
  return step.kind === "video" || (step.kind === "sheet" && /\.jpe?g$/i.test(step.images.source));
}

const execute = promisify(execFile);

/** Encoders that this version uses, as `ffmpeg -encoders` lists them. */
const ENCODERS = ["libx264", "libvpx-vp9", "gif"];

async function findFfmpeg(
  sweep: Sweep,
  index: number,
  { env, signal }: CheckOptions,
  held: AsyncDisposableStack,
): Promise<Tool> {
  const image = env[FFMPEG_IMAGE_VARIABLE] ?? "";
  const own = image === "" ? await ownFfmpeg(env, signal) : { version: null, why: "" };
  if (own.version !== null) {
    const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-"));
    held.defer(() => rmSync(folder, { recursive: true, force: true }));
    const engine = held.use(processEngine(env));
    await engine.prepare(toolSweep(sweep, { process: ["env"], folder }), signal);
    return { engine, identity: own.version, entrypoint: null, user: "host", platform: null };
  }
  const { dockerAvailable, dockerEngine } = await loadDocker();
  const docker = await dockerAvailable(env);
  if (!docker.available) {
    const step = `finish step ${index + 1} of ${sweep.file ?? sweep.name}`;
    const found = image === "" ? `${own.why}, and no Docker daemon` : "no Docker daemon";
    const remedy =
      image === ""
        ? "Install ffmpeg (Debian: apt-get install ffmpeg), or start Docker."
        : "Start Docker.";
    throw new ReportedError(
      3,
      `The ${step} needs ffmpeg: ${found}: ${firstLine(docker.reason)}\n${remedy} Nothing was started.`,
    );
  }
  const engine = held.use(await dockerEngine({ env }));
  const chosen = image === "" ? FFMPEG_IMAGE : image;
  const { identity } = await engine.prepare(toolSweep(sweep, { image: chosen }), signal);
  return { engine, identity, entrypoint: [], user: "host", platform: null };
}

/** The version of the ffmpeg on PATH, or why there is none to use. */
async function ownFfmpeg(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ version: string; why: null } | { version: null; why: string }> {
  try {
    const options = { env, signal, timeout: 30_000 };
    await execute("ffprobe", ["-version"], options);
    const { stdout: encoders } = await execute("ffmpeg", ["-hide_banner", "-encoders"], options);
    const lacking = ENCODERS.filter((name) => !encoders.includes(` ${name} `));
    if (lacking.length > 0) {
      return { version: null, why: `the one on PATH was built without ${lacking.join(", ")}` };
    }
    const { stdout } = await execute("ffmpeg", ["-version"], options);
    return { version: /^.*?(?= Copyright|$)/m.exec(stdout)?.[0] ?? "ffmpeg", why: null };
  } catch (error) {
    signal.throwIfAborted();
    const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
    return { version: null, why: absent ? "it is not on PATH" : "the one on PATH does not run" };
  }
}

async function commandTool(
  sweep: Sweep,
  step: Extract<FinishStep, { kind: "command" }>,
  index: number,
  options: CheckOptions,
  held: AsyncDisposableStack,
): Promise<Tool> {
  const { env, signal } = options;
  const { user, platform } = sweep;
  const { entrypoint, command } = step;
  if (step.image === null) {
    const points = await options.engine();
    if (points.name === "process") {
      const words = entrypoint ?? sweep.process ?? [];
      const engine = held.use(processEngine(env));
      const { folder } = sweep;
      const { identity } = await engine.prepare(
        toolSweep(sweep, { process: words, command, folder }),
        signal,
      );
      return { engine, identity, entrypoint: null, user, platform };
    }
    const { identity } = await points.prepare(sweep, signal);
    return { engine: points, identity, entrypoint, user, platform };
  }
  const { dockerAvailable, dockerEngine } = await loadDocker();
  const docker = await dockerAvailable(env);
  if (!docker.available) {
    throw new ReportedError(
      3,
      `The finish step ${index + 1} of ${sweep.file ?? sweep.name} runs in the image ${step.image}, ` +
        `and there is no Docker daemon: ${firstLine(docker.reason)}\nStart Docker. Nothing was started.`,
    );
  }
  const engine = held.use(await dockerEngine({ env }));
  const { identity } = await engine.prepare(
    toolSweep(sweep, { image: step.image, platform }),
    signal,
  );
  return { engine, identity, entrypoint, user, platform };
}

/** The sweep as an engine's `prepare` takes it, with another program and nothing of the points. */
function toolSweep(sweep: Sweep, program: Partial<Sweep>): Sweep {
  return {
    ...sweep,
    image: null,
    build: null,
    process: null,
    entrypoint: null,
    command: [],
    env: {},
    templates: [],
    inputs: [],
    secrets: [],
    platform: null,
    ...program,
  };
}

/** The Docker client takes as long to load as everything else together. */
const loadDocker = () => import("../engines/docker/docker.ts");

/** What a lack of Docker costs the points, and what to do about that, is another matter. */
function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
