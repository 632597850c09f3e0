import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { ReportedError } from "../sweep/errors.ts";
import type { Sweep } from "../sweep/sweep.ts";
import { cachedInput } from "./inputs/cache.ts";
import { hashContent } from "./inputs/content.ts";
import { downloadHttps, type Network } from "./inputs/http.ts";
import { realWait, type Wait } from "./inputs/retry.ts";

/** An input as it is now on this machine. */
export interface ResolvedInput {
  /** Absolute path of a file or folder, without symbolic links. */
  readonly source: string;
  /** Absolute path in the task. */
  readonly to: string;
  /** Hex SHA-256 of the content: of a file's bytes, or of a folder's entries. */
  readonly sha256: string;
}

export interface InputOptions {
  /** Absolute path of the folder that keeps downloads; created when needed. */
  readonly cacheFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** How the pauses between tries of a download pass. */
  readonly wait?: Wait;
}

/**
 * Brings a sweep's inputs to this machine and hashes their content. Downloads are kept, and used
 * again as long as the remote says that they have not changed.
 *
 * @throws ReportedError (2) for a local input that cannot be read, (3) for a failed download.
 */
export async function resolveInputs(
  sweep: Pick<Sweep, "folder" | "inputs">,
  options: InputOptions,
): Promise<ResolvedInput[]> {
  const resolved = new Map<string, { readonly source: string; readonly sha256: string }>();
  const inputs: ResolvedInput[] = [];
  for (const { from, to } of sweep.inputs) {
    const found = resolved.get(from) ?? (await resolveOne(sweep.folder, from, options));
    resolved.set(from, found);
    inputs.push({ ...found, to });
  }
  return inputs;
}

async function resolveOne(
  folder: string,
  from: string,
  { cacheFolder, env, signal, wait = realWait }: InputOptions,
): Promise<{ readonly source: string; readonly sha256: string }> {
  const network: Network = { signal, wait };
  switch (/^([a-z][a-z0-9]*):\/\//.exec(from)?.[1]) {
    case undefined: {
      const source = realPath(folder, from);
      return { source, sha256: await hashContent(source, signal) };
    }
    case "https":
      return await cachedInput(
        cacheFolder,
        from,
        (known, target) => downloadHttps(from, known, target, network),
        signal,
      );
    case "s3": {
      const { downloadS3 } = await import("./inputs/s3.ts");
      return await cachedInput(
        cacheFolder,
        from,
        (known, target) => downloadS3(from, known, target, env, network),
        signal,
      );
    }
    case "gs": {
      const { downloadGcs } = await import("./inputs/gcs.ts");
      return await cachedInput(
        cacheFolder,
        from,
        (known, target) => downloadGcs(from, known, target, env, network),
        signal,
      );
    }
    default:
      throw new ReportedError(
        2,
        `The input ${from} has no known scheme.\nWrite a path, https://, s3:// or gs://.`,
      );
  }
}

function realPath(folder: string, from: string): string {
  const path = resolve(folder, from);
  try {
    return realpathSync.native(path);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ReportedError(
      2,
      `The input ${path} cannot be read: ${text}\nCheck \`inputs\` in the sweep file.`,
      { cause },
    );
  }
}
