import { mkdir, mkdtemp, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ArtifactClient, DownloadArtifactOptions, FindOptions } from "@actions/artifact";
import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";
import { artifactError, isFinal, isTaken } from "./artifact-errors.ts";
import type { WorkflowContext } from "./context.ts";
import { restClient } from "./rest.ts";
import { byAge, listRun, type StoredArtifact } from "./run-artifacts.ts";

export type { StoredArtifact };

export interface UploadedArtifact extends StoredArtifact {
  /** Where a browser finds it. */
  readonly url: string;
}

/** Artifacts of this run, and for reading those of other runs of this repository. */
export interface ArtifactStore {
  /**
   * Uploads `files`, absolute paths below `root`, none of them a link. Where the name is taken, or
   * burnt by an upload that failed, the artifact is called `<name>-2`, `<name>-3` and so on. A
   * failed upload is tried three times.
   *
   * @throws ReportedError (2) for a name that GitHub refuses, (3) where the upload is refused.
   */
  upload(
    name: string,
    files: readonly string[],
    root: string,
    options: { readonly retentionDays: number | null },
  ): Promise<UploadedArtifact>;
  /**
   * Every artifact of this run, or of another run of this repository, that has not expired; the
   * newest last.
   *
   * @throws ReportedError (3) where that is refused, or where all of them have expired.
   */
  list(run?: number): Promise<StoredArtifact[]>;
  /**
   * Unpacks an artifact into `folder`, which is absent or empty and is then whole. Nothing is
   * written outside of it, whatever the artifact holds: no links come out.
   *
   * @throws ReportedError (3) where that is refused or the content is not what was uploaded.
   */
  download(artifact: StoredArtifact, folder: string, run?: number): Promise<void>;
}

const TRIES = 3;
/** Milliseconds before the second and the third try; the client has waited on its own as well. */
const PAUSES = [1000, 4000];
/** Names that are tried: more is no re-run but something that went astray. */
const NAMES = 100;
/** As many artifacts as the service lists; seen in Chia-Network/chia-blockchain#17828. */
const LISTED_AT_MOST = 1000;

/**
 * The artifacts of a workflow run. `token` reads those of other runs, and takes `actions: read`.
 * When `signal` aborts, every call rejects at once with its reason: the client itself cannot be
 * stopped, so the process should end soon after.
 */
export function artifactStore(
  context: WorkflowContext,
  token: string | null,
  signal: AbortSignal = new AbortController().signal,
): ArtifactStore {
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await unlessAborted(work, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (tries === TRIES || isFinal(error)) throw artifactError(error, what, context);
        await unlessAborted(() => wait(PAUSES[tries - 1], undefined, { signal }), signal);
      }
    }
  };

  const listOwn = async () => {
    const client = await loadClient();
    const { artifacts } = await client.listArtifacts({ latest: false });
    return artifacts.map(({ id, name, size, digest, createdAt }) => ({
      id,
      name,
      size,
      digest: digest ?? null,
      createdAt: createdAt ?? null,
    }));
  };

  const store: ArtifactStore = {
    async upload(name, files, root, { retentionDays }) {
      checkName(name);
      if (files.length === 0) {
        throw new ReportedError(3, `There are no files for the artifact ${name}: none is made.`);
      }
      let number = 1;
      return await attempt(`upload the artifact ${name}`, async () => {
        const client = await loadClient();
        const options = retentionDays === null ? {} : { retentionDays };
        for (; ; number++) {
          const free = number === 1 ? name : `${name}-${number}`;
          try {
            const uploaded = await client.uploadArtifact(free, [...files], root, options);
            return describe(context, free, UPLOADED.parse(uploaded));
          } catch (error) {
            if (!isTaken(error) || number === NAMES) throw error;
          }
        }
      });
    },

    async list(run) {
      if (run !== undefined && run !== context.runId) {
        return await unlessAborted(() => listRun(context, token, run), signal);
      }
      const own = await attempt("list the artifacts of this run", listOwn);
      if (own.length < LISTED_AT_MOST || token === null) return own.toSorted(byAge);
      return await unlessAborted(() => listRun(context, token, context.runId), signal);
    },

    async download(artifact, folder, run) {
      const other = run !== undefined && run !== context.runId;
      // The client would try to reach the API without one.
      if (other) await restClient(context, token);
      const into = resolve(folder);
      await mkdir(dirname(into), { recursive: true });
      await rmdir(into).catch(unlessAbsent);
      const what = `download the artifact ${artifact.name} (${artifact.id})`;
      await attempt(what, async () => {
        // Into a folder of this try's own, so that nothing stays of one that failed.
        const scratch = await mkdtemp(join(dirname(into), `.${basename(into)}-`));
        try {
          await fetchInto(artifact, scratch, other ? findBy(context, token, run) : {});
          await rename(scratch, into);
        } finally {
          await rm(scratch, { recursive: true, force: true });
        }
      });
    },
  };
  return store;
}

const UPLOADED = z.object({
  id: z.number(),
  size: z.number().default(0),
  digest: z.string().optional(),
});

function describe(
  context: WorkflowContext,
  name: string,
  { id, size, digest }: z.infer<typeof UPLOADED>,
): UploadedArtifact {
  const { serverUrl, repository, runId } = context;
  return {
    id,
    name,
    size,
    digest: digest === undefined ? null : `sha256:${digest}`,
    createdAt: new Date(),
    url: `${serverUrl}/${repository}/actions/runs/${runId}/artifacts/${id}`,
  };
}

/** Loaded where it is used: with the Azure client in it, it takes a quarter of a second. */
async function loadClient(): Promise<ArtifactClient> {
  const { DefaultArtifactClient } = await import("@actions/artifact");
  return new DefaultArtifactClient();
}

async function fetchInto(artifact: StoredArtifact, path: string, find: FindOptions): Promise<void> {
  const client = await loadClient();
  const options: DownloadArtifactOptions & FindOptions = { ...find, path };
  if (artifact.digest !== null) options.expectedHash = artifact.digest;
  const { digestMismatch } = await client.downloadArtifact(artifact.id, options);
  if (digestMismatch === true) {
    throw new Error(`what came is not what was uploaded: its digest is not ${artifact.digest}`);
  }
}

function findBy(context: WorkflowContext, token: string | null, run: number): FindOptions {
  const { owner, repo } = context;
  return {
    findBy: {
      token: token ?? "",
      workflowRunId: run,
      repositoryOwner: owner,
      repositoryName: repo,
    },
  };
}

/** What GitHub refuses in a name; https://github.com/actions/toolkit checks the same. */
const REFUSED = /["<>|*?:\\/\r\n]/;

/** What is wrong with a name for an artifact, reading on after it; null where GitHub takes it. */
export function artifactNameProblem(name: string): string | null {
  if (name !== "" && !REFUSED.test(name)) return null;
  return (
    "is no name for an artifact.\n" +
    'It is one character at least, and none of " : < > | * ? \\ / or a line break.'
  );
}

function checkName(name: string): void {
  const problem = artifactNameProblem(name);
  if (problem !== null) throw new ReportedError(2, `${JSON.stringify(name)} ${problem}`);
}

async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function unlessAbsent(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
