import { relative, resolve } from "node:path";
import type { WorkflowContext } from "../github/context.ts";
import { type ImageOptions, type MadeImage, makeImage } from "../images/make.ts";
import { checkImage, defaultImage, defaultTags } from "../images/names.ts";
import { gitSource } from "../images/source.ts";
import { ReportedError } from "../sweep/errors.ts";
import { type RegistryLogin, withRegistryLogin } from "./registry-login.ts";

/** The inputs of the build action, as they were written. */
export interface BuildJob
  extends Omit<ImageOptions, "image" | "tags" | "trusted" | "source" | "env" | "wait"> {
  /** Null: after the repository and the folder. */
  readonly image: string | null;
  /** Empty: by branch, version and commit. */
  readonly tags: readonly string[];
}

/** Makes the image of a workflow's commit; a stranger's pull request gets no credentials. */
export async function buildJob(
  job: BuildJob,
  context: WorkflowContext,
  login: RegistryLogin,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<MadeImage> {
  const folder = resolve(context.workspace, job.context);
  const image = checkImage(job.image ?? ownImage(context, relative(context.workspace, folder)));
  const trusted = !context.isFork;
  const env = trusted ? await withRegistryLogin(process.env, image, login) : process.env;
  const { created } = await gitSource(folder);
  const url = `${context.serverUrl}/${context.repository}`;
  const tags = job.tags.length > 0 ? job.tags : defaultTags(context);
  const source = { url, revision: context.sha, created };
  return await makeImage(
    { ...job, context: folder, image, tags, trusted, source, env },
    onLine,
    signal,
  );
}

function ownImage({ serverUrl, repository }: WorkflowContext, folder: string): string {
  if (serverUrl === "https://github.com") return defaultImage(repository, folder);
  throw new ReportedError(
    2,
    `The input "image" is missing, and there is no default for ${serverUrl}.\n` +
      "Write the image's name with its registry, like containers.example.com/org/simulation.",
  );
}
