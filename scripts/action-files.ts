/** The `action.yml` of every action in this repository. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";

export const repository = fileURLToPath(new URL("..", import.meta.url));

/** https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax */
const metadata = z.strictObject({
  name: z.string(),
  description: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }).optional(),
  inputs: z.record(
    z.string(),
    z.strictObject({
      description: z.string(),
      required: z.literal(true).optional(),
      default: z.string().optional(),
    }),
  ),
  outputs: z.record(z.string(), z.strictObject({ description: z.string() })),
  runs: z.strictObject({
    using: z.literal("node24"),
    main: z.string(),
    post: z.string().optional(),
    "post-if": z.string().optional(),
  }),
});

export interface ActionFile extends z.infer<typeof metadata> {
  /** Of the action in the repository, as it stands behind `uses: org/sim-pipeline`: "" or "plan". */
  readonly folder: string;
}

export const actionFolders = ["", "build", "plan", "run", "collect", "machines"];

/** Reads them all. Throws where one has what GitHub does not know, or lacks what it needs. */
export function actionFiles(): ActionFile[] {
  return actionFolders.map((folder) => {
    const text = readFileSync(join(repository, folder, "action.yml"), "utf8");
    return { folder, ...metadata.parse(parse(text)) };
  });
}

/** The scripts that the actions' steps start, by their names in `dist/actions/`: their sources. */
export function actionEntries(
  files: readonly Pick<ActionFile, "folder" | "runs">[] = actionFiles(),
): Record<string, string> {
  const scripts = files.flatMap(({ folder, runs: { main, post } }) =>
    [main, post].flatMap((script) => (script === undefined ? [] : [join(folder, script)])),
  );
  return Object.fromEntries(
    scripts.map((path) => {
      const name = /^dist\/actions\/([a-z-]+)\.js$/.exec(path)?.[1];
      if (name === undefined) throw new Error(`${path} of an action.yml is no bundle`);
      return [name, join(repository, `src/actions/${name}.ts`)];
    }),
  );
}
