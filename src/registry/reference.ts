/** An image reference taken apart: `host/name:tag@digest`. */
export interface Reference {
  /** `docker.io` for what names none. */
  readonly registry: string;
  /** Host and path as the user wrote them, without tag and digest. */
  readonly repository: string;
  /** Null where there is none; a digest goes before it. */
  readonly tag: string | null;
  readonly digest: string | null;
}

/**
 * Takes an image reference apart by the rules of the distribution project: the first component is
 * a host where it holds a dot or a colon, or is `localhost`.
 * https://github.com/distribution/reference/blob/main/reference.go
 */
export function parseReference(reference: string): Reference {
  const [named = "", digest = null] = reference.split("@", 2);
  const slash = named.lastIndexOf("/");
  const colon = named.indexOf(":", slash + 1);
  const repository = colon < 0 ? named : named.slice(0, colon);
  const first = repository.split("/", 1)[0] ?? "";
  const isHost = repository.includes("/") && (/[.:]/.test(first) || first === "localhost");
  return {
    registry: isHost ? first : "docker.io",
    repository,
    tag: colon < 0 ? null : named.slice(colon + 1),
    digest,
  };
}
