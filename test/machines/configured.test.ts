import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isConfigured } from "../../src/machines/configured.ts";

const config = mkdtempSync(join(tmpdir(), "sim-pipeline-configured-"));
mkdirSync(join(config, "sim-pipeline"));
writeFileSync(join(config, "sim-pipeline/hosts"), "me@one\n");
afterAll(() => rmSync(config, { recursive: true, force: true }));

const NOTHING = { XDG_CONFIG_HOME: "/nowhere" };

describe("the environment is set up for", () => {
  it.each([
    ["digitalocean", { DIGITALOCEAN_TOKEN: "x" }],
    ["digitalocean", { DIGITALOCEAN_ACCESS_TOKEN: "x" }],
    ["aws", { AWS_PROFILE: "x" }],
    ["hosts", { SIM_PIPELINE_HOSTS: "me@one" }],
    ["hosts", { XDG_CONFIG_HOME: config }],
  ] as const)("%s by %j", (name, env) => {
    expect(isConfigured(name, { ...NOTHING, ...env })).toBe(true);
  });

  it.each(["digitalocean", "aws", "hosts"] as const)("not %s by nothing, or empty ones", (name) => {
    expect(isConfigured(name, { ...NOTHING, DIGITALOCEAN_TOKEN: "", AWS_PROFILE: "" })).toBe(false);
  });
});
