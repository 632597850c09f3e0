import { ReportedError } from "../../sweep/errors.ts";
import { EngineLostError } from "../engine.ts";
import type { DockerHost } from "./connect.ts";

/** Errors of the connection, after which nothing is known of what the daemon still does. */
const LOST = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTDOWN",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
  "HPE_INVALID_EOF_STATE",
]);

/** The daemon's HTTP status, or null where the error is none of its answers. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("statusCode" in error)) return null;
  return typeof error.statusCode === "number" ? error.statusCode : null;
}

/** The error's system code, as `ECONNREFUSED`; empty where it has none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** The daemon's own words, without docker-modem's `(HTTP code 500) server error - ` before them. */
export function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^\(HTTP code \d+\) [^-]*- /, "").trim();
}

/** Whether the daemon went away, rather than refused. */
export function isLost(error: unknown): boolean {
  if (error instanceof EngineLostError) return true;
  const status = statusOf(error);
  const words = wordsOf(error);
  if (status !== null) {
    // A daemon that shuts down, or whose containerd is gone for the moment.
    return status >= 500 && /shutting down|server closed|containerd.*unavailable/i.test(words);
  }
  if (isFileError(error)) return false;
  return LOST.has(codeOf(error)) || /socket hang up|aborted/i.test(words);
}

/** Whether it came of a file or folder of ours; the same codes, but nothing of the daemon's. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && "path" in error;
}

/**
 * What a failed request means for who asked for a task: EngineLostError where the daemon went
 * away, ReportedError (3) where it refuses what it would refuse every task, else the error itself.
 */
export function explain(error: unknown, host: DockerHost): unknown {
  if (error instanceof ReportedError || error instanceof EngineLostError) return error;
  if (isLost(error)) {
    return new EngineLostError(
      `The connection to the Docker daemon at ${host.url} broke: ${wordsOf(error)}`,
      { cause: error },
    );
  }
  const status = statusOf(error);
  if (status === null) {
    return codeOf(error) === "EACCES" && !isFileError(error) ? notAllowed(error, host) : error;
  }
  const remedy = remedyFor(wordsOf(error), status);
  return new ReportedError(3, `The Docker daemon refuses: ${wordsOf(error)}\n${remedy}`, {
    cause: error,
  });
}

/** Why no daemon answers, with what to do about it. */
export function unreachable(error: unknown, host: DockerHost): ReportedError {
  if (error instanceof ReportedError) return error;
  if (codeOf(error) === "EACCES") return notAllowed(error, host);
  const status = statusOf(error);
  if (status !== null) {
    const secure = /HTTPS server/.test(wordsOf(error));
    return new ReportedError(
      3,
      `What answers at ${host.url} (${host.from}) is no Docker daemon that works: ` +
        wordsOf(error) +
        (secure ? "\nIt wants TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH." : ""),
      { cause: error },
    );
  }
  return new ReportedError(
    3,
    `No Docker daemon answers at ${host.url} (${host.from}): ${wordsOf(error)}\n` +
      "Start Docker, or name another daemon with DOCKER_HOST or `docker context use`" +
      `${host.certificates === null ? "" : ", or correct the certificates"}, or run without it ` +
      "with `--engine process`.",
    { cause: error },
  );
}

function notAllowed(error: unknown, host: DockerHost): ReportedError {
  return new ReportedError(
    3,
    `You may not use the Docker daemon at ${host.url}: permission denied. Add yourself to its ` +
      "group with `sudo usermod -aG docker $USER` and log in again, or use rootless Docker.",
    { cause: error },
  );
}

function remedyFor(words: string, status: number): string {
  if (/no space left on device/i.test(words)) {
    return (
      "The daemon's disk is full: free space with `docker system prune` (and `docker volume " +
      "prune`), then run again: what is finished is kept."
    );
  }
  if (/could not select device driver/i.test(words)) {
    return (
      "The daemon offers no GPUs: install the NVIDIA Container Toolkit there, or take " +
      "`resources.gpus` out of the sweep."
    );
  }
  if (/exec format error/i.test(words)) {
    return (
      "The image is for another processor than the daemon's: set `platform` to one that the " +
      "image exists for and the daemon can run, or install emulation (`docker run --privileged " +
      "--rm tonistiigi/binfmt --install all`)."
    );
  }
  if (/no such image/i.test(words)) {
    return "The image was removed while the run was under way: run again to get it back.";
  }
  if (/mounts denied|not shared from the host/i.test(words)) {
    return "Share the run's folder with Docker Desktop (Settings, Resources, File sharing).";
  }
  if (/memory limit|Range of CPUs/i.test(words)) {
    return "Change `resources` in the sweep, or with `--set resources.memory=...`.";
  }
  return status === 400
    ? "It does not take these settings: change them in the sweep."
    : "The daemon's own log says more (`journalctl -u docker`).";
}
