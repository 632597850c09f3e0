import type { EC2Client } from "@aws-sdk/client-ec2";
import { z } from "zod";
import { ReportedError } from "../../sweep/errors.ts";
import { ProviderError } from "../provider.ts";
import { type Asked, type Failure, failureOf, providerError } from "./failure.ts";

export type Sdk = typeof import("@aws-sdk/client-ec2");

/** EC2 in one region, with the account's credentials. */
export interface Ec2 extends Disposable {
  readonly sdk: Sdk;
  readonly region: string;
  /** @throws ProviderError, or the signal's reason as soon as that aborts. */
  call<T>(asked: Asked, send: Send<T>, signal: AbortSignal): Promise<T>;
  /** The same for a call that is also done where it fails with the code `accepts`. */
  attempt(
    asked: Asked & { readonly accepts: string },
    send: Send<unknown>,
    signal: AbortSignal,
  ): Promise<void>;
  /** When a call was answered, by AWS's clock; null where it was not told. */
  date(asked: Asked, signal: AbortSignal): Promise<number | null>;
}

export type Send<T> = (
  client: EC2Client,
  options: { readonly abortSignal: AbortSignal },
) => Promise<T>;

/** Tries of one call, with growing pauses between them. */
const ATTEMPTS = 5;
/** Milliseconds. */
const PATIENCE = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true };

/**
 * Opens EC2 with the credentials and the region that the AWS tools would take: AWS_ACCESS_KEY_ID and
 * its like, AWS_PROFILE, `~/.aws`, a web identity, the machine's own role; nothing is sent yet.
 *
 * @throws ProviderError `invalid` where no region is set; ReportedError (3) without the SDK.
 */
export async function openEc2(env: NodeJS.ProcessEnv): Promise<Ec2> {
  const sdk = await loadSdk();
  const client = new sdk.EC2Client({
    ...clientSettings(env),
    ...endpoint(env.AWS_ENDPOINT_URL_EC2 || env.AWS_ENDPOINT_URL),
    maxAttempts: ATTEMPTS,
    requestHandler: PATIENCE,
  });
  const region = await client.config.region().catch(() => null);
  if (region === null || !/^[a-z0-9-]{1,40}$/.test(region)) {
    client.destroy();
    throw new ProviderError(
      "invalid",
      "There is no region for AWS.\nSet AWS_REGION, as eu-central-1, or `region` of the profile in ~/.aws/config.",
    );
  }
  async function sent<T>(send: Send<T>, signal: AbortSignal): Promise<T | Failed> {
    signal.throwIfAborted();
    try {
      return await send(client, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      return new Failed(failureOf(error));
    }
  }
  const call: Ec2["call"] = async (asked, send, signal) => {
    const result = await sent(send, signal);
    if (result instanceof Failed) throw providerError(result.failure, asked);
    return result;
  };
  return {
    sdk,
    region,
    call,
    attempt: async (asked, send, signal) => {
      const result = await sent(send, signal);
      if (!(result instanceof Failed) || result.failure.code === asked.accepts) return;
      throw providerError(result.failure, asked);
    },
    date: async (asked, signal) => {
      const command = new sdk.DescribeInstancesCommand({ MaxResults: 5, Filters: OURS });
      let date: number | null = null;
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          date = dateOf(result.response);
          return result;
        },
        { step: "deserialize" },
      );
      await call(asked, (ec2, options) => ec2.send(command, options), signal);
      return date;
    },
    [Symbol.dispose]: () => client.destroy(),
  };
}

/** Told apart from whatever a call may resolve with. */
class Failed {
  readonly failure: Failure;

  constructor(failure: Failure) {
    this.failure = failure;
  }
}

/** What every instance of ours has as a tag, and by which `list` finds them. */
export const MARK = "sim-pipeline";
const OURS = [{ Name: "tag-key", Values: [MARK] }];

/** Instances of ours; for an hour longer, EC2 shows those that are gone. */
export const FILTERS = [
  ...OURS,
  {
    Name: "instance-state-name",
    Values: ["pending", "running", "stopping", "stopped", "shutting-down"],
  },
];

const DATED = z.object({ headers: z.object({ date: z.string() }) });

function dateOf(response: unknown): number | null {
  const date = Date.parse(DATED.safeParse(response).data?.headers.date ?? "");
  return Number.isNaN(date) ? null : date;
}

/** Of any client of AWS's; what is not set is found by the SDK's own chain. */
export function clientSettings(env: NodeJS.ProcessEnv) {
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE } = env;
  const keys = AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY && !AWS_PROFILE;
  return {
    ...(region ? { region } : {}),
    ...(AWS_PROFILE ? { profile: AWS_PROFILE } : {}),
    ...(keys
      ? {
          credentials: {
            accessKeyId: AWS_ACCESS_KEY_ID,
            secretAccessKey: AWS_SECRET_ACCESS_KEY,
            ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
          },
        }
      : {}),
  };
}

/** Another server in AWS's place. */
export function endpoint(url: string | undefined): { readonly endpoint?: string } {
  return url ? { endpoint: url } : {};
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@aws-sdk/client-ec2");
  } catch (cause) {
    throw new ReportedError(
      3,
      "Machines of AWS need the package @aws-sdk/client-ec2, which is not installed.\n" +
        "Install it beside sim-pipeline: npm install @aws-sdk/client-ec2 @aws-sdk/client-pricing",
      { cause },
    );
  }
}

/** All pages of a list. */
export async function* pages<T extends { readonly NextToken?: string | undefined }>(
  page: (token: string | undefined) => Promise<T>,
): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const answer = await page(token);
    yield answer;
    token = answer.NextToken || undefined;
  } while (token !== undefined);
}
