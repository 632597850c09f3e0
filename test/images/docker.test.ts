import { describe, expect, test } from "vitest";
import { type Builder, checkNeeds, lackOf } from "../../src/images/builder.ts";
import { buildCommand, type DockerBuild, type Output, pushError } from "../../src/images/docker.ts";

describe("what docker printed of a push that failed", () => {
  // Each as the Docker daemon (20.10, 28) or BuildKit words it.
  test.each<[string, string, boolean]>([
    ["received unexpected HTTP status: 500 Internal Server Error", "broken", true],
    ["received unexpected HTTP status: 503 Service Unavailable", "broken", true],
    [
      "ERROR: failed to solve: failed to push a/b:1: unexpected status from PUT request to http://x/v2/b/manifests/1: 502 Bad Gateway",
      "broken",
      true,
    ],
    ["toomanyrequests: slow", "busy", true],
    ["ERROR: failed to push: unexpected status: 429 Too Many Requests", "busy", true],
    [
      'Put "http://x/v2/b/manifests/1": read tcp 127.0.0.1:60228->127.0.0.1:5055: read: connection reset by peer',
      "unreachable",
      true,
    ],
    [
      'Get "http://x/v2/": dial tcp 127.0.0.1:5055: connect: connection refused',
      "unreachable",
      true,
    ],
    [
      'Patch "https://x/v2/b/blobs/uploads/1": net/http: TLS handshake timeout',
      "unreachable",
      true,
    ],
    ['Patch "https://x/v2/b/blobs/uploads/1": EOF', "unreachable", true],
    [
      'Get "https://x/v2/": context deadline exceeded (Client.Timeout exceeded)',
      "unreachable",
      true,
    ],
    [
      'Get "https://x/v2/": dial tcp: lookup x on 10.0.0.53:53: no such host',
      "unknown-host",
      false,
    ],
    ['Get "https://x/v2/": x509: certificate signed by unknown authority', "untrusted", false],
    ["http: server gave HTTP response to HTTPS client", "untrusted", false],
    ["denied: permission_denied: write_package", "forbidden", false],
    ["denied: requested access to the resource is denied", "forbidden", false],
    [
      "unauthorized: unauthenticated: User cannot be authenticated with the token provided.",
      "unauthorized",
      false,
    ],
    ["no basic auth credentials", "unauthorized", false],
    [
      "ERROR: failed to push a/b:1: failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://x/token: 403 Forbidden",
      "forbidden",
      false,
    ],
    ["name unknown: The repository with name 'b' does not exist in the registry", "missing", false],
    ["manifest blob unknown", "refused", false],
  ])("%s: %s", (line, fault, passing) => {
    const error = pushError("ghcr.io/org/app:1", { code: 1, tail: ["Preparing", line, ""] });
    expect(error).toMatchObject({ exitCode: 3, fault, passing });
    expect(error.message).toContain("Cannot push ghcr.io/org/app: ");
  });
});

const build: DockerBuild = {
  builder: "buildkit",
  context: "/ctx",
  platforms: ["linux/amd64", "linux/arm64"],
  buildArgs: new Map([["MODE", "fast and $loose"]]),
  secrets: new Map([["PATH", "hush"]]),
  labels: new Map([["l", "1"]]),
  epoch: 1700000000,
  pull: true,
  cacheFrom: "ghcr.io/org/app:sim-cache",
  env: {},
};
const common = [
  ...["--platform", "linux/amd64,linux/arm64"],
  "--pull",
  ...["--build-arg", "MODE=fast and $loose"],
  ...["--secret", "id=PATH,env=SIM_BUILD_SECRET_0"],
  ...["--label", "l=1"],
  ...["--cache-from", "type=registry,ref=ghcr.io/org/app:sim-cache"],
];

