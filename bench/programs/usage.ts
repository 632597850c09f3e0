/** Loaded with `--import` into a program: writes what its process took into usage.json, in its
 * working directory. */
import { writeFileSync } from "node:fs";

process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const usage = { maxRss: maxRSS * 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 };
  writeFileSync("usage.json", JSON.stringify(usage));
});
