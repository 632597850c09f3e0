import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";

const MAKER = z.object({
  currentClient: z.custom<() => Promise<string>>((value) => typeof value === "function"),
});

/**
 * The script of a report's page: what `src/report/client` is bundled to. It lies beside this module
 * in the npm package; in a checkout it is bundled when its sources are newer; in the actions'
 * bundles this whole module is replaced by one that holds the text (scripts/bundle-actions.ts).
 *
 * @throws ReportedError (3) where it is not there and cannot be made.
 */
export async function clientScript(): Promise<string> {
  const built = new URL("client.js", import.meta.url);
  if (existsSync(built)) return await readFile(built, "utf8");
  const maker = new URL("../../scripts/bundle-report.ts", import.meta.url);
  if (!existsSync(maker)) {
    throw new ReportedError(
      3,
      `The report's script is not in this installation: there is no ${fileURLToPath(built)}.\n` +
        "Install sim-pipeline again; from sources, `npm run build` makes it.",
    );
  }
  try {
    // Not by a name that bundlers and the compiler look into: the package has no scripts.
    const { currentClient } = MAKER.parse(await import(maker.href));
    return await currentClient();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ReportedError(
      3,
      `Cannot bundle the report's script: ${text}\nInstall what it is made of: npm ci`,
      { cause },
    );
  }
}
