import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runnerReads } from "../github/runner.ts";
import { faultProxy } from "../images/fault-proxy.ts";
import { type Fixture, fixture } from "../images/fixture.ts";
import { findDocker, findRegistry, needing } from "../lab/lab.ts";

const docker = await findDocker();
const registry = await findRegistry();
const known = registry ?? { address: "", user: "", password: "", image: "" };
const entry = fileURLToPath(new URL("../../src/actions/build.ts", import.meta.url));

const missing = docker === null || registry === null;
describe.skipIf(missing)(needing("the lab's Docker and registry", "the build action"), () => {
  let fixed: Fixture;
  beforeEach(async () => {
    fixed = await fixture("none", known, docker?.host ?? "");
    await fixed.write({
      Dockerfile:
        "FROM busybox:stable AS base\nCOPY a /a\nFROM base AS test\nRUN grep good /a\nFROM base\n",
      a: "good",
    });
  });
  afterEach(async () => await fixed[Symbol.asyncDispose]());

  /** Runs the action as GitHub's runner does. */
  async function act(
    inputs: Record<string, string>,
    event: { name?: string; payload?: unknown } = {},
  ) {
    const files = join(fixed.temp, "runner");
    mkdirSync(files, { recursive: true });
    const [output, payload] = [join(files, "output"), join(files, "event.json")];
    writeFileSync(output, "");
    writeFileSync(
      payload,
      JSON.stringify(event.payload ?? { repository: { default_branch: "main" } }),
    );
    const all = { context: "context", push: "true", token: "hush-token", ...inputs };
    const child = spawn(process.execPath, [entry], {
      env: {
        ...fixed.env,
        PATH: fixed.env.PATH,
        GITHUB_ACTIONS: "true",
        GITHUB_REPOSITORY: "Org/Repo",
        GITHUB_RUN_ID: "1",
        GITHUB_RUN_ATTEMPT: "1",
        GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
        GITHUB_REF: "refs/heads/main",
        GITHUB_REF_NAME: "main",
        GITHUB_REF_TYPE: "branch",
        GITHUB_EVENT_NAME: event.name ?? "push",
        GITHUB_EVENT_PATH: payload,
        GITHUB_ACTOR: "someone",
        GITHUB_WORKSPACE: join(fixed.context, ".."),
        GITHUB_OUTPUT: output,
        ...Object.fromEntries(Object.entries(all).map(([k, v]) => [`INPUT_${k.toUpperCase()}`, v])),
      },
    });
    const [[code], log, errors] = await Promise.all([
      once(child, "close"),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, log: log + errors, outputs: readOutputs(readFileSync(output, "utf8")) };
  }

  const login = { "registry-username": known.user, "registry-password": known.password };

  test("pushes under the branch, the commit and latest, with outputs to pass on", async () => {
    const image = `${known.address}/${fixed.path}`;
    const given = { ...login, image: image.toUpperCase(), "test-target": "test" };
    const { code, log, outputs } = await act(given);
    const digest = await fixed.repository.digest("latest");
    expect({ code, outputs }).toEqual({
      code: 0,
      outputs: {
        image: `${image}@${digest}`,
        digest,
        tags: `${image}:main\n${image}:latest\n${image}:sha-0123456789ab`,
        cached: "false",
      },
    });
    expect(await fixed.repository.digest("sha-0123456789ab")).toBe(digest);
    // The log of a build is the repository's word; masking is ours.
    const obeyed = runnerReads(log).obeyed.map(({ name }) => name);
    expect(new Set(obeyed)).toEqual(new Set(["add-mask"]));
    expect((await act(given)).outputs).toMatchObject({ digest, cached: "true" });
  });

  test("obeys nothing that a test or a build prints", async () => {
    await fixed.write({
      Dockerfile: 'FROM busybox:stable\nRUN echo "::warning::from the build"\n',
    });
    const { code, log } = await act({
      image: `local/${fixed.path}`,
      push: "false",
      test: "echo '::add-path::/evil'; echo '##[error]x'; cat \"$GITHUB_ENV$GITHUB_OUTPUT\" || true",
    });
    expect(code).toBe(0);
    expect(log).toContain("::add-path::/evil");
    expect(runnerReads(log).obeyed.map(({ name }) => name)).toEqual(["add-mask"]);
  });

  test("builds a fork's pull request, and asks no registry", async () => {
    await using proxy = await faultProxy(known.address, []);
    const { code, log, outputs } = await act(
      {
        ...login,
        image: `${proxy.address}/${fixed.path}`,
        "test-target": "test",
        secrets: "KEY=hush",
      },
      {
        name: "pull_request",
        payload: { pull_request: { head: { repo: { full_name: "else/repo" } } } },
      },
    );
    expect({ code, asked: proxy.asked, digest: outputs.digest }).toEqual({
      code: 0,
      asked: [],
      digest: "",
    });
    expect(log).toContain("without push, cache write or secrets");
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ["a tag with illegal characters", { image: "a/b", tags: "ok\nno/good" }, /The tag "no\/good"/],
    ["a flag that is none", { image: "a/b", push: "maybe" }, /The input "push" is "maybe"/],
    [
      "a build argument without a value",
      { image: "a/b", "build-args": "X" },
      /"X" is not NAME=value/,
    ],
    ["a user without a password", { image: "a/b", "registry-username": "me" }, /registry-password/],
    ["a test target that is not there", { image: "a/b", "test-target": "x" }, /no stage "x"/],
  ])("%s: fails with an annotation that says so", async (_, inputs, message) => {
    const { code, log } = await act(inputs);
    expect(code).toBe(1);
    const errors = runnerReads(log).obeyed.filter(({ name }) => name === "error");
    expect(errors).toEqual([{ name: "error", data: expect.stringMatching(message) }]);
  });

  test("an expired token: fails, names the remedy, and shows no password", async () => {
    const image = `${known.address}/${fixed.path}`;
    const expired = { "registry-username": known.user, "registry-password": "hush-expired" };
    const { code, log } = await act({ ...expired, image });
    expect(code).toBe(1);
    expect(log).toMatch(/::error::.*have expired.*registry-username/);
    expect(log.replaceAll(/::add-mask::.*/g, "")).not.toContain("hush");
  });
});

/** A file of outputs as the runner reads it: `name<<delimiter`, lines, `delimiter`. */
function readOutputs(content: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = "", , value = ""] of content.matchAll(/^(\S+?)<<(\S+)\n(.*?)\n\2$/gms)) {
    found[name] = value;
  }
  return found;
}