describe("the docker command of a build", () => {
  test.each<[string, Builder, string | null, Output, string[]]>([
    [
      "tests a target and keeps nothing of it",
      "buildkit",
      "test",
      { to: "cache" },
      [
        "buildx",
        "build",
        ...common.slice(0, 2),
        "--target",
        "test",
        ...common.slice(2),
        "--output",
        "type=cacheonly",
        "/ctx",
      ],
    ],
    [
      "pushes with provenance, SBOM and a cache that may fail",
      "buildkit",
      null,
      { to: "registry", reference: "ghcr.io/org/app:1", cacheTo: "ghcr.io/org/app:sim-cache" },
      [
        ...["buildx", "build", ...common, "--push", "--provenance=mode=min", "--sbom=true"],
        ...["--tag", "ghcr.io/org/app:1"],
        ...["--cache-to", "type=registry,ref=ghcr.io/org/app:sim-cache,mode=max,ignore-error=true"],
        "/ctx",
      ],
    ],
    [
      "keeps the cache in the image where buildx has the daemon's BuildKit only",
      "buildx-daemon",
      null,
      { to: "daemon", references: ["a:1", "a:2"], inlineCache: true },
      [
        "buildx",
        "build",
        ...common,
        "--load",
        "--cache-to",
        "type=inline",
        "--tag",
        "a:1",
        "--tag",
        "a:2",
        "/ctx",
      ],
    ],
    [
      "does without buildx",
      "daemon",
      null,
      { to: "daemon", references: ["a:1"], inlineCache: false },
      ["build", ...common, "--tag", "a:1", "/ctx"],
    ],
  ])("%s", (_, builder, target, output, args) => {
    const command = buildCommand({ ...build, builder }, target, output);
    expect(command.args).toEqual(args);
    expect(command.env).toMatchObject({
      SIM_BUILD_SECRET_0: "hush",
      SOURCE_DATE_EPOCH: "1700000000",
    });
    expect(command.args.join(" ")).not.toContain("hush");
    expect("DOCKER_BUILDKIT" in command.env).toBe(builder === "daemon");
  });

  test("says nothing of what was not asked for", () => {
    const plain: DockerBuild = {
      ...build,
      platforms: [],
      buildArgs: new Map(),
      secrets: new Map(),
      labels: new Map(),
      epoch: null,
      pull: false,
      cacheFrom: null,
    };
    expect(buildCommand(plain, null, { to: "cache" })).toEqual({
      args: ["buildx", "build", "--output", "type=cacheonly", "/ctx"],
      env: {},
    });
  });
});

describe("a feature that the builder lacks: exit 3 that names it and what brings it", () => {
  const two = ["linux/amd64", "linux/arm64"];
  test.each<[Builder, readonly string[], boolean | null, RegExp | null]>([
    [
      "daemon",
      two,
      null,
      /several platforms \(linux\/amd64, linux\/arm64\) needs docker buildx.*setup-buildx-action/s,
    ],
    ["buildx-daemon", two, null, /several platforms .* driver is `docker`.*setup-buildx-action/s],
    ["buildkit", two, true, null],
    ["daemon", ["linux/arm64"], null, null],
    ["daemon", [], true, /cache in the registry .*needs docker buildx/],
    ["buildx-daemon", [], true, null],
    ["daemon", [], false, null],
  ])("%s, %j, cache %s", (builder, platforms, cache, message) => {
    const check = () => checkNeeds(builder, { platforms, cache });
    if (message === null) return expect(check).not.toThrow();
    expect(check).toThrow(
      expect.objectContaining({ exitCode: 3, message: expect.stringMatching(message) }),
    );
  });

  test("provenance and SBOM are a line, no error", () => {
    expect(lackOf("buildkit")).toBeNull();
    expect(lackOf("daemon")).toMatch(/No provenance and no SBOM: docker buildx is not installed/);
    expect(lackOf("buildx-daemon")).toMatch(/No provenance and no SBOM: .*driver is `docker`/);
  });
});
