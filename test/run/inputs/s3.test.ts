import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Fixture } from "./fixture.ts";

const { SIM_LAB_S3, SIM_LAB_S3_ACCESS_KEY = "", SIM_LAB_S3_SECRET_KEY = "" } = process.env;

describe.skipIf(SIM_LAB_S3 === undefined)("an input on S3 (needs the lab's S3 server)", () => {
  const Bucket = `inputs-${randomBytes(6).toString("hex")}`;
  const endpoint = SIM_LAB_S3 ?? "";
  let client: S3Client;
  let fixture: Fixture;

  beforeAll(async () => {
    client = new S3Client({
      endpoint,
      forcePathStyle: true,
      region: "us-east-1",
      credentials: { accessKeyId: SIM_LAB_S3_ACCESS_KEY, secretAccessKey: SIM_LAB_S3_SECRET_KEY },
    });
    await client.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(async () => {
    await clear();
    await client.send(new DeleteBucketCommand({ Bucket }));
    client.destroy();
  });

  beforeEach(() => {
    fixture = new Fixture();
    fixture.env.AWS_ENDPOINT_URL_S3 = endpoint;
    vi.stubEnv("AWS_ACCESS_KEY_ID", SIM_LAB_S3_ACCESS_KEY);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", SIM_LAB_S3_SECRET_KEY);
    vi.stubEnv("AWS_SESSION_TOKEN", undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    fixture[Symbol.dispose]();
    await clear();
  });

  const put = async (Key: string, Body: string | Uint8Array) => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  };
  async function clear() {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
      const Objects = Contents.map(({ Key }) => ({ Key }));
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    }
  }

  it("is one object as a file, with the hash that the file has here", async () => {
    const content = randomBytes(3 * 1024 * 1024);
    await put("data/in put+ä.bin", content);
    fixture.put("local", content);
    const input = await fixture.resolve(`s3://${Bucket}/data/in put+ä.bin`);
    expect(content.equals(readFileSync(input.source))).toBe(true);
    expect(input.sha256).toBe((await fixture.resolve("local")).sha256);
  });

  it("is a prefix as a folder, with the hash that the folder has here", async () => {
    await put("data/a.txt", "one");
    await put("data/sub/b.txt", "two");
    await put("database", "not this");
    fixture.put("local/a.txt", "one");
    fixture.put("local/sub/b.txt", "two");
    const input = await fixture.resolve(`s3://${Bucket}/data/`);
    expect(readFileSync(join(input.source, "sub/b.txt"), "utf8")).toBe("two");
    expect(input.sha256).toBe((await fixture.resolve("local")).sha256);
  });

  it("may be empty", async () => {
    await put("empty", new Uint8Array());
    const { source } = await fixture.resolve(`s3://${Bucket}/empty`);
    expect(statSync(source).size).toBe(0);
  });

  it("is listed over several pages", async () => {
    const keys = Array.from({ length: 1005 }, (_, i) => `many/${i}`);
    for (let i = 0; i < keys.length; i += 50) {
      await Promise.all(keys.slice(i, i + 50).map((key) => put(key, key)));
    }
    const { source } = await fixture.resolve(`s3://${Bucket}/many/`);
    const contents = keys.map((key) => readFileSync(join(source, key.slice(5)), "utf8"));
    expect(contents).toEqual(keys);
  });

  it.each(["file", ""])("is downloaded again only when it has changed: data/%s", async (key) => {
    await put("data/file", "one");
    await using seen = await proxy(endpoint);
    fixture.env.AWS_ENDPOINT_URL_S3 = seen.address;
    const first = await fixture.resolve(`s3://${Bucket}/data/${key}`);
    seen.downloads.length = 0;
    expect(await fixture.resolve(`s3://${Bucket}/data/${key}`)).toEqual(first);
    expect(seen.downloads).toEqual([]);
    await put("data/file", "two");
    const second = await fixture.resolve(`s3://${Bucket}/data/${key}`);
    expect(second.sha256).not.toBe(first.sha256);
    expect(seen.downloads).toEqual([`/${Bucket}/data/file`]);
  });

  it("is downloaded whole again when the connection breaks off", async () => {
    const content = randomBytes(1024 * 1024);
    await put("file", content);
    await using broken = await proxy(endpoint, { breakOff: 2 });
    fixture.env.AWS_ENDPOINT_URL_S3 = broken.address;
    const { source } = await fixture.resolve(`s3://${Bucket}/file`);
    expect(content.equals(readFileSync(source))).toBe(true);
    expect(broken.downloads).toHaveLength(3);
    expect(fixture.waits).toHaveLength(2);
  });

  it("that was changed after it was looked at is not taken for what was seen", async () => {
    await put("file", "one");
    await using late = await proxy(endpoint, { beforeDownload: () => put("file", "two") });
    fixture.env.AWS_ENDPOINT_URL_S3 = late.address;
    await expect(fixture.resolve(`s3://${Bucket}/file`)).rejects.toThrow(
      /HTTP 412.*changed during the download/s,
    );
  });

  it("needs no credentials where anybody may read", async () => {
    await put("public", "open");
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: "*",
          Action: "s3:GetObject",
          Resource: `arn:aws:s3:::${Bucket}/public`,
        },
      ],
    });
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    withoutCredentials();
    const { source } = await fixture.resolve(`s3://${Bucket}/public`);
    expect(readFileSync(source, "utf8")).toBe("open");
    await put("private", "closed");
    await expect(fixture.resolve(`s3://${Bucket}/private`)).rejects.toThrow("HTTP 403");
  });

  it.each([
    ["an absent key", "absent", /HTTP 404.*no such bucket or key/s],
    ["an empty prefix", "absent/", /there is nothing below it/],
  ])("fails with the address and what to do: %s", async (_, key, message) => {
    const failed = fixture.resolve(`s3://${Bucket}/${key}`);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(`s3://${Bucket}/${key}`);
    await expect(failed).rejects.toMatchObject({ exitCode: 3 });
  });

  it("fails with the address and what to do: an absent bucket", async () => {
    await expect(fixture.resolve("s3://no-such-bucket-here/")).rejects.toThrow(
      /s3:\/\/no-such-bucket-here\/: HTTP 404.*no such bucket/s,
    );
  });

  it("fails with the address and what to do: wrong credentials", async () => {
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wrong");
    await expect(fixture.resolve(`s3://${Bucket}/file`)).rejects.toThrow(
      /HTTP 403.*AWS credentials/s,
    );
  });

  it("is not waited for after an abort", async () => {
    await put("file", "x");
    const signal = AbortSignal.abort(new Error("interrupted"));
    await expect(fixture.resolve(`s3://${Bucket}/file`, signal)).rejects.toThrow("interrupted");
  });
});

/** Nothing from environment, files or the machine. */
function withoutCredentials(): void {
  vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);
  vi.stubEnv("AWS_PROFILE", undefined);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
}

interface Disturbance {
  /** How many downloads break off in the middle. */
  readonly breakOff?: number;
  readonly beforeDownload?: () => Promise<void>;
}

/** Passes on to the server what it gets, but for disturbances; it keeps the paths of downloads. */
async function proxy(
  target: string,
  disturbance: Disturbance = {},
): Promise<AsyncDisposable & { readonly address: string; readonly downloads: string[] }> {
  const downloads: string[] = [];
  const server: Server = createServer(async (incoming, outgoing) => {
    const { method, url = "", headers } = incoming;
    const isDownload = method === "GET" && !url.includes("list-type");
    if (isDownload) {
      downloads.push(new URL(url, target).pathname);
      await disturbance.beforeDownload?.();
    }
    const breaks = isDownload && downloads.length <= (disturbance.breakOff ?? 0);
    const passed = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (breaks) answer.once("data", (chunk) => outgoing.write(chunk, () => outgoing.destroy()));
      else answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound: AddressInfo | string | null = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return {
    address: `http://127.0.0.1:${bound.port}`,
    downloads,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
