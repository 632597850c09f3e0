// Checks the workflows, the actions and the templates of `init --github` with actionlint and zizmor.
// Exit code 1: one of them found something; 2: in CI, one of them is missing. Plain JavaScript: CI
// runs it without installing anything else.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const workflows = join(root, ".github/workflows");
const scratch = mkdtempSync(join(tmpdir(), "sim-pipeline-workflows-"));
let exitCode = 0;
try {
  const templates = layOut(join(root, "starter/github"), scratch);
  // The bundles are on the release tags only.
  const built = ["-ignore", 'file "\\.\\./dist/[^"]+" does not exist'];
  check("actionlint", process.env.SIM_LAB_ACTIONLINT, "https://github.com/rhysd/actionlint", [
    { cwd: root, args: [...built, ...filesOf(workflows)] },
    { cwd: scratch, args: templates },
  ]);
  const audit = ["--offline", "--quiet", "--strict-collection"];
  const config = ["--config", join(root, ".github/zizmor.yml")];
  check("zizmor", process.env.SIM_LAB_ZIZMOR, "https://docs.zizmor.sh", [
    { cwd: root, args: [...audit, ...config, ".github", ...actions()] },
    { cwd: scratch, args: [...audit, ...config, ...templates] },
  ]);
} finally {
  rmSync(scratch, { recursive: true });
}
process.exitCode = exitCode;

/**
 * The templates as they are in a user's repository, where they call one another: actionlint follows
 * such calls within a repository.
 */
function layOut(templates, repository) {
  const folder = join(repository, ".github/workflows");
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(repository, ".git"));
  for (const file of readdirSync(templates)) {
    cpSync(join(templates, file), join(folder, file.replace(".yml", "-my-sweep.yml")));
  }
  return filesOf(folder);
}

function filesOf(folder) {
  return readdirSync(folder).map((file) => join(folder, file));
}

/** Our actions: one at the root, the others in folders of their own. */
function actions() {
  return [".", ...readdirSync(root)].flatMap((folder) => {
    const file = join(folder, "action.yml");
    return existsSync(join(root, file)) ? [file] : [];
  });
}

function check(name, path, site, runs) {
  for (const { cwd, args } of runs) {
    const { error, status } = spawnSync(path || name, args, { cwd, stdio: "inherit" });
    if (error) {
      const [code, note] = process.env.CI ? [2, ""] : [0, "; CI does"];
      console.error(`${name} does not check the workflows${note}: ${error.message}; see ${site}`);
      exitCode = Math.max(exitCode, code);
      return;
    }
    if (status !== 0) exitCode = Math.max(exitCode, 1);
  }
}
