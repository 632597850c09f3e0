import { cp, lstat, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Container } from "dockerode";
import { z } from "zod";
import { codeOf } from "./errors.ts";

/** Bytes of all files in a folder that may be changing meanwhile. */
export async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await list(folder)) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(file);
    // What went away since the listing has no size.
    else if (entry.isFile()) bytes += (await lstat(file).catch(() => null))?.size ?? 0;
  }
  return bytes;
}

async function list(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    // Gone since, or shut by the task.
    return [];
  }
}

const sizeSchema = z.object({ SizeRw: z.number().nullish() });

/** Bytes that a container has written anywhere, its output folder among them. */
export async function bytesWritten(container: Container): Promise<number | null> {
  try {
    const request: object = { size: true };
    return sizeSchema.parse(await container.inspect(request)).SizeRw ?? null;
  } catch {
    // Gone, or the daemon is: then the task's own requests tell.
    return null;
  }
}

/** Moves what is in a folder into another one. */
export async function moveContent(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const source = path.join(from, name);
    const destination = path.join(to, name);
    try {
      await rename(source, destination);
    } catch (error) {
      if (codeOf(error) !== "EXDEV") throw error;
      // Links as they are: whoever takes stock of outputs drops them, and must see them for that.
      await cp(source, destination, { recursive: true, verbatimSymlinks: true });
    }
  }
}

/** Removes what is in a folder, as half an archive that broke off. */
export async function clearFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    await rm(path.join(folder, name), { recursive: true, force: true });
  }
}
