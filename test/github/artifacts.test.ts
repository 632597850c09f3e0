import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type ArtifactStore, artifactStore } from "../../src/github/artifacts.ts";
import type { WorkflowContext } from "../../src/github/context.ts";
import { downloadFile } from "../../src/github/download-file.ts";
import { ReportedError } from "../../src/sweep/errors.ts";
import { type GitHub, startGitHub } from "../lab/github/server.ts";
import type { Run } from "../lab/github/state.ts";
import { findAzurite, needing } from "../lab/lab.ts";
import { becomeJob, captureLog, hurry, noJob } from "./job.ts";
import { makeZip } from "./zip.ts";

vi.mock("node:timers/promises", () => ({ setTimeout: async () => {} }));

const azurite = findAzurite();

describe.skipIf(azurite === null)(needing("azurite", "artifacts of a workflow run"), () => {
  let github: GitHub;
  let folder: string;
  let run: Run;
  let context: WorkflowContext;
  let store: ArtifactStore;

  beforeAll(async () => {
    github = await startGitHub();
  });
  afterAll(async () => {
    await github[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    hurry();
    captureLog();
    folder = mkdtempSync(join(tmpdir(), "artifacts-"));
    writeFileSync(join(folder, "shard.tar"), "a shard\n");
    github.limitRate(1000);
    run = github.startRun();
    context = becomeJob(await github.env(run));
    store = artifactStore(context, run.token);
  });
  afterEach(() => {
    noJob();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    rmSync(folder, { recursive: true });
  });

  const upload = (name = "pi-0-1", into = store) =>
    into.upload(name, [join(folder, "shard.tar")], folder, { retentionDays: null });
  const names = async () => (await store.list()).map(({ name }) => name);
  const message = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => "it succeeded",
      (reason: unknown) => reason,
    );
    if (!(error instanceof ReportedError)) throw error;
    return error.message;
  };

  it("come back as they were uploaded", async () => {
    const uploaded = await upload();
    expect(uploaded.url).toBe(
      `https://github.com/octo-org/sims/actions/runs/${run.id}/artifacts/${uploaded.id}`,
    );
    const [listed] = await store.list();
    expect(listed).toMatchObject({
      id: uploaded.id,
      name: "pi-0-1",
      size: uploaded.size,
      digest: uploaded.digest,
    });
    if (listed === undefined) return;
    await store.download(listed, join(folder, "out/here"));
    expect(readdirSync(join(folder, "out"))).toEqual(["here"]);
    expect(readFileSync(join(folder, "out/here/shard.tar"), "utf8")).toBe("a shard\n");
  });

  it("are kept as long as they are asked to be", async () => {
    await store.upload("pi", [join(folder, "shard.tar")], folder, { retentionDays: 3 });
    const days = ((github.artifacts(run)[0]?.expiresAt.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(3);
  });

  it("get a number where their name is taken", async () => {
    expect((await upload()).name).toBe("pi-0-1");
    expect((await upload()).name).toBe("pi-0-1-2");
    expect((await upload()).name).toBe("pi-0-1-3");
    expect(await names()).toEqual(["pi-0-1", "pi-0-1-2", "pi-0-1-3"]);
  });

  it("get a number where a name was burnt by an upload that did not end", async () => {
    github.fail("FinalizeArtifact", { calls: [1, 2, 3, 4, 5], failure: { status: 500 } });
    expect((await upload()).name).toBe("pi-0-1-2");
    expect(await names()).toEqual(["pi-0-1-2"]);
  });

  it("get a number where the answer that made them was lost", async () => {
    github.fail("CreateArtifact", { failure: "reset", when: "after" });
    expect((await upload()).name).toBe("pi-0-1-2");
  });

  it("are uploaded a third time after two failures", async () => {
    github.fail("PutBlockList", { calls: [1, 2], failure: { status: 400 } });
    await upload();
    expect(await names()).toEqual(["pi-0-1-3"]);
  });

  it("fail after three uploads with what to do", async () => {
    github.fail("PutBlockList", { calls: [1, 2, 3], failure: { status: 400 } });
    expect(await message(upload())).toMatch(
      /^Cannot upload the artifact pi-0-1: .*tried several times.*githubstatus/s,
    );
  });

  it.each([
    ["a server error", { status: 503 }],
    ["a reset connection", "reset"],
  ] as const)("survive %s in every call", async (_what, failure) => {
    github.fail("CreateArtifact", { failure });
    github.fail("FinalizeArtifact", { failure });
    github.fail("ListArtifacts", { failure });
    github.fail("GetSignedArtifactURL", { failure });
    github.fail("GetBlob", { failure });
    await upload();
    const [artifact] = await store.list();
    if (artifact === undefined) throw new Error("nothing is listed");
    await store.download(artifact, join(folder, "out"));
    expect(readFileSync(join(folder, "out/shard.tar"), "utf8")).toBe("a shard\n");
  });

  it.each([
    [
      "a full storage",
      { status: 403, message: "insufficient usage to create artifact" },
      /storage.*is full.*retention-days/s,
    ],
    [
      "five hundred artifacts",
      { status: 403, message: "the limit of 500 artifacts for this job is reached" },
      /A job may make 500 artifacts/,
    ],
    ["an unknown refusal", { status: 403, message: "no" }, /refused the job's own token \(403\)/],
  ] as const)("are refused once over %s", async (_what, failure, expected) => {
    const before = github.calls.length;
    github.fail("CreateArtifact", { failure });
    expect(await message(upload())).toMatch(expected);
    expect(github.calls.length - before).toBe(1);
  });

  it.each([
    ["that is gone", 404, /no such artifact, any more or at all/],
    ["that the service cannot read", 400, /\(400\).*please report it/s],
  ])("are asked for once where the answer is of one %s", async (_what, status, expected) => {
    const artifact = await upload();
    const before = github.calls.length;
    github.fail("GetSignedArtifactURL", { failure: { status } });
    const text = await message(store.download(artifact, join(folder, "out")));
    expect(text).toMatch(expected);
    expect(text).not.toContain("several times");
    expect(github.calls.slice(before).map(({ method }) => method)).toEqual([
      ...["ListArtifacts", "GetSignedArtifactURL"],
    ]);
  });

  it("are as many as a job may make, and no more", async () => {
    await using strict = await startGitHub({ artifactsPerJob: 1 });
    const only = strict.startRun();
    store = artifactStore(becomeJob(await strict.env(only)), null);
    await upload("first");
    expect(await message(upload("second"))).toMatch(
      /^Cannot upload.*A job may make 500 artifacts/s,
    );
    expect(await names()).toEqual(["first"]);
  });

  it("of two runs at once have nothing to do with each other", async () => {
    await upload("pi-results");
    const other = github.startRun();
    store = artifactStore(becomeJob(await github.env(other)), null);
    expect(await names()).toEqual([]);
    expect((await upload("pi-results")).name).toBe("pi-results");
    expect(await names()).toEqual(["pi-results"]);
  });

  it("of an earlier attempt are there when the failed jobs run again", async () => {
    await upload("pi-0-1");
    github.rerun(run, "failed");
    store = artifactStore(becomeJob(await github.env(run)), null);
    await upload("pi-0-2");
    expect(await names()).toEqual(["pi-0-1", "pi-0-2"]);
  });

  it("beyond the thousand that the service lists come from the API", async () => {
    const { DefaultArtifactClient } = await import("@actions/artifact");
    await upload("pi-0-1");
    const listed = { id: 1, name: "old", size: 1 };
    const full = { artifacts: Array(1000).fill(listed) };
    vi.spyOn(DefaultArtifactClient.prototype, "listArtifacts").mockResolvedValue(full);
    expect(await names()).toEqual(["pi-0-1"]);
    expect(await artifactStore(context, null).list()).toHaveLength(1000);
  });

  it("are refused when the job's own token has ended", async () => {
    context = becomeJob(await github.env(run, { tokenExpiresAt: new Date(0) }));
    expect(await message(upload("pi", artifactStore(context, null)))).toMatch(/own token \(401\)/);
  });

  it("are not there outside of an action", async () => {
    context = becomeJob({ ...(await github.env(run)), ACTIONS_RUNTIME_TOKEN: undefined });
    expect(await message(upload("pi", artifactStore(context, null)))).toMatch(/must say "uses:"/);
  });

  it("are not there on GitHub Enterprise Server", async () => {
    context = becomeJob(await github.env(run, { serverUrl: "https://git.example.com" }));
    store = artifactStore(context, run.token);
    expect(await message(upload())).toMatch(
      /^Cannot upload the artifact pi-0-1: https:\/\/git.example.com is a GitHub Enterprise Server.*upload-artifact@v3/s,
    );
    expect(await message(store.list())).toMatch(/Enterprise Server/);
  });

  it.each(["", "a/b", "a:b", "a\nb", "what?"])("cannot be called %j", async (name) => {
    await expect(upload(name)).rejects.toMatchObject({ exitCode: 2 });
    expect(await names()).toEqual([]);
  });

  it("are not made of nothing", async () => {
    const none = store.upload("pi", [], folder, { retentionDays: null });
    expect(await message(none)).toMatch(/no files for the artifact pi/);
  });

  it("are refused when they are not what was uploaded", async () => {
    const artifact = { ...(await upload()), digest: `sha256:${"0".repeat(64)}` };
    expect(await message(store.download(artifact, join(folder, "out")))).toMatch(
      /what came is not what was uploaded/,
    );
    expect(readdirSync(folder)).toEqual(["shard.tar"]);
  });

  it("are not listed once they expired, nor downloaded", async () => {
    const uploaded = await upload();
    for (const artifact of github.artifacts(run)) github.expire(artifact);
    expect(await store.list()).toEqual([]);
    expect(await message(store.download(uploaded, join(folder, "out")))).toMatch(
      /no such artifact.*expired/s,
    );
  });

  it("are given up at once when the job is cancelled", async () => {
    const cancel = new AbortController();
    store = artifactStore(context, null, cancel.signal);
    const uploading = upload();
    cancel.abort(new Error("cancelled"));
    await expect(uploading).rejects.toThrow("cancelled");
    await expect(store.list()).rejects.toThrow("cancelled");
  });

  it.each([
    ["dots before its name", "../../evil", "out/evil"],
    ["dots within its name", "a/../../../evil", "out/a/evil"],
    ["backslashes", "..\\..\\evil", "out/.\\.\\evil"],
    ["an absolute name", "/tmp/evil", "out/tmp/evil"],
  ])("stay in their folder with %s", async (_what, name, lands) => {
    const artifact = await uploadRaw(makeZip([{ name, content: "evil" }]));
    await store.download(artifact, join(folder, "out"));
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.includes("evil"))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    expect(files).toEqual([lands]);
    expect(existsSync("/tmp/evil")).toBe(false);
  });

  it("bring no links, and follow none", async () => {
    const link = { name: "link", content: folder, mode: 0o120777 };
    const artifact = await uploadRaw(makeZip([link]));
    await store.download(artifact, join(folder, "out"));
    expect(lstatSync(join(folder, "out/link")).isFile()).toBe(true);
    const through = await uploadRaw(makeZip([link, { name: "link/evil", content: "evil" }]));
    expect(await message(store.download(through, join(folder, "other")))).toMatch(/extract/);
    expect(readdirSync(folder).sort()).toEqual(["out", "shard.tar"]);
  });

  it("of one file are just that file", async () => {
    const uploaded = await upload();
    const path = await downloadFile(store, uploaded, "shard.tar", join(folder, "out"));
    expect(readFileSync(path, "utf8")).toBe("a shard\n");
    const other = downloadFile(store, uploaded, "plan.tar", join(folder, "other"));
    expect(await message(other)).toMatch(
      /^The artifact pi-0-1 \(\d+\) should hold plan.tar and nothing else, but holds "shard.tar"/,
    );
    const more = await uploadRaw(
      makeZip([
        { name: "shard.tar", content: "" },
        { name: "more/in.txt", content: "" },
      ]),
    );
    expect(await message(downloadFile(store, more, "shard.tar", join(folder, "more")))).toMatch(
      /but holds "more", "shard.tar"/,
    );
  });

  /** As a job of one's own making uploads, without the client. */
  async function uploadRaw(zip: Buffer) {
    const name = `raw-${randomUUID()}`;
    const call = async (method: string, body: object) => {
      const service = "twirp/github.actions.results.api.v1.ArtifactService";
      const response = await fetch(`${github.resultsUrl}/${service}/${method}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${process.env.ACTIONS_RUNTIME_TOKEN}`,
        },
        body: JSON.stringify({ ...backendIds(), name, ...body }),
      });
      return z.object({ signed_upload_url: z.string().default("") }).parse(await response.json());
    };
    const { signed_upload_url } = await call("CreateArtifact", { version: 7 });
    const put = await fetch(signed_upload_url, {
      method: "PUT",
      headers: { "x-ms-blob-type": "BlockBlob" },
      body: new Uint8Array(zip),
    });
    expect(put.status).toBe(201);
    const hash = `sha256:${createHash("sha256").update(zip).digest("hex")}`;
    await call("FinalizeArtifact", { size: String(zip.length), hash });
    const artifact = (await store.list()).find((listed) => listed.name === name);
    if (artifact === undefined) throw new Error("the artifact was not finalized");
    return artifact;
  }

  function backendIds() {
    const [, payload = ""] = (process.env.ACTIONS_RUNTIME_TOKEN ?? "").split(".");
    const { scp } = JSON.parse(Buffer.from(payload, "base64url").toString());
    const [, run, job] = /Actions\.Results:([^: ]+):([^: ]+)/.exec(scp) ?? [];
    return { workflow_run_backend_id: run, workflow_job_run_backend_id: job };
  }

  describe("of another run", () => {
    let earlier: Run;
    beforeEach(async () => {
      earlier = run;
      await upload("pi-0-1");
      await upload("pi-1-1");
      run = github.startRun();
      context = becomeJob(await github.env(run));
      store = artifactStore(context, run.token);
    });

    it("are listed and downloaded with a token", async () => {
      expect(await store.list()).toEqual([]);
      const listed = await store.list(earlier.id);
      expect(listed.map(({ name }) => name)).toEqual(["pi-0-1", "pi-1-1"]);
      const [first] = listed;
      if (first === undefined) return;
      expect(first.digest).toMatch(/^sha256:/);
      await store.download(first, join(folder, "out"), earlier.id);
      expect(readFileSync(join(folder, "out/shard.tar"), "utf8")).toBe("a shard\n");
    });

    it("survive server errors", async () => {
      github.fail("actions/list-workflow-run-artifacts", {
        calls: [1, 2],
        failure: { status: 502 },
      });
      github.fail("actions/download-artifact", { calls: [1, 2], failure: { status: 502 } });
      const [first] = await store.list(earlier.id);
      if (first === undefined) throw new Error("nothing is listed");
      await store.download(first, join(folder, "out"), earlier.id);
      expect(readdirSync(join(folder, "out"))).toEqual(["shard.tar"]);
    });

    it.each([
      ["without a token", () => null, /needs a token/],
      ["with a wrong token", () => "ghs_wrong", /wrong or has expired \(401\)/],
      [
        "without the permission",
        () => github.token(github.repository, { contents: "read" }),
        /may not \(403\).*permissions:\n {2}actions: read/s,
      ],
    ])("are refused %s", async (_how, token, expected) => {
      store = artifactStore(context, token());
      expect(await message(store.list(earlier.id))).toMatch(expected);
      const artifact = { id: 1, name: "pi-0-1", size: 1, digest: null, createdAt: null };
      const download = store.download(artifact, join(folder, "out"), earlier.id);
      expect(await message(download)).toMatch(expected);
    });

    it("are said to be nowhere", async () => {
      expect(await message(store.list(1))).toMatch(
        /^Cannot list the artifacts of run 1 of octo-org\/sims: there is none.*actions: read/s,
      );
    });

    it("are said to have expired", async () => {
      const listed = await store.list(earlier.id);
      const [first] = github.artifacts(earlier);
      if (first === undefined) return;
      github.expire(first);
      expect((await store.list(earlier.id)).map(({ name }) => name)).toEqual(["pi-1-1"]);
      const gone = listed.find(({ id }) => id === first.id);
      if (gone === undefined) throw new Error("it was not listed");
      expect(await message(store.download(gone, join(folder, "out"), earlier.id))).toMatch(
        /has expired \(410\)/,
      );
      for (const artifact of github.artifacts(earlier)) github.expire(artifact);
      expect(await message(store.list(earlier.id))).toMatch(
        /All 2 artifacts of run .* have expired/,
      );
    });

    it("wait for a rate limit that ends soon", async () => {
      github.limitRate(0, new Date(Date.now() + 2000));
      const listing = store.list(earlier.id);
      await vi.waitFor(() => expect(github.calls.at(-1)?.status).toBe(403));
      github.limitRate(10);
      expect(await listing).toHaveLength(2);
    });

    it("do not wait for a rate limit that ends late, and say when it does", async () => {
      github.limitRate(0, new Date("2030-01-02T03:04:05Z"));
      expect(await message(store.list(earlier.id))).toMatch(
        /rate limit of the token is reached \(403\); it ends at 2030-01-02 03:04:05 UTC/,
      );
    });
  });
});
