import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ReportedError } from "../sweep/errors.ts";

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
  const maker = fileURLToPath(new URL("../../scripts/bundle-report.ts", import.meta.url));
  if (!existsSync(maker)) {
    throw new ReportedError(
      3,
      `The report's script is not in this installation: there is no ${fileURLToPath(built)}.\n` +
        "Install sim-pipeline again; from sources, `npm run build` makes it.",
    );
  }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [maker], { encoding: "utf8" });
    return await readFile(stdout.trim(), "utf8");
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ReportedError(
      3,
      `Cannot bundle the report's script: ${text}\nInstall what it is made of: npm ci`,
      { cause },
    );
  }
}
