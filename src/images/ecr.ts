import type { Credentials } from "../registry/credentials.ts";
import { registryError } from "../registry/faults.ts";
import { ReportedError } from "../sweep/errors.ts";

type Sdk = typeof import("@aws-sdk/client-ecr");

/**
 * A password for an ECR registry, which lasts for 12 hours, by the credentials that the AWS tools
 * find. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
 *
 * @throws ReportedError (3) without the SDK, without credentials, or where AWS refuses.
 */
export async function ecrCredentials(
  registry: string,
  region: string,
  signal: AbortSignal,
): Promise<Credentials> {
  const { ECRClient, GetAuthorizationTokenCommand } = await loadSdk();
  const client = new ECRClient({ region });
  let token: string | undefined;
  try {
    const answer = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
    token = answer.authorizationData?.[0]?.authorizationToken;
  } catch (cause) {
    signal.throwIfAborted();
    // Not its message: that of some errors quotes the request.
    const said = cause instanceof Error ? cause.name : "an unknown error";
    throw registryError("unauthorized", {
      host: registry,
      action: `Cannot log in to ${registry}`,
      said: `AWS gave no token: ${said}`,
      cause,
    });
  } finally {
    client.destroy();
  }
  const [user, ...password] = Buffer.from(token ?? "", "base64")
    .toString()
    .split(":");
  if (!user || password.length === 0) {
    throw new ReportedError(3, `Cannot log in to ${registry}: AWS answered without a token.`);
  }
  return { kind: "password", user, password: password.join(":") };
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@aws-sdk/client-ecr");
  } catch (cause) {
    throw new ReportedError(
      3,
      "Images on ECR need the package @aws-sdk/client-ecr, which is not installed.\n" +
        "Install it beside sim-pipeline: npm install @aws-sdk/client-ecr",
      { cause },
    );
  }
}
