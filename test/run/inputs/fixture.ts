import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ResolvedInput, resolveInputs } from "../../../src/run/inputs.ts";

/** A folder of its own for a test, with a sweep in it that has the inputs which the test names. */
export class Fixture {
  readonly root = mkdtempSync(join(tmpdir(), "inputs-"));
  readonly folder = join(this.root, "sweep");
  readonly cache = join(this.root, "cache");
  readonly env: NodeJS.ProcessEnv = {};
  /** Milliseconds of the pauses between tries, which take no time here. */
  readonly waits: number[] = [];

  constructor() {
    mkdirSync(this.folder);
  }

  put(path: string, content: string | Uint8Array = ""): string {
    const absolute = join(this.folder, path);
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, content);
    return absolute;
  }

  async resolve(from: string, signal = new AbortController().signal): Promise<ResolvedInput> {
    const [input] = await this.resolveAll([from], signal);
    if (input === undefined) throw new Error("no input came back");
    return input;
  }

  async resolveAll(
    from: readonly string[],
    signal = new AbortController().signal,
  ): Promise<ResolvedInput[]> {
    const inputs = from.map((from, i) => ({ from, to: `/mnt/input/${i}` }));
    return await resolveInputs(
      { folder: this.folder, inputs },
      {
        cacheFolder: this.cache,
        env: this.env,
        signal,
        wait: async (milliseconds) => {
          this.waits.push(milliseconds);
        },
      },
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
