import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** How AWS refuses: what moto never does by itself. */
export interface Refusal {
  /** Of the API, as `RunInstances`. */
  readonly action: string;
  readonly code: string;
  readonly message?: string;
  /** Default 400. */
  readonly status?: number;
  /** Default 1; how often. */
  readonly times?: number;
  /** Whether moto does it nevertheless, and only the answer is another. */
  readonly afterwards?: boolean;
}

/**
 * moto's server with an account of its own, behind a gate that refuses as AWS does where moto does
 * not: lack of capacity, quotas, and the price list, which moto has none of.
 */
export interface Moto extends AsyncDisposable {
  /** The variables with which AWS's clients use it. */
  readonly env: NodeJS.ProcessEnv;
  readonly region: string;
  /** Names of the calls that came, `DescribeInstances` and its like. */
  readonly requests: string[];
  fail(refusal: Refusal): void;
  /** Dollars an hour by instance type; empty: whoever asks may not see them. */
  setPrices(prices: Readonly<Record<string, number>>): void;
  /** A call past the gate and past the SDK, with the answer's XML. */
  call(
    action: string,
    parameters?: Readonly<Record<string, string>>,
    service?: string,
  ): Promise<string>;
  /** Empties the account. */
  reset(): Promise<void>;
  /** From here on, only a user with such a policy's credentials is let in: the variables of his. */
  demandCredentials(actions: readonly string[]): Promise<NodeJS.ProcessEnv>;
}

const REGION = "eu-central-1";
const CANONICAL = "099720109477";

/** What Canonical has: the newest is none of the first, and not the one of another machine. */
export const IMAGES = {
  newest: "ami-00000000000000003",
  all: [
    image("ami-00000000000000001", "amd64-server-20240423", "2024-04-23"),
    image("ami-00000000000000003", "amd64-server-20261001", "2026-10-01"),
    image("ami-00000000000000002", "amd64-server-20250601", "2025-06-01"),
    image("ami-00000000000000004", "arm64-server-20261101", "2026-11-01", {
      architecture: "arm64",
    }),
    image("ami-00000000000000005", "amd64-server-20261102", "2026-11-02", {
      owner_id: "123456789012",
    }),
    image("ami-00000000000000006", "amd64-server-20261103", "2026-11-03", {
      name: "ubuntu/images/hvm-ssd-gp3/ubuntu-jammy-22.04-amd64-server-20261103",
    }),
  ],
} as const;

function image(ami_id: string, name: string, day: string, changes: object = {}) {
  return {
    ami_id,
    name: `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${name}`,
    creation_date: `${day}T10:00:00.000Z`,
    ...{ owner_id: CANONICAL, architecture: "x86_64", state: "available", public: true },
    ...{ root_device_type: "ebs", root_device_name: "/dev/sda1", image_type: "machine" },
    ...{ virtualization_type: "hvm", hypervisor: "xen", sriov: "simple", description: "" },
    ...{ image_location: "amazon/ubuntu", platform: null },
    ...changes,
  };
}

