#!/usr/bin/env node
// Plain JavaScript, so that an old Node gets a sentence instead of a syntax error.
import { existsSync } from "node:fs";

const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  process.stderr.write(
    `sim-pipeline needs Node 24 or newer; this is ${process.version} (${process.execPath}).\n` +
      "Install it from your system or with a version manager: nvm install 24\n",
  );
  process.exit(2);
}
// A checkout runs its sources, which Node 24 reads as they are; the package has them built.
const sources = new URL("../src/cli/main.ts", import.meta.url);
await import(
  existsSync(sources) ? sources.href : new URL("../dist/cli/main.js", import.meta.url).href
);
