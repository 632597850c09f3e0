import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { followProgress } from "dockerode/lib/buildkit.js";
import { z } from "zod";
import { connectDocker, type Environment } from "../engines/docker/connect.ts";
import { imageReference } from "../engines/docker/image.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Sweep } from "../sweep/sweep.ts";
import { packContext } from "./context.ts";

export interface BuildOptions {
  /** Which daemon builds: as the docker engine takes it. */
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Called with every line of the build's log. */
  onLine(line: string): void;
}

/** What the daemon says of a build, a JSON object a line. */
const PROGRESS = z.object({ stream: z.string().optional(), error: z.string().optional() });

/** How many of the log's last lines an error shows. */
const LAST = 20;

/**
 * Builds the image of a sweep from its `build` folder in the daemon that will run it, under the
 * name that the sweep runs: with BuildKit where the daemon builds with it by default.
 *
 * @throws ReportedError: 2 for a sweep without `build` or a folder without Dockerfile, 3 where
 *   the daemon refuses or the build fails, with the end of its log.
 */
export async function buildImage(sweep: Sweep, options: BuildOptions): Promise<void> {
  if (sweep.build === null) {
    throw new ReportedError(
      2,
      `${sweep.file ?? sweep.name} does not say what to build.\nAdd "build: ." for a Dockerfile beside the sweep file, or run without --build.`,
    );
  }
  const folder = resolve(sweep.folder, sweep.build.context);
  if (!existsSync(join(folder, "Dockerfile"))) {
    throw new ReportedError(
      2,
      `There is no Dockerfile in ${folder}, which the sweep's key build names.`,
    );
  }
  const reference = imageReference(sweep);
  const connection = await connectDocker(options.env);
  const last: string[] = [];
  const print = (text: string) => {
    for (const line of text.split("\n").filter((part) => part.trim() !== "")) {
      last.push(line);
      if (last.length > LAST) last.shift();
      options.onLine(line);
    }
  };
  const failed = (cause: unknown, text: string) =>
    new ReportedError(
      3,
      `The image ${reference} could not be built from ${folder}: ${text}\n${last.map((line) => `  | ${line}`).join("\n")}`,
      { cause },
    );
  try {
    const { docker } = connection;
    const { Version } = await docker.version();
    const stream = await docker.buildImage(packContext(folder), {
      t: reference,
      // BuildKit is what daemons build with by default since Docker 23.
      version: Number.parseInt(Version, 10) >= 23 ? "2" : "1",
      rm: true,
      forcerm: true,
      abortSignal: options.signal,
      platform: sweep.platform ?? "",
    });
    const { promise, resolve: settle, reject } = Promise.withResolvers<void>();
    let error: string | null = null;
    followProgress(
      stream,
      (broken) => (broken === null ? settle() : reject(broken)),
      (event) => {
        const progress = PROGRESS.safeParse(event);
        if (!progress.success) return;
        print(progress.data.stream ?? "");
        error = progress.data.error ?? error;
      },
    );
    await promise;
    if (error !== null) throw failed(null, error);
  } catch (error) {
    if (error instanceof ReportedError) throw error;
    options.signal.throwIfAborted();
    throw failed(error, error instanceof Error ? error.message : String(error));
  } finally {
    connection.close();
  }
}
