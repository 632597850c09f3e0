/** A build of what was pushed before, against `docker build` and `docker push` of the same. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bench } from "./lib/bench.ts";
import { runCli } from "./lib/cli.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import { interleave } from "./lib/rounds.ts";

const {
  SIM_LAB_REGISTRY: registry,
  SIM_LAB_REGISTRY_USER: user = "",
  SIM_LAB_REGISTRY_PASSWORD: password = "",
} = process.env;

await bench("monte-carlo-pi, built, tested and pushed before", { rounds: 5 }, async (self) => {
  const missing = registry === undefined ? "scripts/lab/up.sh, then: . its env file" : null;
  const config = join(self.folder, "docker");
  mkdirSync(config);
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  const auths = { [registry ?? "localhost"]: { auth } };
  writeFileSync(join(config, "config.json"), JSON.stringify({ auths }));
  process.env.DOCKER_CONFIG = config;

  const context = inRepository("sims/monte-carlo-pi");
  const image = `${registry}/bench/monte-carlo-pi`;
  const ours = () =>
    runCli(self, [
      "build",
      context,
      "--image",
      image,
      "--tag",
      "ours",
      "--test-target",
      "test",
      "--push",
    ]);
  const docker = async (...args: string[]) =>
    (await runProgram(["docker", ...args], { cwd: self.folder })).seconds;
  const byHand = async () =>
    (await docker("build", "--target", "test", context)) +
    (await docker("build", "--tag", `${image}:by-hand`, context)) +
    (await docker("push", `${image}:by-hand`));
  if (missing === null) {
    self.say("building and pushing for the first time");
    await ours();
    await byHand();
  }
  const series = await interleave(
    [
      { name: "sim-pipeline build --push", missing, measure: async () => (await ours()).seconds },
      { name: "docker build --target test, build, push", missing, measure: byHand },
    ],
    { ...self, unit: "s" },
  );
  return {
    series,
    skipped: missing === null ? [] : [{ name: "a registry", install: missing }],
    goals: [
      { name: "skipped build", values: series[0]?.values ?? [], unit: "s", want: { most: 2 } },
    ],
  };
});
