/**
 * The stand-in by itself, for a person or another process, until SIGINT or SIGTERM:
 *   node test/lab/digitalocean/serve.ts [--droplets] [--port N] [--clock-offset SECONDS]
 * The first two lines on stdout are what `eval` and the CLI want; `--droplets` makes real hosts.
 */

import { once } from "node:events";
import { parseArgs } from "node:util";
import { findDroplets } from "../lab.ts";
import { realDroplets } from "./droplets.ts";
import { movableClock } from "./lag.ts";
import { type BootRequest, startDigitalOcean } from "./server.ts";

const { values } = parseArgs({
  options: {
    droplets: { type: "boolean", default: false },
    port: { type: "string", default: "0" },
    "clock-offset": { type: "string", default: "0" },
  },
});
const lab = values.droplets ? await findDroplets() : null;
if (values.droplets && lab === null) throw new Error("no droplets here: run scripts/lab/up.sh");
const boot =
  lab === null
    ? null
    : async (droplet: BootRequest) => {
        try {
          return await realDroplets(lab).boot(droplet);
        } catch (error) {
          console.error(error);
          throw error;
        }
      };
await using api = await startDigitalOcean({
  boot,
  clock: movableClock(Number(values["clock-offset"]) * 1_000),
  port: Number(values.port),
});
const ended = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
for (const [name, value] of Object.entries(api.env)) process.stdout.write(`${name}=${value}\n`);
await ended;
