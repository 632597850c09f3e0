import { Option } from "@commander-js/extra-typings";
import type { Size } from "../../machines/provider.ts";
import type { SizeOrder } from "../../machines/sizes.ts";
import { exits, jsonOption, newCommand } from "../command.ts";
import { print, printJson, say } from "../output.ts";
import { providerOption } from "./options.ts";

// Repeated here, because their own module loads what `--help` and completion can do without.
export const ORDERS = [
  "price-per-core",
  "price",
  "cpus",
  "memory",
  "name",
] as const satisfies readonly SizeOrder[];

/** `sim-pipeline machines sizes` */
export function sizesCommand() {
  return newCommand("sizes", "What a provider rents, with its own prices of now.", [
    ["sim-pipeline machines sizes", "by the price of a core, of whose token is set"],
    ["sim-pipeline machines sizes --provider digitalocean --sort memory", "by memory"],
    [
      "sim-pipeline machines sizes --provider digitalocean --region fra1",
      "what is to be had there",
    ],
    ["sim-pipeline machines sizes --provider digitalocean --json", "for other programs"],
  ])
    .addOption(providerOption())
    .option("--region <name>", "what can be had there")
    .addOption(
      new Option("--sort <key>", "from the least")
        .choices(ORDERS)
        .default("price-per-core" as const),
    )
    .option("--all", "those too that cannot be had now")
    .addOption(jsonOption())
    .action(
      exits(async ({ provider: name, region, sort, all, json }) => {
        const { never, onlyProvider, openOwn } = await import("./work.ts");
        const { sizesIn } = await import("../../machines/sizes.ts");
        const { sizesJson, sizesTable } = await import("./size-table.ts");
        await using provider = await openOwn(name ?? onlyProvider());
        const known: readonly Size[] = await provider.sizes(never);
        const sizes = sizesIn(known, { region: region ?? null, order: sort, all: all ?? false });
        const { currency } = provider.billing;
        if (json) await printJson(sizesJson(sizes, currency));
        else await print(sizesTable(sizes, { currency, region: region ?? null }, process.stdout));
        const hidden = known.length - sizes.length;
        if (!json && hidden > 0 && !all) say(`${hidden} more that cannot be had now: --all`);
        return 0;
      }),
    );
}
