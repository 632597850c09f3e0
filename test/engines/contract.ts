/** The laws of src/engines/engine.ts as one suite that every engine is run through. */

import { describe } from "vitest";
import { type ContractOptions, setUpBench } from "./contract/bench.ts";
import { courseLaws } from "./contract/course.ts";
import { givenLaws } from "./contract/given.ts";
import { recoveryLaws } from "./contract/recovery.ts";
import { resultLaws } from "./contract/results.ts";

export function engineContract(name: string, options: ContractOptions): void {
  const title = options.missing === null ? name : `${name} (needs ${options.missing})`;
  describe.skipIf(options.missing !== null)(title, () => {
    const bench = setUpBench(options);
    givenLaws(bench);
    resultLaws(bench);
    courseLaws(bench);
    recoveryLaws(bench);
  });
}
