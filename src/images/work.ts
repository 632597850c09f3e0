import type { Manifest, Repository } from "../registry/client.ts";
import type { RegistryError } from "../registry/faults.ts";
import type { Logins } from "./bases.ts";
import type { ImageOptions } from "./options.ts";
import { retried, type Wait } from "./retry.ts";
import type { sourceLabels } from "./source.ts";

/** How things are told, stopped and waited for. */
export interface Work {
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
  readonly wait: Wait;
}

/** What is to be made, after all that could be wrong with it was looked at. */
export interface Checked extends ImageOptions {
  /** What the Dockerfile is built upon. */
  readonly bases: readonly string[];
  readonly logins: Logins;
  readonly labels: ReturnType<typeof sourceLabels>;
}

/** Asks a registry again where it fails in passing. */
export async function asking<T>(
  attempt: () => Promise<T>,
  { onLine, signal, wait }: Work,
): Promise<T> {
  const onRetry = (error: RegistryError) => onLine(`Trying again: ${firstLine(error)}`);
  return await retried(attempt, { signal, wait, onRetry });
}

export function firstLine(error: Error): string {
  return error.message.split("\n", 1)[0] ?? "";
}

/** Lets tags name a manifest that the registry has. */
export async function setTags(
  repository: Repository,
  tags: readonly string[],
  manifest: Manifest,
  work: Work,
): Promise<void> {
  for (const tag of tags) await asking(() => repository.setTag(tag, manifest), work);
}

export function fullNames(image: string, tags: readonly string[]): string[] {
  return tags.map((tag) => `${image}:${tag}`);
}
