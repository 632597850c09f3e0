import { readFile } from "node:fs/promises";

/**
 * What a step wrote to GITHUB_OUTPUT, GITHUB_STATE or GITHUB_ENV, read as the runner does: lines
 * `name=value` or `name<<delimiter`, the value's lines, `delimiter`. Throws on anything else, as the
 * runner fails the step.
 */
export async function readCommandFile(path: string): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  const lines = (await readFile(path, "utf8")).split(/\r?\n/);
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line === "") continue;
    const [, name, operator, rest] = /^(.*?)(=|<<)(.*)$/.exec(line) ?? [];
    if (name === undefined || name === "" || rest === undefined) {
      throw new Error(`${path}: neither name=value nor name<<delimiter: ${line}`);
    }
    if (operator === "=") {
      values[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest);
    if (end < 0) throw new Error(`${path}: the delimiter of ${name} does not come again`);
    values[name] = lines
      .splice(0, end + 1)
      .slice(0, -1)
      .join("\n");
  }
  return values;
}
