// Installs the dependencies when they are absent or older than the lock file, so that
// `npm test` and `npm run demo` work on a fresh clone. Plain JavaScript: it runs before Node 24,
// which is itself a dependency, is there.
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";

const root = new URL("..", import.meta.url);
const installed = statSync(new URL("node_modules/.package-lock.json", root), {
  throwIfNoEntry: false,
});
const wanted = statSync(new URL("package-lock.json", root));
if (installed === undefined || installed.mtimeMs < wanted.mtimeMs) {
  // Standard output belongs to the command that this one prepares.
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
}
