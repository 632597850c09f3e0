import { ReportedError } from "../sweep/errors.ts";

/** A package of GitHub's runner for Linux on x64. */
export interface RunnerRelease {
  readonly url: string;
  /** Of the package, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * The newest release when this was written; runners update themselves to what GitHub asks for. The
 * sum is the one in that release's notes: https://github.com/actions/runner/releases/tag/v2.337.0
 */
const VERSION = "2.337.0";
const SHA256 = "70920811a4f8ad4328818682bca5c6469c1c942fab52448868071d0063816613";

const PINNED: RunnerRelease = {
  url: `https://github.com/actions/runner/releases/download/v${VERSION}/actions-runner-linux-x64-${VERSION}.tar.gz`,
  sha256: SHA256,
};

/** Nothing that means something to a shell. */
const PLAIN_URL = /^https?:\/\/[\w.:[\]-]+\/[\w./~%+@=-]+$/;

/**
 * The runner to install: the pinned one, or the one that SIM_PIPELINE_RUNNER_URL names with its sum in
 * SIM_PIPELINE_RUNNER_SHA256: a mirror, or another version, as an enterprise server may ask for.
 *
 * @throws ReportedError (2) where one of them is missing or makes no sense.
 */
export function runnerRelease(env: NodeJS.ProcessEnv): RunnerRelease {
  const url = env.SIM_PIPELINE_RUNNER_URL ?? "";
  const sha256 = (env.SIM_PIPELINE_RUNNER_SHA256 ?? "").toLowerCase();
  if (url === "" && sha256 === "") return PINNED;
  if (!PLAIN_URL.test(url) || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new ReportedError(
      2,
      "SIM_PIPELINE_RUNNER_URL and SIM_PIPELINE_RUNNER_SHA256 name a package of actions/runner for " +
        "linux-x64 and its sum: set both, to an http(s) address and 64 hexadecimal digits, or neither.",
    );
  }
  return { url, sha256 };
}
