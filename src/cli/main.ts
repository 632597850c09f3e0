import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// Halves the start. The user's own folder, because what is in it is executed.
enableCompileCache(
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sim-pipeline", "compiled"),
);
const { start } = await import("./start.ts");
await start(process.argv.slice(2));
