import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ReportedError } from "../../../src/sweep/errors.ts";
import { Fixture } from "./fixture.ts";

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Answers of the server, one a request; the last one stays. */
type Answer = RequestListener;

describe.skipIf(!hasOpenssl)("an input at an https:// address (needs openssl)", () => {
  const authorities = getCACertificates("default");
  let trusted: { key: string; cert: string };
  let server: Server;
  let fixture: Fixture;
  let base = "";
  let answers: Answer[] = [];
  let requests: { method: string; url: string; headers: IncomingMessage["headers"] }[] = [];

  beforeAll(() => {
    trusted = certificate();
    setDefaultCACertificates([...authorities, trusted.cert]);
  });
  afterAll(() => setDefaultCACertificates(authorities));

  beforeEach(async () => {
    fixture = new Fixture();
    answers = [];
    requests = [];
    server = createServer(trusted, (request, response) => {
      const { method = "", url = "", headers } = request;
      requests.push({ method, url, headers });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(request, response);
    });
    base = await listen(server, "https");
  });
  afterEach(async () => {
    fixture[Symbol.dispose]();
    await close(server);
  });

  const content = async (path = "/data.csv") =>
    readFileSync((await fixture.resolve(`${base}${path}`)).source, "utf8");

  it("is downloaded, hashed and readable for everybody", async () => {
    answers = [reply(200, "a,b\n")];
    const input = await fixture.resolve(`${base}/data.csv`);
    expect(readFileSync(input.source, "utf8")).toBe("a,b\n");
    fixture.put("same", "a,b\n");
    expect(input.sha256).toBe((await fixture.resolve("same")).sha256);
    expect(statSync(input.source).mode & 0o777).toBe(0o644);
    expect(requests).toMatchObject([{ method: "GET", url: "/data.csv" }]);
  });

  it("is kept as the bytes that the server has, not unpacked", async () => {
    answers = [reply(200, "x")];
    await content();
    expect(requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("may be empty", async () => {
    answers = [reply(200, "")];
    expect(await content()).toBe("");
  });

  it.each([
    ["etag", '"v1"', "if-none-match"],
    ["etag", 'W/"v1"', "if-none-match"],
    ["last-modified", "Wed, 21 Oct 2026 07:28:00 GMT", "if-modified-since"],
  ])("with %s %s is used again while the server says so", async (header, value, condition) => {
    answers = [reply(200, "one", { [header]: value }), reply(304)];
    const first = await fixture.resolve(`${base}/data.csv`);
    const second = await fixture.resolve(`${base}/data.csv`);
    expect(second).toEqual(first);
    expect(requests.map(({ headers }) => headers[condition])).toEqual([undefined, value]);
  });

  it("is downloaded again when it has changed, and the old copy goes", async () => {
    answers = [reply(200, "one", { etag: '"1"' }), reply(200, "two", { etag: '"2"' })];
    const first = await fixture.resolve(`${base}/data.csv`);
    const second = await fixture.resolve(`${base}/data.csv`);
    expect(readFileSync(second.source, "utf8")).toBe("two");
    expect(second.sha256).not.toBe(first.sha256);
    expect(readdirSync(fixture.cache)).toHaveLength(1);
  });

  it("is downloaded again when the server gives nothing to compare", async () => {
    answers = [reply(200, "one"), reply(200, "two")];
    expect(await content()).toBe("one");
    expect(await content()).toBe("two");
    expect(requests[1]?.headers).not.toHaveProperty("if-none-match");
  });

  it.each([
    ["altered", (source: string) => writeFileSync(source, "tampered")],
    ["lost", (source: string) => rmSync(source)],
    [
      "with a broken record",
      (source: string) => writeFileSync(`${source}/../entry.json`.replace("content/../", ""), "{"),
    ],
  ])("is downloaded again when the copy is %s", async (_, damage) => {
    answers = [reply(200, "one", { etag: '"1"' })];
    damage((await fixture.resolve(`${base}/data.csv`)).source);
    expect(await content()).toBe("one");
    expect(requests[1]?.headers).not.toHaveProperty("if-none-match");
  });

  it.each([408, 429, 500, 502, 503, 504])("is tried again after HTTP %i", async (status) => {
    answers = [reply(status), reply(status), reply(200, "at last")];
    expect(await content()).toBe("at last");
    expect(fixture.waits).toHaveLength(2);
  });

  it("waits longer and longer between tries", async () => {
    answers = [reply(500), reply(500), reply(500), reply(500), reply(200, "at last")];
    await content();
    expect(fixture.waits).toHaveLength(4);
    for (const [i, wait] of fixture.waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(500 * 2 ** i * 0.75);
      expect(wait).toBeLessThanOrEqual(500 * 2 ** i * 1.25);
    }
  });

  it("waits as long as the server asks, up to a minute", async () => {
    answers = [
      reply(429, "", { "retry-after": "7" }),
      reply(503, "", { "retry-after": "86400" }),
      reply(503, "", { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }),
      reply(200, "at last"),
    ];
    expect(await content()).toBe("at last");
    expect(fixture.waits).toEqual([7000, 60_000, 0]);
  });

  it("is given up after five tries, with address and status", async () => {
    answers = [reply(503)];
    await expect(content()).rejects.toThrow(
      `Cannot download the input ${base}/data.csv: HTTP 503 Service Unavailable`,
    );
    expect(requests).toHaveLength(5);
    expect(readdirSync(fixture.cache)).toEqual([]);
  });

  it("is downloaded whole again when the connection breaks off", async () => {
    const breakOff: Answer = (_, response) => {
      response.writeHead(200, { "content-length": "1000000" });
      response.write("half", () => response.destroy());
    };
    answers = [breakOff, (_, response) => response.destroy(), reply(200, "all of it")];
    expect(await content()).toBe("all of it");
    expect(fixture.waits).toHaveLength(2);
  });

  it.each([
    [404, "There is nothing at this address"],
    [410, "There is nothing at this address"],
    [401, "check address and credentials"],
    [403, "check address and credentials"],
    [400, "Check the address"],
    [304, "Check the address"],
  ])("fails at once with HTTP %i", async (status, remedy) => {
    answers = [reply(status)];
    const failed = fixture.resolve(`${base}/data.csv`);
    await expect(failed).rejects.toThrow(ReportedError);
    await expect(failed).rejects.toThrow(new RegExp(`HTTP ${status}.*${remedy}`, "s"));
    await expect(failed).rejects.toMatchObject({ exitCode: 3 });
    expect(requests).toHaveLength(1);
  });

  it("is found behind redirects", async () => {
    answers = [
      reply(302, "", { location: "/elsewhere" }),
      reply(308, "", { location: `${base}/there?x=1` }),
      reply(200, "found", { etag: '"1"' }),
    ];
    expect(await content()).toBe("found");
    expect(requests.map(({ url }) => url)).toEqual(["/data.csv", "/elsewhere", "/there?x=1"]);
  });

  it("is not followed to an address without encryption", async () => {
    let asked = 0;
    const open = createHttpServer((_, response) => {
      asked += 1;
      response.end("x");
    });
    const address = await listen(open, "http");
    answers = [reply(302, "", { location: `${address}/data.csv` })];
    await expect(content()).rejects.toThrow("redirects to http://");
    expect(asked).toBe(0);
    await close(open);
  });

  it("is not followed in circles", async () => {
    answers = [reply(302, "", { location: "/data.csv" })];
    await expect(content()).rejects.toThrow("redirects over and over");
    expect(requests).toHaveLength(11);
  });

  it("keeps a signed address's secret out of messages and of the cache", async () => {
    answers = [reply(404)];
    const failed = content("/data.csv?signature=SECRET");
    await expect(failed).rejects.toThrow(`${base}/data.csv?...: HTTP 404`);
    await expect(failed).rejects.not.toThrow("SECRET");
    answers = [reply(200, "x", { etag: '"1"' })];
    const { source } = await fixture.resolve(`${base}/data.csv?signature=SECRET`);
    expect(source).not.toContain("SECRET");
    expect(readFileSync(join(source, "../entry.json"), "utf8")).not.toContain("SECRET");
  });

  it("from a server that nobody vouches for is refused at once", async () => {
    const impostor = createServer(certificate(), reply(200, "x"));
    const address = await listen(impostor, "https");
    await expect(fixture.resolve(`${address}/data.csv`)).rejects.toThrow(/self-signed certificate/);
    expect(fixture.waits).toEqual([]);
    await close(impostor);
  });

  it("from a server that is not there is tried five times, and the error says why", async () => {
    await close(server);
    await expect(content()).rejects.toThrow("ECONNREFUSED");
    expect(fixture.waits).toHaveLength(4);
  });

  it("is left when the signal aborts in the middle", async () => {
    const controller = new AbortController();
    answers = [
      (_, response) => {
        response.writeHead(200);
        response.write("half", () => controller.abort(new Error("interrupted")));
      },
    ];
    const resolved = fixture.resolve(`${base}/data.csv`, controller.signal);
    await expect(resolved).rejects.toThrow("interrupted");
    expect(readdirSync(fixture.cache)).toEqual([]);
  });
});

function reply(status: number, body = "", headers: Record<string, string> = {}): Answer {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

async function listen(server: Server | ReturnType<typeof createHttpServer>, scheme: string) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `${scheme}://localhost:${address.port}`;
}

async function close(server: Server | ReturnType<typeof createHttpServer>): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** A key and a certificate of its own for localhost. */
function certificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  const key = join(folder, "key.pem");
  const cert = join(folder, "cert.pem");
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...words.split(" "), ...names, "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  const made = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  rmSync(folder, { recursive: true });
  return made;
}
