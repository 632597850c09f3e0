import { addressOf } from "../address.ts";
import type { ColumnData, RunDocument } from "../document.ts";
import { shellWord } from "../shell-word.ts";
import { shown } from "./values.ts";

/** A picture or video of a row. */
export interface Medium {
  readonly path: string;
  readonly href: string;
  readonly isVideo: boolean;
}

/** Lookups of rows. */
export interface Points {
  readonly name: (row: number) => string;
  readonly status: (row: number) => string;
  readonly media: (row: number) => readonly Medium[];
  /** The row's values of the parameters that differ among the points: `seed 3 · n 10`. */
  readonly label: (row: number) => string;
  /** The command that runs it alone. */
  readonly command: (row: number) => string;
}

export function isVideo(path: string): boolean {
  return /\.(?:mp4|webm|ogv|mov)$/i.test(path);
}

/** Files in which a browser that opens them would run what a simulation wrote. */
export function isActive(path: string): boolean {
  return /\.(?:svg|x?html?|xml|pdf)$/i.test(path);
}

export function pointsOf({ table, pictures, pointCommand }: RunDocument): Points {
  const column = (heading: string) =>
    table.columns.find((one) => one.group === "point" && one.heading === heading)?.values ?? [];
  const [names, statuses] = [column("name"), column("status")];
  const name = (row: number) => String(names[row] ?? "");
  const parameters = table.columns.filter(({ group }) => group === "parameter");
  const varying = parameters.filter(({ values }) => new Set(values).size > 1);
  const media = new Map<number, Medium[]>();
  for (let i = 0; i < pictures.items.length; i += 2) {
    const [row = 0, index = 0] = pictures.items.slice(i, i + 2);
    const path = pictures.paths[index] ?? "";
    const medium = { path, href: addressOf(`points/${name(row)}/${path}`), isVideo: isVideo(path) };
    const known = media.get(row);
    if (known === undefined) media.set(row, [medium]);
    else known.push(medium);
  }
  return {
    name,
    status: (row) => String(statuses[row] ?? ""),
    media: (row) => media.get(row) ?? [],
    label: (row) =>
      varying.length === 0
        ? name(row)
        : varying.map((one) => `${one.name} ${shown(one, one.values[row] ?? null)}`).join(" · "),
    command: (row) =>
      [...pointCommand, ...parameters.flatMap((one) => flag(one, row))].map(shellWord).join(" "),
  };
}

/** A value as `--param` takes it: a word that could be read as anything else is quoted. */
function flag({ name, values }: ColumnData, row: number): string[] {
  const value = values[row] ?? null;
  if (value === null) return [];
  const isWord =
    typeof value !== "string" || /^(?!(?:true|false|null|yes|no|on|off)$)[a-z][\w.]*$/i.test(value);
  return ["--param", `${name}=${isWord ? value : JSON.stringify(value)}`];
}
