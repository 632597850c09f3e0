import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// Halves the start. The user's own folder, because what is in it is executed.
enableCompileCache(
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sim-pipeline", "compiled"),
);
const { main } = await import("./program.ts");
await main(process.argv.slice(2));
