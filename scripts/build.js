// Compiles the library and the command line into dist/, as the package has them.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
execFileSync("tsc", ["--project", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });

// TypeScript 6 leaves the `.ts` of an import() in a function that has a `using`, and only whoever
// installs the package would notice.
for (const file of globSync("dist/**/*.js", { cwd: root })) {
  const path = `${root}/${file}`;
  const text = readFileSync(path, "utf8");
  const mended = text.replaceAll(/(\b(?:from|import)\s*\(?\s*"\.[^"]*)\.ts"/g, '$1.js"');
  if (mended !== text) writeFileSync(path, mended);
}
