import { createHash } from "node:crypto";

/** Everything that decides what an image is and whether it was tested. */
export interface ImageInputs {
  /** Hex of `hashContext`; the Dockerfile is part of it. */
  readonly context: string;
  /** Each base by reference, with the digest that the registry has for it now. */
  readonly bases: ReadonlyMap<string, string>;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly secretNames: readonly string[];
  /** Empty for the daemon's own. */
  readonly platforms: readonly string[];
  readonly testTarget: string | null;
  readonly test: string | null;
  readonly lint: string | null;
  /** The labels that do not change with every commit. */
  readonly labels: ReadonlyMap<string, string>;
}

const VERSION = "image-content-1";

/**
 * The tag under which this content is looked up before it is built: `sim-` and 32 hex digits.
 *
 * A tag, since one request finds it; labels cannot be searched for in a registry.
 */
export function contentTag(inputs: ImageInputs): string {
  const sorted = (map: ReadonlyMap<string, string>) =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [
    VERSION,
    inputs.context,
    sorted(inputs.bases),
    sorted(inputs.buildArgs),
    [...inputs.secretNames].sort(),
    [...inputs.platforms].sort(),
    [inputs.testTarget, inputs.test, inputs.lint],
    sorted(inputs.labels),
  ];
  return `sim-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)}`;
}
