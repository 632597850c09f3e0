import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ActionFile, actionFiles, repository } from "./action-files.ts";

const START = "<!-- inputs and outputs: of action.yml, by npm run generate -->\n";
const END = "<!-- end -->\n";

/**
 * The actions' READMEs with their tables of inputs and outputs as `action.yml` has them. The tables
 * stand between comments; the root action's are in `docs/action.md`, since `README.md` is about all.
 *
 * @throws where a README lacks the comments.
 */
export function actionReadmes(): { name: string; text: string }[] {
  return actionFiles().map((file) => {
    const name = readmeOf(file);
    const before = readFileSync(join(repository, name), "utf8");
    const start = before.indexOf(START);
    const end = before.indexOf(END);
    if (start === -1 || end < start) throw new Error(`${name} has no place for its tables`);
    const text = [before.slice(0, start), START, tables(file), before.slice(end)].join("");
    return { name, text };
  });
}

function readmeOf({ folder }: ActionFile): string {
  return folder === "" ? "docs/action.md" : `${folder}/README.md`;
}

function tables({ inputs, outputs }: ActionFile): string {
  const inputRows = Object.entries(inputs).map(
    ([name, { description, required, default: value }]) => {
      const shown = required ? "**required**" : value === undefined ? "" : `\`${value}\``;
      return row(`\`${name}\``, description, shown);
    },
  );
  const outputRows = Object.entries(outputs).map(([name, { description }]) =>
    row(`\`${name}\``, description),
  );
  return [
    "",
    row("input", "", "default"),
    "|---|---|---|",
    ...inputRows,
    "",
    row("output", ""),
    "|---|---|",
    ...outputRows,
    "\n",
  ].join("\n");
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").trim()).join(" | ")} |`;
}
