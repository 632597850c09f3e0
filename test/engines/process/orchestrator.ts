/** An orchestrator of the process engine that the contract's suite starts and kills. */

import { processEngine } from "../../../src/engines/process/engine.ts";
import { orchestrate, testSweep } from "../fixtures.ts";

await orchestrate(async () => processEngine(), testSweep({ process: ["sh", "-c"] }));
