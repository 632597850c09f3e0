import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Fixture } from "./fixture.ts";

let fixture: Fixture;
let server: FakeStorage;
beforeEach(async () => {
  fixture = new Fixture();
  server = await fakeStorage("bucket");
  fixture.env.STORAGE_EMULATOR_HOST = server.address;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  fixture[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

describe("an input on Google Cloud Storage (a fake server that keeps to the documentation)", () => {
  it("is one object as a file", async () => {
    const key = "data/in put+ä?#%2F.csv";
    server.put(key, "a,b\n");
    server.put(`${key}.old`, "no");
    const { source } = await fixture.resolve(`gs://bucket/${key}`);
    expect(readFileSync(source, "utf8")).toBe("a,b\n");
  });

  it("is a prefix as a folder, listed over several pages", async () => {
    for (let i = 0; i < 7; i++) server.put(`data/sub/${i}`, `content ${i}`);
    server.put("database", "not this");
    const { source } = await fixture.resolve("gs://bucket/data/");
    for (let i = 0; i < 7; i++) {
      expect(readFileSync(join(source, `sub/${i}`), "utf8")).toBe(`content ${i}`);
    }
    expect(server.lists).toBe(4);
  });

  it.each(["file", ""])("is downloaded again only when it has changed: data/%s", async (key) => {
    server.put("data/file", "one");
    const first = await fixture.resolve(`gs://bucket/data/${key}`);
    expect(await fixture.resolve(`gs://bucket/data/${key}`)).toEqual(first);
    expect(server.downloads).toEqual(["data/file"]);
    server.put("data/file", "two");
    const second = await fixture.resolve(`gs://bucket/data/${key}`);
    expect(second.sha256).not.toBe(first.sha256);
    expect(server.downloads).toEqual(["data/file", "data/file"]);
  });

  it("that was changed after it was looked at is not taken for what was seen", async () => {
    server.put("file", "one");
    server.beforeDownload = () => server.put("file", "two");
    await expect(fixture.resolve("gs://bucket/file")).rejects.toThrow("gs://bucket/file: HTTP 404");
  });

  it("is tried again when the server fails for the moment", async () => {
    server.put("file", "one");
    server.failures = 3;
    const { source } = await fixture.resolve("gs://bucket/file");
    expect(readFileSync(source, "utf8")).toBe("one");
    expect(fixture.waits).toHaveLength(3);
  });

  it.each([
    ["an absent key", "gs://bucket/absent", /gs:\/\/bucket\/absent: HTTP 404/],
    ["an absent bucket", "gs://other/file", /gs:\/\/other\/file: HTTP 404/],
    ["an empty prefix", "gs://bucket/absent/", /there is nothing below it/],
  ])("fails with its own address: %s", async (_, from, message) => {
    const failed = fixture.resolve(from);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ exitCode: 3 });
  });

  it("fails with its own address when the answer is not from Google", async () => {
    server.garbled = true;
    await expect(fixture.resolve("gs://bucket/file")).rejects.toThrow(
      /Cannot download the input gs:\/\/bucket\/file: .*JSON/,
    );
  });

  it("gives the emulator no credentials, with or without a scheme in its name", async () => {
    server.put("file", "one");
    fixture.env.STORAGE_EMULATOR_HOST = server.address.replace("http://", "");
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", fixture.put("credentials.json", "{}"));
    await fixture.resolve("gs://bucket/file");
    for (const headers of server.headers) expect(headers).not.toHaveProperty("authorization");
  });

  it("fails before any request when the credentials do not work", async () => {
    fixture.env.STORAGE_EMULATOR_HOST = "";
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", fixture.put("credentials.json", "{}"));
    await expect(fixture.resolve("gs://bucket/file")).rejects.toThrow(
      /Google's credentials do not work.*GOOGLE_APPLICATION_CREDENTIALS/s,
    );
  });
});

interface FakeStorage extends AsyncDisposable {
  readonly address: string;
  readonly downloads: string[];
  readonly headers: IncomingHttpHeaders[];
  lists: number;
  /** How many of the next requests fail. */
  failures: number;
  /** Answers that are no JSON. */
  garbled: boolean;
  beforeDownload: () => void;
  put(key: string, content: string): void;
}

/**
 * Two methods of the JSON API, as documented, with two objects a page:
 * https://cloud.google.com/storage/docs/json_api/v1/objects/list and .../get: a name is one
 * percent-encoded part of the path; `generation` selects a version, an old one is gone where
 * versioning is off; `fields` selects members.
 */
async function fakeStorage(bucket: string): Promise<FakeStorage> {
  const objects = new Map<string, { content: string; generation: string }>();
  let generation = 1_700_000_000_000_000;
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://localhost");
    const query = url.searchParams;
    fake.headers.push(request.headers);
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
      response.end(JSON.stringify(body));
    };
    const notFound = () => answer(404, { error: { code: 404, message: "Not Found" } });
    if (fake.failures > 0) {
      fake.failures -= 1;
      return answer(503, { error: { code: 503, message: "Backend Error" } });
    }
    if (fake.garbled) return response.end("<html>");
    const [, storage, v1, b, name, o, key, ...rest] = url.pathname.split("/");
    if (`${storage}/${v1}/${b}/${o}` !== "storage/v1/b/o" || rest.length > 0) return notFound();
    if (decodeURIComponent(name ?? "") !== bucket) return notFound();
    if (key === undefined) {
      fake.lists += 1;
      if (query.get("fields") !== "items(name,generation),nextPageToken") return answer(400, {});
      const names = [...objects.keys()].filter((it) => it.startsWith(query.get("prefix") ?? ""));
      const start = Number(query.get("pageToken") ?? 0);
      const items = names.sort().slice(start, start + 2);
      return answer(200, {
        // Without objects the member is left out.
        ...(items.length === 0
          ? {}
          : { items: items.map((name) => ({ name, generation: objects.get(name)?.generation })) }),
        ...(start + 2 < names.length ? { nextPageToken: String(start + 2) } : {}),
      });
    }
    const decoded = decodeURIComponent(key);
    if (query.get("alt") !== "media") {
      const object = objects.get(decoded);
      if (object === undefined) return notFound();
      return answer(200, { name: decoded, generation: object.generation });
    }
    fake.beforeDownload();
    fake.downloads.push(decoded);
    const object = objects.get(decoded);
    if (object === undefined || query.get("generation") !== object.generation) return notFound();
    response.writeHead(200, { "content-type": "application/octet-stream" });
    response.end(object.content);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const bound: AddressInfo | string | null = http.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  const fake: FakeStorage = {
    address: `http://127.0.0.1:${bound.port}`,
    downloads: [],
    headers: [],
    lists: 0,
    failures: 0,
    garbled: false,
    beforeDownload: () => {},
    put: (key, content) => {
      generation += 1;
      objects.set(key, { content, generation: String(generation) });
    },
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
  return fake;
}
