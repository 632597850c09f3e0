/** Points in containers that are kept, against a fresh container for each. */
import { missingImage } from "./lib/baselines.ts";
import { bench } from "./lib/bench.ts";
import { compareRates } from "./lib/compare.ts";
import { BUSYBOX, runContainers } from "./lib/sweeps.ts";

const WARM = 3000;
const FRESH = 60;

const title = `\`true\` in ${BUSYBOX}, ${WARM} points warm and ${FRESH} fresh a round`;
await bench(title, { rounds: 4 }, async (self) => {
  const missing = await missingImage(BUSYBOX);
  return await compareRates(
    self,
    {
      name: "warm",
      missing,
      measure: async () => (await runContainers(self, WARM, "auto", "warm")).rate,
    },
    [
      {
        name: "fresh containers",
        missing,
        measure: async () => (await runContainers(self, FRESH, "auto")).rate,
        goal: 50,
      },
    ],
  );
});
