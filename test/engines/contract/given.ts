/** Laws of what an engine says of itself and what it gives a task. */

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Bench } from "./bench.ts";

export function givenLaws(bench: Bench): void {
  const { options, task, end, run } = bench;
  const { capabilities } = options;

  describe("capacity and preparation", () => {
    test("capacity is what a machine has", async () => {
      const capacity = await bench.engine.capacity();
      expect(capacity.cpus).toBeGreaterThan(0);
      expect(capacity.memory).toBeGreaterThan(2 ** 20);
      expect(capacity.platform).toMatch(/^[a-z0-9]+\/[a-z0-9]+/);
    });

    test("preparing the same sweep again gives the same identity", async () => {
      const signal = new AbortController().signal;
      const first = await bench.engine.prepare(options.sweep, signal);
      expect(first.identity).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(first.label).not.toBe("");
      expect(await bench.engine.prepare(options.sweep, signal)).toEqual(first);
    });

    test("an engine that works is available", async () => {
      await bench.engine.available(new AbortController().signal);
    });
  });

  describe("what a task is given", () => {
    test("words reach it as they are", async () => {
      const words = ["a b", "", "$HOME", "*", "it's", 'a "quote"', "line\nbreak", "héé 🙂", "-n"];
      const script = `for word in "$@"; do printf '[%s]' "$word"; done`;
      const { log } = await run(script, { command: [script, "sh", ...words] });
      expect(log).toBe(words.map((word) => `[${word}]`).join(""));
    });

    test("its environment is the task's, values as they are", async () => {
      const env = { PLAIN: "x=1", SPACES: " a  b ", QUOTES: `'"\\$`, LINES: "1\n2", EMPTY: "" };
      const script = Object.keys(env)
        .map((key) => `printf '%s=[%s];' ${key} "$${key}"`)
        .join("; ");
      const { log } = await run(`${script}; printf '%s' "$SIM_POINT"`, { env });
      const expected = Object.entries(env).map(([key, value]) => `${key}=[${value}];`);
      expect(log).toBe(`${expected.join("")}{}`);
    });

    test("the orchestrator's environment is not in it", async () => {
      process.env.SIM_CONTRACT_TOKEN = "hush-a-token";
      try {
        const { log } = await run("env");
        expect(log).not.toContain("hush-a-token");
      } finally {
        delete process.env.SIM_CONTRACT_TOKEN;
      }
    });

    test("HOME is a writable folder", async () => {
      const { outcome, log } = await run('echo kept > "$HOME/file" && cat "$HOME/file"');
      expect(log).toBe("kept\n");
      expect(outcome.exitCode).toBe(0);
    });

    test("its stdin is empty", async () => {
      expect((await run("cat; echo end")).log).toBe("end\n");
    });

    test("inputs and templates lie where SIM_INPUT says", async () => {
      const file = join(bench.root, "an input: file.csv");
      const folder = join(bench.root, "inputs");
      const template = join(bench.root, "rendered.json");
      await writeFile(file, "from a file\n");
      await mkdir(join(folder, "sub"), { recursive: true });
      await writeFile(join(folder, "sub", "deep.txt"), "from a folder\n");
      await writeFile(template, "rendered\n");
      const script = `cd "$SIM_INPUT" && cat in.csv many/sub/deep.txt a/config.json`;
      const { log } = await run(script, {
        mounts: [
          { source: file, target: "/mnt/input/in.csv", perTask: false },
          { source: folder, target: "/mnt/input/many", perTask: false },
          { source: template, target: "/mnt/input/a/config.json", perTask: true },
        ],
      });
      expect(log).toBe("from a file\nfrom a folder\nrendered\n");
    });

    const writable = capabilities.writableInputs;
    test(`inputs are ${writable === null ? "read-only" : `writable: ${writable}`}`, async () => {
      const file = join(bench.root, "precious.csv");
      await writeFile(file, "precious", { mode: 0o666 });
      const { log } = await run(`echo spoilt > "$SIM_INPUT/in.csv" || echo refused`, {
        mounts: [{ source: file, target: "/mnt/input/in.csv", perTask: false }],
      });
      expect(log.includes("refused")).toBe(writable === null);
      expect(await readFile(file, "utf8")).toBe(writable === null ? "precious" : "spoilt\n");
    });

    test("secrets are files, not environment, and gone after release", async () => {
      const secrets = { LICENSE_KEY: "hush-hush\nsecond line", OTHER: "hush-other" };
      const given = await task(
        'cd /run/secrets; cd "$SIM_SECRETS"; for file in *; do cat "$file"; echo "|"; done; env',
        { secrets },
      );
      const { log } = await end(given);
      expect(log).toContain("hush-hush\nsecond line|\n");
      expect(log).toContain("hush-other|\n");
      expect(log.split("hush-hush")).toHaveLength(2);
      expect(await textsBelow(join(given.scratch, ".."))).not.toContain("hush");
    });
  });
}

/** All that can be read in a folder, as one text. */
async function textsBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map((file) => readFile(join(file.parentPath, file.name), "utf8"));
  return (await Promise.all(texts)).join("\n");
}
