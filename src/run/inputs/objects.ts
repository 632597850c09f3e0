import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ReportedError } from "../../sweep/errors.ts";

/** An object in a bucket, as a listing or a look at it tells. */
export interface RemoteObject {
  readonly key: string;
  /** Another one whenever the content is another; null where the store tells none. */
  readonly version: string | null;
}

/** A bucket and what is wanted of it, whatever the store. */
export interface Store {
  /** The object with this key. */
  look(key: string): Promise<RemoteObject>;
  /** All objects whose key begins with the prefix. */
  list(prefix: string): AsyncIterable<RemoteObject>;
  /** Writes one version of an object to a new file. */
  save(object: RemoteObject, target: string): Promise<void>;
}

/** What an address as s3://bucket/key names. An empty key or one that ends in `/` is a folder. */
export interface BucketAddress {
  readonly bucket: string;
  readonly key: string;
}

const AT_ONCE = 8;

/** Takes `scheme://bucket/key` apart, as it stands: keys are not percent-encoded. */
export function parseAddress(address: string): BucketAddress {
  const [, bucket = "", key = ""] = /^[a-z0-9]+:\/\/([^/]*)\/?(.*)$/s.exec(address) ?? [];
  if (bucket === "") {
    throw new ReportedError(2, `The input ${address} names no bucket.\nWrite s3://bucket/key.`);
  }
  return { bucket, key };
}

/**
 * Downloads an object as a file, or all objects below a prefix as a folder, to the absent path
 * `target`, unless all is as it was when an earlier download returned `known`.
 *
 * @throws ReportedError (3) for a prefix without objects, and for keys that are no safe paths.
 */
export async function downloadObjects(
  address: string,
  store: Store,
  known: string | null,
  target: string,
): Promise<string | null | "unchanged"> {
  const { key } = parseAddress(address);
  if (key !== "" && !key.endsWith("/")) {
    const object = await store.look(key);
    if (known !== null && object.version === known) return "unchanged";
    await store.save(object, target);
    return object.version;
  }
  const files: { readonly path: string; readonly object: RemoteObject }[] = [];
  for await (const object of store.list(key)) {
    // Consoles make folders by objects of no bytes whose keys end in a slash.
    if (object.key.endsWith("/")) continue;
    files.push({ path: safePath(address, object.key.slice(key.length)), object });
  }
  if (files.length === 0) {
    throw new ReportedError(
      3,
      `Cannot download the input ${address}: there is nothing below it.\n` +
        "Check `inputs`: an address that ends in / is a folder.",
    );
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const versions = files.map(({ path, object }) => [path, object.version]);
  const found = versions.every(([, version]) => version !== null) ? JSON.stringify(versions) : null;
  if (known !== null && found === known) return "unchanged";
  await saveAll(address, files, store, target);
  return found;
}

async function saveAll(
  address: string,
  files: readonly { readonly path: string; readonly object: RemoteObject }[],
  store: Store,
  target: string,
): Promise<void> {
  const paths = new Set(files.map(({ path }) => path));
  for (const { path } of files) {
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
      if (paths.has(parent)) throw unsafe(address, path, `${parent} is a file as well`);
    }
  }
  const left = files.values();
  const worker = async () => {
    for (const { path, object } of left) {
      await mkdir(dirname(join(target, path)), { recursive: true });
      await store.save(object, join(target, path));
    }
  };
  // All workers end before the first failure is told, so that none writes afterwards.
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}

/** A key as a path below the input's folder; anybody who can write to the bucket chose it. */
function safePath(address: string, path: string): string {
  if (path.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw unsafe(address, path, "it has an empty part, . or ..");
  }
  if (/[\\\p{Cc}]/u.test(path))
    throw unsafe(address, path, "it has a backslash or control character");
  return path;
}

function unsafe(address: string, path: string, reason: string): ReportedError {
  return new ReportedError(
    3,
    `Cannot download the input ${address}: the key ${JSON.stringify(path)} is no safe path, ` +
      `${reason}.\nRename the object, or name a folder without it.`,
  );
}
