import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { processEngine } from "../../../src/engines/process/engine.ts";
import { engineContract } from "../contract.ts";
import { testSweep } from "../fixtures.ts";

/** Processes with a task of this run in their environment. */
function remains(run: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const environ = readFileSync(`/proc/${Number(pid)}/environ`, "latin1");
      return environ.includes(run) && environ.includes("SIM_PIPELINE_TASK=");
    } catch {
      return false;
    }
  });
}

engineContract("the process engine", {
  missing: process.platform === "linux" ? null : "/proc, as Linux has it",
  make: async () => processEngine(),
  sweep: testSweep({ process: ["sh", "-c"] }),
  orchestrator: join(import.meta.dirname, "orchestrator.ts"),
  remains: async (run) => remains(run),
  capabilities: {
    writableInputs: "there is no sandbox",
    cpuSeconds: "sometimes",
    peakMemory: "sometimes",
    memoryLimit: false,
    adopts: null,
  },
});
