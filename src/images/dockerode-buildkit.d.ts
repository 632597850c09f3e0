// Types of a part of dockerode 5 that @types/dockerode does not have.
declare module "dockerode/lib/buildkit.js" {
  /** Follows a build's answer; BuildKit's encoded log becomes `{stream}` events. */
  export function followProgress(
    stream: NodeJS.ReadableStream,
    onFinished: (error: Error | null, output: unknown[]) => void,
    onProgress: (event: unknown) => void,
  ): void;
}
