import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type GitHub, startGitHub } from "./github/server.ts";
import { findAzurite, needing } from "./lab.ts";

const execute = promisify(execFile);
const program = fileURLToPath(new URL("github/client.ts", import.meta.url));

/** Calls the unmodified client in a process of its own, in a job of the stand-in. */
async function client(
  env: Record<string, string>,
  method: string,
  ...given: unknown[]
): Promise<unknown> {
  const { stdout } = await execute(process.execPath, [program, method, JSON.stringify(given)], {
    env: { PATH: process.env.PATH, ...env },
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

const uploadedSchema = z.object({ id: z.number(), size: z.number(), digest: z.string() });

async function upload(env: Record<string, string>, name: string, text = "1,2\n") {
  const root = env.RUNNER_TEMP ?? "";
  const file = join(root, `${name}.csv`);
  await writeFile(file, text);
  return uploadedSchema.parse(await client(env, "uploadArtifact", name, [file], root, {}));
}

async function names(env: Record<string, string>, options: object = {}): Promise<string[]> {
  const listed = z.object({ artifacts: z.array(z.object({ name: z.string() })) });
  return listed.parse(await client(env, "listArtifacts", options)).artifacts.map((one) => one.name);
}

function findBy(github: GitHub, run: { id: number }, token: string) {
  const { owner: repositoryOwner, name: repositoryName } = github.repository;
  return { findBy: { workflowRunId: run.id, repositoryOwner, repositoryName, token } };
}

describe.skipIf(!findAzurite())(needing("azurite", "artifacts of the stand-in for GitHub"), () => {
  it("are uploaded, listed and downloaded as they were", async () => {
    await using github = await startGitHub();
    const env = await github.env(github.startRun());
    const { id, size, digest } = await upload(env, "results", "x,y\n1,2\n");

    expect(await client(env, "listArtifacts", {})).toEqual({
      artifacts: [
        { id, name: "results", size, digest: `sha256:${digest}`, createdAt: expect.any(String) },
      ],
    });
    await using folder = await temporaryFolder();
    const options = { path: folder.path, expectedHash: `sha256:${digest}` };
    expect(await client(env, "downloadArtifact", id, options)).toMatchObject({
      digestMismatch: false,
    });
    expect(await readFile(join(folder.path, "results.csv"), "utf8")).toBe("x,y\n1,2\n");
  });

  it("are found by another run through the REST API with its token", async () => {
    await using github = await startGitHub();
    const first = github.startRun();
    const { id } = await upload(await github.env(first), "results");
    const second = github.startRun();
    const env = await github.env(second);
    const by = findBy(github, first, second.token);

    expect(await names(env)).toEqual([]);
    expect(await names(env, by)).toEqual(["results"]);
    await using folder = await temporaryFolder();
    await client(env, "downloadArtifact", id, { path: folder.path, ...by });
    expect(await readFile(join(folder.path, "results.csv"), "utf8")).toBe("1,2\n");
  });

  it("have names that are used once: 409", async () => {
    await using github = await startGitHub();
    const env = await github.env(github.startRun());
    await upload(env, "results");
    await expect(upload(env, "results")).rejects.toThrow(
      /\(409\) Conflict: an artifact with this name already exists on the workflow run/,
    );
  });
});

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sim-pipeline-github-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
