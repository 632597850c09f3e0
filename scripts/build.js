// Compiles the library and the command line into dist/, as the package has them.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
execFileSync("tsc", ["--project", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });

// TypeScript does not rewrite every import that it should, and only whoever installs the package
// would notice.
const broken = globSync("dist/**/*.js", { cwd: root }).filter((file) =>
  /\b(?:from|import)\s*\(?\s*"\.[^"]*\.ts"/.test(readFileSync(`${root}/${file}`, "utf8")),
);
if (broken.length > 0) {
  console.error(`These files import TypeScript, which the package has not: ${broken.join(", ")}`);
  process.exitCode = 1;
}
