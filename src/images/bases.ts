import { z } from "zod";
import { connectDocker } from "../engines/docker/connect.ts";
import { openRepository } from "../registry/client.ts";
import type { Credentials } from "../registry/credentials.ts";
import { RegistryError } from "../registry/faults.ts";
import { parseReference } from "../registry/reference.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Environment } from "./command.ts";

/** Credentials by registry, as parseReference names it. */
export type Logins = ReadonlyMap<string, Credentials>;

/**
 * The digest that the registry has for each image now; an index's, where there is one for several
 * platforms. Docker Hub's are looked up in the mirrors that the daemon builds from, where it has some.
 *
 * @throws ReportedError (3) for an image whose digest cannot be known.
 */
export async function resolveBases(
  references: readonly string[],
  logins: Logins,
  env: Environment,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const isHub = (reference: string) => parseReference(reference).registry === "docker.io";
  const mirrors = references.some(isHub) ? await findMirrors(env) : [];
  const digests = references.map(async (reference): Promise<[string, string]> => {
    const { registry, tag, digest } = parseReference(reference);
    if (digest !== null) return [reference, digest];
    if (reference.includes("$")) {
      throw new ReportedError(3, `the base image ${reference} is another one for each platform`);
    }
    const options = { credentials: logins.get(registry) ?? null, access: "pull", signal } as const;
    for (const origin of isHub(reference) ? mirrors : []) {
      const mirror = openRepository(reference, { ...options, credentials: null, origin });
      try {
        const found = await mirror.digest(tag ?? "latest");
        if (found !== null) return [reference, found];
      } catch (error) {
        // As the daemon does: the next mirror, and Docker Hub itself in the end.
        if (!(error instanceof RegistryError)) throw error;
      }
    }
    const found = await openRepository(reference, options).digest(tag ?? "latest");
    if (found === null) throw new ReportedError(3, `${registry} has no base image ${reference}`);
    return [reference, found];
  });
  return new Map(await Promise.all(digests));
}

const infoSchema = z.object({ RegistryConfig: z.object({ Mirrors: z.array(z.string()) }) });

/** Addresses of the daemon's mirrors of Docker Hub; none where no daemon tells. */
async function findMirrors(env: Environment): Promise<readonly string[]> {
  const connection = await connectDocker(env);
  try {
    const info: unknown = await connection.docker.info();
    const mirrors = infoSchema.safeParse(info).data?.RegistryConfig.Mirrors ?? [];
    return mirrors.map((address) => address.replace(/\/+$/, ""));
  } catch {
    // The build will say that there is no daemon, if it needs one.
    return [];
  } finally {
    connection.close();
  }
}
