// Compiles the library and the command line into dist/, as the package has them.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleReport } from "./bundle-report.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
// What it says goes to stderr: `npm pack --silent` prints the package's name on stdout.
execFileSync("tsc", ["--project", "tsconfig.build.json"], { cwd: root, stdio: ["inherit", 2, 2] });

// TypeScript 6 leaves the `.ts` of an import() in a function that has a `using`, and only whoever
// installs the package would notice.
for (const file of globSync("dist/**/*.js", { cwd: root })) {
  const path = `${root}/${file}`;
  const text = readFileSync(path, "utf8");
  const mended = text.replaceAll(/(\b(?:from|import)\s*\(?\s*"\.[^"]*)\.ts"/g, '$1.js"');
  if (mended !== text) writeFileSync(path, mended);
}

// The script of report.html lies beside the module that looks for it: src/report/client-script.ts.
const { code } = await bundleReport();
writeFileSync(`${root}/dist/report/client.js`, code);
