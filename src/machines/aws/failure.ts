import { z } from "zod";
import { ProviderError, type ProviderErrorKind } from "../provider.ts";

/**
 * What went wrong with a call, as plain data: the SDK's own errors lead to the request, and with it
 * to what it was signed with, so they are read here and dropped.
 */
export interface Failure {
  /** AWS's own, as `UnauthorizedOperation`; the client's for what it found itself. */
  readonly code: string;
  /** Null where there was no answer. */
  readonly status: number | null;
  /** In AWS's words, one line. */
  readonly said: string;
}

/** What was asked. */
export interface Asked {
  /** Begins messages: `Cannot list EC2 instances`. */
  readonly action: string;
  /** Whether it is about one thing that may be gone. */
  readonly oneThing?: boolean;
}

const ANSWERED = z.object({
  name: z.string(),
  message: z.string(),
  $fault: z.string(),
  $metadata: z.object({ httpStatusCode: z.number().optional() }),
});
const OWN = z.object({ name: z.string(), message: z.string(), code: z.string().optional() });

/** The failure that an error of the SDK's stands for. */
export function failureOf(error: unknown): Failure {
  const answered = ANSWERED.safeParse(error).data;
  if (answered !== undefined) {
    const { name, message, $metadata } = answered;
    const said = message === "" || message === name ? name : `${name}, ${line(message)}`;
    return { code: name, status: $metadata.httpStatusCode ?? null, said };
  }
  const own = OWN.safeParse(error).data;
  if (own === undefined) return { code: "", status: null, said: "no answer" };
  const isOwn = CREDENTIALS.test(own.name);
  const said = isOwn ? line(own.message) : `no answer (${own.code ?? own.name})`;
  return { code: own.name, status: null, said };
}

/** Refusals come with a long text for `sts decode-authorization-message`. */
function line(text: string): string {
  const [shown = ""] = text.split(/\s*Encoded authorization failure message/);
  return shown.replaceAll(/\s+/g, " ").slice(0, 400);
}

/** The error that a failure comes to, with what to do about it. */
export function providerError(failure: Failure, { action, oneThing }: Asked): ProviderError {
  const kind = kindOf(failure, oneThing ?? false);
  return new ProviderError(kind, `${action}: ${failure.said}\n${remedy(kind, failure)}`);
}

/** What the client says when it finds none that it can use. */
const CREDENTIALS = /^(?:CredentialsProviderError|TokenProviderError|ProviderError)$/;
const AUTH =
  /^(?:AuthFailure|InvalidClientTokenId|UnrecognizedClient(?:Exception)?|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken|ExpiredToken(?:Exception)?|RequestExpired|RequestTimeTooSkewed)$/;
const FORBIDDEN =
  /^(?:UnauthorizedOperation|AccessDenied(?:Exception)?|OptInRequired|PendingVerification|Blocked|OperationNotPermitted|NotAuthorized)$/;
const BUSY =
  /^(?:RequestLimitExceeded|Throttling(?:Exception)?|RequestThrottled|EC2ThrottledException)$/;
const SOLD_OUT =
  /^(?:InsufficientInstanceCapacity|InsufficientCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity|Unsupported)$/;

/**
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html. The code
 * decides before the status: a lack of capacity comes with 500.
 */
function kindOf({ code, status }: Failure, oneThing: boolean): ProviderErrorKind {
  if (CREDENTIALS.test(code) || AUTH.test(code)) return "auth";
  if (FORBIDDEN.test(code)) return "forbidden";
  if (BUSY.test(code)) return "unavailable";
  if (SOLD_OUT.test(code)) return "out-of-stock";
  if (/LimitExceeded$|^InsufficientFreeAddressesInSubnet$/.test(code)) return "limit";
  if (/\.NotFound$/.test(code) && oneThing) return "missing";
  if (status === null || status === 408 || status === 429 || status >= 500) return "unavailable";
  if (code === "IncorrectInstanceState" || code === "IncorrectState") return "unavailable";
  return "invalid";
}

function remedy(kind: ProviderErrorKind, { code }: Failure): string {
  switch (kind) {
    case "auth":
      return authRemedy(code);
    case "forbidden":
      return "These credentials may not do this: docs/machines.md has a policy with all that is needed.";
    case "limit":
      return "Terminate what is not needed, ask for fewer or smaller ones, or have the quota raised: https://console.aws.amazon.com/servicequotas (EC2, Running On-Demand instances, counted in vCPUs).";
    case "out-of-stock":
      return "Choose another size or region, or try again later: `sim-pipeline machines sizes --provider aws`.";
    case "missing":
      return "It is gone, or belongs to another account or region.";
    case "invalid":
      return "Check the request: `sim-pipeline machines sizes --provider aws` lists sizes.";
    case "unavailable":
      return BUSY.test(code)
        ? "AWS limits how often an account asks it: come back in a minute."
        : "Check the network and https://health.aws.amazon.com, then try again.";
  }
}

function authRemedy(code: string): string {
  if (CREDENTIALS.test(code)) {
    return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE after `aws configure` or `aws sso login`.";
  }
  if (code === "RequestExpired" || code === "RequestTimeTooSkewed") {
    return "This computer's clock is wrong by more than AWS accepts (5 minutes), or the credentials have expired: set the clock (`timedatectl set-ntp true`), or log in again.";
  }
  if (/^ExpiredToken/.test(code)) {
    return "The session has expired: log in again (`aws sso login`), or set new AWS_* variables.";
  }
  return "The credentials are wrong, or the account has not enabled this region: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION, or AWS_PROFILE.";
}
