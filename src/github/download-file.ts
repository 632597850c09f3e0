import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ReportedError } from "../sweep/errors.ts";
import type { ArtifactStore, StoredArtifact } from "./artifacts.ts";

/**
 * Downloads an artifact that one of our jobs made of a single file, and gives that file's path.
 * Any job of the run could have uploaded something else under its name, so that is checked.
 *
 * @throws ReportedError (3) where the artifact holds anything else, and as
 *   `ArtifactStore.download`.
 */
export async function downloadFile(
  store: ArtifactStore,
  artifact: StoredArtifact,
  name: string,
  folder: string,
  run?: number,
): Promise<string> {
  await store.download(artifact, folder, run);
  const entries = await readdir(folder, { withFileTypes: true });
  const [only] = entries;
  if (entries.length === 1 && only?.isFile() && only.name === name) return join(folder, name);
  const held = entries.slice(0, 5).map((entry) => JSON.stringify(entry.name));
  throw new ReportedError(
    3,
    `The artifact ${artifact.name} (${artifact.id}) should hold ${name} and nothing else, ` +
      `but holds ${held.sort().join(", ") || "nothing"}${entries.length > 5 ? ", ..." : ""}.\n` +
      "Only this project's plan and run actions may upload artifacts of this name: let other " +
      "steps use other names.",
  );
}
