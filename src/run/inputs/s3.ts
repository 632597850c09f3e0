import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import { ReportedError } from "../../sweep/errors.ts";
import type { Network } from "./http.ts";
import { downloadObjects, parseAddress, type Store } from "./objects.ts";
import { reasonOf, withRetries } from "./retry.ts";

type Sdk = typeof import("@aws-sdk/client-s3");

/**
 * Downloads s3://bucket/key, or with a `/` at the end all keys below it as a folder, unless what
 * an earlier download returned as `known` still holds. Credentials and region come from where the
 * AWS tools look for them, another server's address from AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL;
 * without credentials the bucket is read as anybody may.
 *
 * @throws ReportedError (3) with the address and what the server said.
 */
export async function downloadS3(
  address: string,
  known: string | null,
  target: string,
  env: NodeJS.ProcessEnv,
  network: Network,
): Promise<string | null | "unchanged"> {
  const sdk = await loadSdk();
  const download = async (anonymous: boolean) => {
    const client = makeClient(sdk, env, anonymous);
    try {
      const store = s3Store(sdk, client, address, network);
      return await downloadObjects(address, store, known, target);
    } finally {
      client.destroy();
    }
  };
  try {
    return await download(false);
  } catch (error) {
    if (!(error instanceof WithoutCredentials)) throw error;
    return await download(true);
  }
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (cause) {
    throw new ReportedError(
      3,
      "s3:// inputs need the package @aws-sdk/client-s3, which is not installed.\n" +
        "Install it beside sim-pipeline: npm install @aws-sdk/client-s3",
      { cause },
    );
  }
}

/** Unsigned requests. The library wants to know of some credentials all the same. */
const ANONYMOUS = {
  signer: { sign: async <T>(request: T) => request },
  credentials: { accessKeyId: "", secretAccessKey: "" },
};

function makeClient(sdk: Sdk, env: NodeJS.ProcessEnv, anonymous: boolean): S3Client {
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  return new sdk.S3Client({
    followRegionRedirects: true,
    ...(region === undefined ? {} : { region }),
    // Other servers are reached by an address in which a bucket's name has no place, and most of
    // them know no regions.
    ...(endpoint === undefined
      ? {}
      : { endpoint, forcePathStyle: true, region: region ?? "us-east-1" }),
    ...(anonymous ? ANONYMOUS : {}),
  });
}

function s3Store(sdk: Sdk, client: S3Client, address: string, network: Network): Store {
  const { bucket: Bucket } = parseAddress(address);
  const options = { abortSignal: network.signal };
  const refused = refusal(address, network.signal);
  return {
    look: async (Key) => {
      const command = new sdk.HeadObjectCommand({ Bucket, Key });
      const { ETag } = await client.send(command, options).catch(refused);
      return { key: Key, version: ETag ?? null };
    },
    list: async function* (Prefix) {
      let ContinuationToken: string | undefined;
      do {
        const command = new sdk.ListObjectsV2Command({ Bucket, Prefix, ContinuationToken });
        const page = await client.send(command, options).catch(refused);
        for (const { Key, ETag } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: Key, version: ETag ?? null };
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
    save: async ({ key, version }, target) => {
      // The version that was seen, not one that came since.
      const IfMatch = version ?? undefined;
      const command = new sdk.GetObjectCommand({ Bucket, Key: key, IfMatch });
      // The library asks again where a request fails, but not where a body breaks off.
      await withRetries(async () => {
        const { Body } = await client.send(command, options).catch(refused);
        if (!(Body instanceof Readable)) throw new Error(`${address} came without a body`);
        await pipeline(Body, createWriteStream(target), { signal: network.signal });
      }, network);
    },
  };
}

/** Nothing on this machine says who we are. */
class WithoutCredentials extends Error {
  override readonly name = "WithoutCredentials";
}

const ANSWER = z.object({ $metadata: z.object({ httpStatusCode: z.number() }) });

/** Makes of what the library throws an error with the address and a remedy. */
function refusal(address: string, signal: AbortSignal): (error: unknown) => never {
  return (cause) => {
    signal.throwIfAborted();
    if (!(cause instanceof Error)) throw cause;
    if (cause.name === "CredentialsProviderError") {
      throw new WithoutCredentials("no AWS credentials", { cause });
    }
    const status = ANSWER.safeParse(cause).data?.$metadata.httpStatusCode;
    const said = status === undefined ? reasonOf(cause) : `HTTP ${status} ${cause.name}`;
    throw new ReportedError(
      3,
      `Cannot download the input ${address}: ${said}\n${remedy(cause.message, status)}`,
      { cause },
    );
  };
}

function remedy(message: string, status: number | undefined): string {
  if (message === "Region is missing") return "Set AWS_REGION to the bucket's region.";
  switch (status) {
    case 401:
    case 403:
      return "Check the address and the AWS credentials: they must allow reading and listing it.";
    case 404:
      return "There is no such bucket or key: check `inputs`; a folder's address ends in /.";
    case 412:
      return "It was changed during the download: run again.";
    default:
      return "Check the address, AWS_REGION and the network, then run again.";
  }
}
