import { describe, expect, test } from "vitest";
import { parseReference } from "../../src/registry/reference.ts";

describe("an image reference taken apart", () => {
  test.each([
    ["busybox", "docker.io", "busybox", null, null],
    ["busybox:1.36", "docker.io", "busybox", "1.36", null],
    ["org/app", "docker.io", "org/app", null, null],
    ["docker.io/library/busybox:1", "docker.io", "docker.io/library/busybox", "1", null],
    ["ghcr.io/org/app:v1", "ghcr.io", "ghcr.io/org/app", "v1", null],
    ["localhost/app", "localhost", "localhost/app", null, null],
    ["localhost:5000/app", "localhost:5000", "localhost:5000/app", null, null],
    ["127.0.0.1:5001/a/b:x", "127.0.0.1:5001", "127.0.0.1:5001/a/b", "x", null],
    ["app@sha256:ab", "docker.io", "app", null, "sha256:ab"],
    ["ghcr.io/org/app:v1@sha256:ab", "ghcr.io", "ghcr.io/org/app", "v1", "sha256:ab"],
  ])("%s", (reference, registry, repository, tag, digest) => {
    expect(parseReference(reference)).toEqual({ registry, repository, tag, digest });
  });
});
