/** The requests of a container's life, one each. */

import type Docker from "dockerode";
import type { Container, ContainerCreateOptions } from "dockerode";
import { z } from "zod";
import { EngineLostError } from "../engine.ts";
import { statusOf } from "./errors.ts";
import { request } from "./request.ts";

const createdSchema = z.object({ Id: z.string() });

export async function createContainer(
  docker: Docker,
  options: ContainerCreateOptions,
  platform: string | null,
): Promise<Container> {
  const answer = await request(docker, {
    method: "POST",
    path: "/containers/create",
    query: platform === null ? {} : { platform },
    body: options,
  });
  return docker.getContainer(createdSchema.parse(JSON.parse(answer)).Id);
}

export async function startContainer(container: Container): Promise<void> {
  await request(container, { method: "POST", path: `/containers/${container.id}/start` });
}

export async function killContainer(
  container: Container,
  signal: "SIGTERM" | "SIGKILL",
): Promise<void> {
  const path = `/containers/${container.id}/kill`;
  await request(container, { method: "POST", path, query: { signal } });
}

const waitSchema = z.object({
  StatusCode: z.number(),
  Error: z.object({ Message: z.string() }).nullish(),
});

/**
 * Waits for a container that was started, and gives its exit code. "Not running" is the default
 * condition; "next-exit" would miss the end of a container that was faster than the request.
 * Throws EngineLostError where somebody removes it, or its daemon goes.
 */
export async function waitForExit(container: Container): Promise<number> {
  let answer: string;
  try {
    answer = await request(container, {
      method: "POST",
      path: `/containers/${container.id}/wait`,
    });
  } catch (error) {
    throw statusOf(error) === 404 ? removed(error) : error;
  }
  if (answer === "") throw new EngineLostError("The Docker daemon stopped waiting for a container");
  const { StatusCode, Error: failure } = waitSchema.parse(JSON.parse(answer));
  if (failure?.Message) {
    throw new EngineLostError(`The Docker daemon stopped waiting: ${failure.Message}`);
  }
  return StatusCode;
}

export function removed(cause?: unknown): EngineLostError {
  return new EngineLostError("The container was removed by somebody else", { cause });
}

/** Removes a container and its anonymous volumes; one that is gone or going is no error. */
export async function removeContainer(container: Container): Promise<void> {
  try {
    await request(container, {
      method: "DELETE",
      path: `/containers/${container.id}`,
      query: { force: true, v: true },
    });
  } catch (error) {
    const status = statusOf(error);
    if (status === 404 || (status === 409 && /already in progress/i.test(String(error)))) return;
    throw error;
  }
}
