import path from "node:path";
import { Readable } from "node:stream";
import protobuf from "protobufjs";
import { pack } from "tar-stream";
import { z } from "zod";
import { connectDocker, type Environment } from "../engines/docker/connect.ts";
import { isLost, unreachable, wordsOf } from "../engines/docker/errors.ts";
import { jsonLines, readable } from "../engines/docker/streams.ts";
import { isRunFolder } from "../results/folder.ts";
import { ReportedError } from "../sweep/errors.ts";
import { addContext, isFile } from "./context.ts";

export interface BuildOptions {
  /** Absolute path of the folder that is sent to the daemon; it has the Dockerfile. */
  readonly context: string;
  /** What the image is called then. */
  readonly tag: string;
  /** `os/arch`, or null for the daemon's own. */
  readonly platform: string | null;
  /** Names the daemon, as for the docker engine. */
  readonly env: Environment;
}

/** How many lines of the build's log an error quotes. */
const QUOTED_LINES = 20;

/**
 * Builds an image in the daemon and tags it; the log goes to `onLine`, line by line. With BuildKit
 * where the daemon has it (Docker 18.09 and newer). `.dockerignore` is kept to.
 * Throws a ReportedError: 2 without a Dockerfile, 3 for a build that fails, with the end of its log.
 */
export async function buildImage(
  options: BuildOptions,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { context, tag, platform, env } = options;
  const dockerfile = path.join(context, "Dockerfile");
  if (!(await isFile(dockerfile))) {
    throw new ReportedError(
      2,
      `There is no ${dockerfile} to build the image ${tag} from: add one, or correct \`build:\`.`,
    );
  }
  const log: string[] = [];
  const connection = await connectDocker(env);
  const archive = pack();
  try {
    const request: object = {
      t: tag,
      rm: true,
      forcerm: true,
      ...(platform === null ? {} : { platform }),
      // BuildKit. As a number, since for "2" dockerode opens a session as well, which it leaves
      // open when the build fails, and which only base images behind a password need.
      version: 2,
      abortSignal: signal,
    };
    const [answer] = await Promise.all([
      connection.docker.buildImage(Readable.from(archive), request),
      // Results would make another image after every run, whose points would all run again.
      addContext(archive, context, (name) => isRunFolder(path.join(context, name))),
    ]);
    await followBuild(readable(answer), (line) => {
      log.push(line);
      if (log.length > QUOTED_LINES) log.shift();
      onLine(line);
    });
  } catch (error) {
    archive.destroy();
    signal.throwIfAborted();
    if (error instanceof ReportedError) throw error;
    if (isLost(error)) throw unreachable(error, connection.host);
    throw buildFailed(tag, log, error);
  } finally {
    connection.close();
  }
}

const messageSchema = z.object({
  stream: z.string().optional(),
  error: z.string().optional(),
  id: z.string().optional(),
  aux: z.unknown().optional(),
});

/** The part of BuildKit's progress that people read. */
const PROGRESS = protobuf
  .parse(
    `syntax = "proto3";
     message StatusResponse { repeated Vertex vertexes = 1; repeated VertexLog logs = 3; }
     message Vertex { string digest = 1; string name = 3; bool cached = 4; }
     message VertexLog { bytes msg = 4; }`,
  )
  .root.lookupType("StatusResponse");

const progressSchema = z.object({
  vertexes: z.array(z.object({ digest: z.string(), name: z.string(), cached: z.boolean() })),
  logs: z.array(z.object({ msg: z.instanceof(Uint8Array) })),
});

/** Passes on a build's log, and throws where it says that the build failed. */
async function followBuild(answer: Readable, onLine: (line: string) => void): Promise<void> {
  const steps = new Set<string>();
  const say = (text: string): void => {
    for (const line of text.split(/\r?\n|\r/)) if (line.trim() !== "") onLine(line.trimEnd());
  };
  for await (const line of jsonLines(answer)) {
    const { stream, error, id, aux } = messageSchema.parse(line);
    if (error !== undefined) throw new Error(error);
    if (stream !== undefined) say(stream);
    if (id !== "moby.buildkit.trace" || typeof aux !== "string") continue;
    const message = PROGRESS.decode(Buffer.from(aux, "base64"));
    const progress = progressSchema.parse(PROGRESS.toObject(message, { defaults: true }));
    for (const { digest, name, cached } of progress.vertexes) {
      const step = `${cached ? "CACHED " : ""}${name}`;
      if (!steps.has(digest + step)) say(step);
      steps.add(digest + step);
    }
    for (const { msg } of progress.logs) say(Buffer.from(msg).toString());
  }
}

function buildFailed(tag: string, log: readonly string[], error: unknown): ReportedError {
  const said = wordsOf(error);
  const remedy = /no space left on device/i.test(said)
    ? "The daemon's disk is full: free space with `docker system prune`."
    : /no active sessions|unauthorized|authorization failed|denied/i.test(said)
      ? "A base image needs credentials: `docker login` and `docker pull` it first."
      : "Correct the Dockerfile, or build the image by hand with `docker build`.";
  return new ReportedError(
    3,
    [`The image ${tag} cannot be built: ${said}`, ...log.map((line) => `  ${line}`), remedy].join(
      "\n",
    ),
    { cause: error },
  );
}
