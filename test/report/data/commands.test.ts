import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { type Asked, commandData, pointCommand } from "../../../src/report/data/commands.ts";

const REQUEST = {
  path: "sims/pi/sweep.yaml",
  params: ["seed=1-5"],
  set: ["timeout=5m"],
  allowOutside: false,
  out: "runs/pi",
};
const DOCKER = { engine: "docker", image: "ghcr.io/org/pi:1" };

const asked = (changes: Partial<Asked>): Asked => ({
  folder: "pi",
  request: REQUEST,
  last: DOCKER,
  failed: 0,
  ...changes,
});
const texts = (changes: Partial<Asked>) => commandData(asked(changes)).map(({ text }) => text);

describe("the commands that make a run again", () => {
  it.each<[string, Partial<Asked>, string]>([
    [
      "with its sweep and overrides, and the image that ran",
      {},
      "sims/pi/sweep.yaml --param seed=1-5 --set timeout=5m --set image=ghcr.io/org/pi:1",
    ],
    [
      "with the image that was asked for, once",
      { request: { ...REQUEST, set: ["image=pi:2"] } },
      "sims/pi/sweep.yaml --param seed=1-5 --set image=pi:2",
    ],
    [
      "with the image built, where it had no name",
      { last: { engine: "docker", image: "pi (sha256:11)" } },
      "sims/pi/sweep.yaml --param seed=1-5 --set timeout=5m --build",
    ],
    [
      "with the engine that needs no image, and files from outside",
      { request: { ...REQUEST, allowOutside: true }, last: { engine: "process", image: "node x" } },
      "sims/pi/sweep.yaml --param seed=1-5 --set timeout=5m --allow-outside --engine process",
    ],
    ["of an unknown sweep file by its usual name", { request: null, last: null }, "sweep.yaml"],
  ])("%s", (_, changes, words) => {
    expect(texts(changes)[0]).toBe(`sim-pipeline run ${words} --out runs/again`);
  });

  it("quote what a shell would read otherwise", () => {
    const params = ["who=it's $HOME", "glob=*.png", "words=a b;c"];
    const [text = ""] = texts({ request: { ...REQUEST, params }, last: null });
    const printed = execFileSync("sh", ["-c", text.replace("sim-pipeline run", "printf '%s\\n'")]);
    expect(
      printed
        .toString()
        .split("\n")
        .filter((line) => /^(?:who|glob|words)=/.test(line)),
    ).toEqual(params);
  });

  it.each<[string, Partial<Asked>, string]>([
    ["where it was made", { request: { ...REQUEST, out: "results/pi" } }, "results/pi"],
    ["under runs, where it has another name now", { folder: "renamed" }, "runs/renamed"],
    ["under runs, where nobody knows", { request: null }, "runs/pi"],
  ])("name the run folder %s", (_, changes, out) => {
    expect(texts({ ...changes, failed: 1 })).toEqual([
      expect.any(String),
      expect.stringContaining(` --out ${out} --resume failed`),
      `sim-pipeline logs ${out} POINT`,
      `sim-pipeline report ${out}\nsim-pipeline report ${out} runs/again`,
    ]);
  });

  it("run one point without the overrides that its own parameters replace", () => {
    expect(pointCommand(asked({})).join(" ")).toBe(
      "sim-pipeline run sims/pi/sweep.yaml --set timeout=5m --set image=ghcr.io/org/pi:1 --set include=[] --out runs/one-point",
    );
  });
});
