// The folders of src/, each of which may import only those after it. `index.ts` gathers them all
// for the library, and only the entry points import it.
const layers = [
  ["cli", "actions"],
  ["index"],
  ["github"],
  ["images"],
  ["report"],
  ["finish"],
  ["run"],
  ["results"],
  ["machines"],
  ["engines"],
  ["registry"],
  ["plan"],
  ["sweep"],
];
/** What comes in the actions' bundles, and is left out of the npm package. */
const bundled = "^src/(actions|github)/";
/** What runs in a browser: bundled into one script, which a report holds. */
const client = "^src/report/client/";
const pattern = (names) => `^src/(${names.join("|")})(/|\\.ts$)`;

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...layers.slice(1).map((names, i) => ({
      name: `${names.join("-")}-imports-only-downwards`,
      severity: "error",
      comment: "A folder imports only folders below it: docs/architecture.md.",
      from: { path: pattern(names) },
      to: { path: pattern(layers.slice(0, i + 1).flat()) },
    })),
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "sources-do-not-import-tests",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench|scripts|sims)/" },
    },
    {
      name: "sweep-and-plan-without-network-or-processes",
      severity: "error",
      comment: "Planning reads and hashes the sweep's own inputs, and does nothing else.",
      from: { path: "^src/(sweep|plan)/" },
      to: { path: "^(child_process|net|http|https|http2|dgram|tls|cluster|worker_threads)$" },
    },
    {
      name: "packages-are-declared",
      severity: "error",
      comment: "What is in the npm package finds its packages among its own dependencies.",
      from: { path: "^src/", pathNot: [bundled, client] },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "unknown", "undetermined"] },
    },
    {
      name: "packages-of-the-report",
      severity: "error",
      comment: "Of the development packages, only this is bundled into the report's script.",
      from: { path: client },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "unknown", "undetermined"],
        pathNot: "^node_modules/@observablehq/",
      },
    },
    {
      name: "the-report-runs-in-a-browser",
      severity: "error",
      from: { path: client },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "packages-of-the-actions",
      severity: "error",
      comment: "Of the development packages, only these are bundled into the actions.",
      from: { path: bundled },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "unknown", "undetermined"],
        pathNot: "^node_modules/@(actions|octokit)/",
      },
    },
    {
      name: "the-npm-package-has-no-actions",
      severity: "error",
      from: { path: "^src/", pathNot: bundled },
      to: { path: bundled },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
