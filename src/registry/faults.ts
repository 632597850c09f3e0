import { ReportedError } from "../sweep/errors.ts";

/**
 * What is wrong between us and a registry:
 * `unauthorized` it does not know who we are (401); `forbidden` it knows, and we may not (403);
 * `missing` it has no such thing (404); `busy` too many requests (429); `broken` its own failure
 * (5xx); `unreachable` no connection, or one that broke; `unknown-host` no such name;
 * `untrusted` its certificate; `foreign` it is no registry; `refused` anything else.
 */
export type Fault =
  | "unauthorized"
  | "forbidden"
  | "missing"
  | "busy"
  | "broken"
  | "unreachable"
  | "unknown-host"
  | "untrusted"
  | "foreign"
  | "refused";

/** A registry that did not do what it was asked to; the message says what to do about it. */
export class RegistryError extends ReportedError {
  override readonly name = "RegistryError";
  readonly fault: Fault;
  /** Milliseconds that the registry asks us to wait before we come back, or null. */
  readonly retryAfter: number | null;

  constructor(fault: Fault, message: string, retryAfter: number | null, options?: ErrorOptions) {
    super(3, message, options);
    this.fault = fault;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed a little later. */
  get passing(): boolean {
    return ["busy", "broken", "unreachable"].includes(this.fault);
  }
}

/** What was asked of which registry, and what it said. */
export interface Refusal {
  /** As an image reference begins: ghcr.io, 127.0.0.1:5001 */
  readonly host: string;
  /** What failed, as the beginning of a sentence: `Cannot push ghcr.io/org/app`. */
  readonly action: string;
  readonly said: string;
  readonly retryAfter?: number | null;
  readonly cause?: unknown;
}

/** Makes the error, with the remedy that fits the registry. */
export function registryError(fault: Fault, refusal: Refusal): RegistryError {
  const { host, action, said, retryAfter = null, cause } = refusal;
  const message = `${action}: ${said}\n${remedy(fault, host)}`;
  return new RegistryError(fault, message, retryAfter, cause === undefined ? {} : { cause });
}

/** The fault that an HTTP status of 400 or more stands for. */
export function faultOf(status: number): Fault {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "missing";
  if (status === 429) return "busy";
  if (status === 408) return "unreachable";
  return status >= 500 ? "broken" : "refused";
}

function remedy(fault: Fault, host: string): string {
  switch (fault) {
    case "unauthorized":
      return unauthorized(host);
    case "forbidden":
      return forbidden(host);
    case "missing":
      return isEcr(host)
        ? "ECR has no repository before somebody creates it: aws ecr create-repository."
        : "Check the image's name: the registry has nothing there, or does not show it to us.";
    case "busy":
      return `${host} limits how often it is asked: wait some minutes, then run again.`;
    case "broken":
      return `That is a failure of ${host} itself: run again later, or look at its status page.`;
    case "unreachable":
      return `Check that ${host} is the right registry and that the network reaches it, then run again.`;
    case "unknown-host":
      return `There is no host of that name: check how ${host} is written in the image's name.`;
    case "untrusted":
      return (
        "Have its certificate signed by an authority that this machine trusts, " +
        "or name that authority's certificate in NODE_EXTRA_CA_CERTS and give it to the daemon."
      );
    case "foreign":
      return (
        `${host} does not speak the API of container registries: ` +
        "check the first part of the image's name."
      );
    case "refused":
      return `Check that ${host} takes such images, and the rules that it has for this one.`;
  }
}

const IN_A_WORKFLOW =
  'give the job "permissions: {contents: read, packages: write}" (then its GITHUB_TOKEN may push)';

function unauthorized(host: string): string {
  if (host === "ghcr.io") {
    return (
      "No valid credentials: the token is missing, has expired, or may not read packages. " +
      `In a workflow, ${IN_A_WORKFLOW}, or set registry-username and registry-password; ` +
      "elsewhere, docker login ghcr.io with a personal access token (classic) of scope write:packages."
    );
  }
  if (isEcr(host)) {
    return (
      "No valid credentials: a login lasts 12 hours. Set AWS credentials (in a workflow with " +
      "aws-actions/configure-aws-credentials), and take an old login away: docker logout " +
      `${host}`
    );
  }
  return (
    "No valid credentials: they are missing, wrong or have expired. In a workflow, set " +
    `registry-username and registry-password; elsewhere: docker login ${host}`
  );
}

function forbidden(host: string): string {
  if (host === "ghcr.io") {
    return (
      `The token may not write this package. In a workflow, ${IN_A_WORKFLOW}. If the package is ` +
      "there already, it has to be linked to this repository: package settings, " +
      '"Manage Actions access", add the repository with the role Write.'
    );
  }
  if (isEcr(host)) {
    return (
      "The role may not do this: it needs ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, " +
      "ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:PutImage."
    );
  }
  return "These credentials may not do this: give their user the right to push this repository.";
}

/** `<account>.dkr.ecr.<region>.amazonaws.com`, also in China and with FIPS endpoints. */
export const ECR = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

function isEcr(host: string): boolean {
  return ECR.test(host);
}
