import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { complete } from "../../src/cli/complete.ts";
import { openStore } from "../../src/machines/store.ts";
import { recordOf } from "../machines/records.ts";
import { makeRun } from "../results/made-run.ts";

/** The candidates without their meanings, and what files fit. */
async function values(...words: string[]): Promise<string[]> {
  const text = await complete(words);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t", 1)[0] ?? "");
}

const commands = COMMANDS.map(({ name }) => name);

describe("what stands at the end of the words is completed", () => {
  it.each<[string[], string[]]>([
    [[""], commands],
    [["r"], ["run", "report"]],
    [["help", "sta"], ["status"]],
    [["-"], ["--version", "--help"]],
    [["run", "--en"], ["--engine"]],
    [
      ["run", "--engine", ""],
      ["auto", "docker", "process"],
    ],
    [["run", "--engine", "d"], ["docker"]],
    [["run", "--engine=d"], ["--engine=docker"]],
    // As bash splits it.
    [["run", "--engine", "=", "d"], ["docker"]],
    [
      ["run", "--engine", "="],
      ["auto", "docker", "process"],
    ],
    [["run", "--resume", "m"], ["missing"]],
    [
      ["plan", "--format", "j"],
      ["json", "jsonl"],
    ],
    [["run", ""], [":yaml"]],
    [["plan", "--keys", ""], [":yaml"]],
    [["run", "--engine", "docker", ""], [":yaml"]],
    [["run", "sweep.yaml", ""], []],
    [["run", "--out", ""], [":folders"]],
    [["run", "--out="], [":folders"]],
    [["run", "--workers", ""], []],
    [["run", "--param", "x"], []],
    [["status", ""], [":folders"]],
    [["init", ""], [":folders"]],
    [["collect", ""], [":folders"]],
    [["collect", "parts", "more", ""], [":folders"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [
      ["machines", "s"],
      ["sizes", "status", "ssh", "start", "stop"],
    ],
    [["help", "mach"], ["machines"]],
    [
      ["machines", "help", "c"],
      ["create", "cp"],
    ],
    [["machines", "create", "--at"], ["--at-least"]],
    [["machines", "ls", "--provider", "d"], ["digitalocean"]],
    [["machines", "nonsense", ""], []],
    [["nonsense", ""], []],
    [["rum", "--"], []],
  ])("%j", async (words, expected) => {
    expect(await values(...words)).toEqual(expected);
  });
});

it("offers no flag twice but those that repeat", async () => {
  expect(await values("run", "--verify", "--ver")).toEqual([]);
  expect(await values("run", "--param", "a=1", "--par")).toEqual(["--param", "--parquet"]);
});

it("says what a command and a flag mean", async () => {
  expect(await complete(["doc"])).toMatch(/^doctor\twhat is there/);
  expect(await complete(["run", "--veri"])).toMatch(/^--verify\tread the outputs/);
});

describe("the names of machines", () => {
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-complete-"));
  beforeEach(async () => {
    vi.stubEnv("SIM_PIPELINE_STATE", folder);
    const store = await openStore(folder);
    await store.create(recordOf({ id: "aaaaaaaaaa", label: "box" }));
    await store.create(recordOf({ id: "bbbbbbbbbb", label: "pool", count: 2 }));
    await store.create(recordOf({ id: "cccccccccc" }));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each<[string[], string[]]>([
    [
      ["ip", ""],
      ["box", "pool", "pool-1", "pool-2", "sim-cccccccccc-0"],
    ],
    [
      ["ssh", "poo"],
      ["pool", "pool-1", "pool-2"],
    ],
    [["ssh", "box", "--", "p"], []],
    [
      ["rm", "box", "pool-1", "poo"],
      ["pool", "pool-2"],
    ],
    [
      ["cp", "b"],
      ["box:", ":any"],
    ],
    [
      ["cp", "box:x", "pool"],
      ["pool:", "pool-1:", "pool-2:", ":any"],
    ],
  ])("%j", async (words, expected) => {
    expect(await values("machines", ...words)).toEqual(expected);
  });

  it("makes no folder where nothing was rented", async () => {
    rmSync(folder, { recursive: true });
    expect(await values("machines", "ip", "")).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });
});

describe("the names of points", () => {
  const run = () =>
    makeRun({
      points: [
        { name: "n1-s1", status: "succeeded" },
        { name: "n2-s1", status: "failed" },
      ],
    });
  afterEach(() => vi.restoreAllMocks());

  it("come from the run that is named", async () => {
    using folder = run();
    expect(await complete(["logs", folder.root, "n2"])).toBe("n2-s1\tfailed\n");
  });

  it("come from the latest run where none is named, beside the folders of runs", async () => {
    using folder = run();
    vi.spyOn(process, "cwd").mockReturnValue(dirname(dirname(folder.root)));
    expect(await values("logs", "n")).toEqual(["n1-s1", "n2-s1", ":folders"]);
  });

  it("are none where there is no run", async () => {
    expect(await values("logs", "/nowhere", "")).toEqual([]);
  });
});