/** @param server moto_server's program. */
export async function startMoto(server: string): Promise<Moto> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-moto-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const images = join(folder, "images.json");
  await writeFile(images, JSON.stringify(IMAGES.all));
  const child = spawn(server, ["-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env.PATH,
      MOTO_AMIS_PATH: images,
      MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: "true",
      MOTO_ENABLE_AMI_VALIDATION: "true",
    },
  });
  const ended = once(child, "exit");
  cleanup.defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const url = await addressOf(child.stderr);
  const gate = await startGate(url);
  cleanup.use(gate);
  const owned = cleanup.move();

  let isDemanding = false;
  const call: Moto["call"] = async (action, parameters = {}, service = "ec2") => {
    if (isDemanding) await control("reset-auth", "inf");
    const response = await fetch(url, {
      method: "POST",
      headers: {
        // moto looks at the service and the region, and at no signature unless told to.
        authorization: `AWS4-HMAC-SHA256 Credential=lab/20261121/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=lab`,
      },
      body: new URLSearchParams({
        Action: action,
        Version: VERSIONS[service] ?? "",
        ...parameters,
      }),
    });
    const text = await response.text();
    if (isDemanding) await control("reset-auth", "0");
    if (!response.ok) throw new Error(`${action}: ${text}`);
    return text;
  };
  const control = async (path: string, body = "") => {
    await fetch(`${url}/moto-api/${path}`, { method: "POST", body });
  };
  const env = (id: string, secret: string): NodeJS.ProcessEnv => ({
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_ENDPOINT_URL: gate.url,
    AWS_EC2_METADATA_DISABLED: "true",
  });

  return {
    env: env("lab", "a-secret-of-the-lab"),
    region: REGION,
    requests: gate.requests,
    fail: gate.fail,
    setPrices: gate.setPrices,
    call,
    reset: async () => {
      isDemanding = false;
      await control("reset-auth", "inf");
      await control("reset");
      gate.clear();
    },
    demandCredentials: async (actions) => {
      await call("CreateUser", { UserName: "lab" }, "iam");
      const Statement = [{ Effect: "Allow", Action: actions, Resource: "*" }];
      const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
      await call("PutUserPolicy", { UserName: "lab", PolicyName: "lab", PolicyDocument }, "iam");
      const key = await call("CreateAccessKey", { UserName: "lab" }, "iam");
      await control("reset-auth", "0");
      isDemanding = true;
      return env(element(key, "AccessKeyId"), element(key, "SecretAccessKey"));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const VERSIONS: Readonly<Record<string, string>> = { ec2: "2016-11-15", iam: "2010-05-08" };

/** The text of all elements of a name. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(
    ([, text = ""]) => text,
  );
}

function element(xml: string, name: string): string {
  const [text] = elements(xml, name);
  if (text === undefined) throw new Error(`no ${name} in ${xml}`);
  return text;
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  let said = "";
  for await (const line of createInterface({ input: output })) {
    said += `${line}\n`;
    const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (url === undefined) continue;
    output.resume();
    return url;
  }
  throw new Error(`moto does not start:\n${said}`);
}

async function startGate(behind: string) {
  const requests: string[] = [];
  let refusals: Refusal[] = [];
  let prices: Readonly<Record<string, number>> = {};
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const target = String(incoming.headers["x-amz-target"] ?? "");
    const form = new URLSearchParams(body.toString());
    const action = target === "" ? (form.get("Action") ?? "") : (target.split(".")[1] ?? "");
    requests.push(form.get("DryRun") === "true" ? `${action} (dry)` : action);
    if (action === "GetProducts") return priceList(prices, body.toString(), outgoing);
    const refusal = refusals.find((one) => one.action === action);
    if (refusal !== undefined) {
      const times = (refusal.times ?? 1) - 1;
      const rest = refusals.filter((one) => one !== refusal);
      refusals = times > 0 ? [...rest, { ...refusal, times }] : rest;
      if (refusal.afterwards === true) await pass(behind, incoming, body);
      outgoing.writeHead(refusal.status ?? 400, { "content-type": "text/xml" });
      outgoing.end(
        `<Response><Errors><Error><Code>${refusal.code}</Code><Message>${refusal.message ?? ""}</Message></Error></Errors><RequestID>lab</RequestID></Response>`,
      );
      return;
    }
    const answer = await pass(behind, incoming, body);
    outgoing.writeHead(answer.status, answer.headers);
    outgoing.end(answer.body);
  };
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    fail: (refusal: Refusal) => void refusals.push(refusal),
    setPrices: (some: Readonly<Record<string, number>>) => {
      prices = some;
    },
    clear: () => {
      requests.length = 0;
      refusals = [];
      prices = {};
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** As it came: the signature is over the host and the headers, too. */
async function pass(behind: string, incoming: IncomingMessage, body: Buffer) {
  const sent = request(new URL(incoming.url ?? "/", behind), {
    method: incoming.method,
    headers: incoming.headers,
  });
  sent.end(body);
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (response === undefined) throw new Error("no answer");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  const { "transfer-encoding": _encoding, ...headers } = response.headers;
  return { status: response.statusCode ?? 500, headers, body: Buffer.concat(chunks) };
}

/** In pages of two, in the shape of AWS's price list; one entry of it has another unit. */
function priceList(
  prices: Readonly<Record<string, number>>,
  body: string,
  outgoing: ServerResponse,
): void {
  const json = { "content-type": "application/x-amz-json-1.1" };
  if (Object.keys(prices).length === 0) {
    outgoing.writeHead(400, json);
    outgoing.end(JSON.stringify({ __type: "AccessDeniedException", Message: "not authorized" }));
    return;
  }
  const asked = [...Object.entries(prices)].filter(
    ([type]) => !body.includes('"instanceType"') || body.includes(`"${type}"`),
  );
  const start = Number(/"NextToken":"(\d+)"/.exec(body)?.[1] ?? "0");
  const product = ([instanceType, dollars]: readonly [string, number], unit = "Hrs") =>
    JSON.stringify({
      product: { attributes: { instanceType } },
      terms: {
        OnDemand: {
          a: { priceDimensions: { b: { unit, pricePerUnit: { USD: String(dollars) } } } },
        },
      },
    });
  const page = asked.slice(start, start + 2);
  outgoing.writeHead(200, json);
  outgoing.end(
    JSON.stringify({
      FormatVersion: "aws_v1",
      PriceList: [...page.map((one) => product(one)), product(["none.large", 1], "Quantity")],
      ...(start + 2 < asked.length ? { NextToken: String(start + 2) } : {}),
    }),
  );
}
