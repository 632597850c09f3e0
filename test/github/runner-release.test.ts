import { expect, it } from "vitest";
import { runnerRelease } from "../../src/github/runner-release.ts";

const sum = "0123456789abcdef".repeat(4);

it("is pinned by its version and its sum", () => {
  const { url, sha256 } = runnerRelease({});
  const [, inPath, inName] =
    /^https:\/\/github\.com\/actions\/runner\/releases\/download\/v([\d.]+)\/actions-runner-linux-x64-([\d.]+)\.tar\.gz$/.exec(
      url,
    ) ?? [];
  expect(inPath).toBe(inName);
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
});

it("may be another one, with its own sum", () => {
  const url = "https://mirror.example.com:8443/github/actions-runner-linux-x64-2.400.0.tar.gz";
  const env = { SIM_PIPELINE_RUNNER_URL: url, SIM_PIPELINE_RUNNER_SHA256: sum.toUpperCase() };
  expect(runnerRelease(env)).toEqual({ url, sha256: sum });
});

it.each([
  ["an address without a sum", { SIM_PIPELINE_RUNNER_URL: "https://example.com/r.tar.gz" }],
  ["a sum without an address", { SIM_PIPELINE_RUNNER_SHA256: sum }],
  [
    "a sum that is none",
    { SIM_PIPELINE_RUNNER_URL: "https://example.com/r", SIM_PIPELINE_RUNNER_SHA256: "abc" },
  ],
  ["a path", { SIM_PIPELINE_RUNNER_URL: "/tmp/runner.tar.gz", SIM_PIPELINE_RUNNER_SHA256: sum }],
  [
    "what a shell would take for a command",
    { SIM_PIPELINE_RUNNER_URL: "https://e.com/$(id)", SIM_PIPELINE_RUNNER_SHA256: sum },
  ],
  [
    "two lines",
    { SIM_PIPELINE_RUNNER_URL: "https://e.com/a\nid", SIM_PIPELINE_RUNNER_SHA256: sum },
  ],
])("refuses %s", (_, env) => {
  expect(() => runnerRelease(env)).toThrow(/set both/);
});
