import type { RunDocument } from "../document.ts";
import { counted, grouped } from "../quantities.ts";
import { h, picker } from "./dom.ts";
import { picture } from "./picture.ts";
import { pile } from "./pile.ts";
import type { Medium, Points } from "./point.ts";
import { number } from "./values.ts";
import type { ViewStore } from "./view.ts";

const SIZES = [
  { value: "s", text: "small" },
  { value: "m", text: "medium" },
  { value: "l", text: "large" },
] as const;

/** The pictures of the points that the filter leaves, in the table's order. */
export function gallery(
  run: RunDocument,
  points: Points,
  view: ViewStore,
  open: (row: number, path: string) => void,
): HTMLElement {
  const { paths, more } = run.pictures;
  const count = h("span", { class: "muted", role: "status" });
  const metric = run.table.columns.find(({ heading }) => heading === run.axes?.metric) ?? null;
  // Files with a name of its own for each point are no choice.
  const choices = paths.length > 1 && paths.length <= 50 ? paths : [];
  let path: string | null = choices[0] ?? null;

  const figure = ({ row, medium }: { row: number; medium: Medium }) => {
    const value = metric?.values[row];
    const button = h(
      "button",
      { type: "button", class: "shot", "aria-label": `${points.name(row)}, ${medium.path}` },
      medium.isVideo
        ? h("video", { src: medium.href, preload: "metadata", muted: true, playsinline: true })
        : picture(medium.href, points.name(row)),
    );
    button.addEventListener("click", () => open(row, medium.path));
    return h(
      "figure",
      {},
      button,
      h(
        "figcaption",
        {},
        h("span", {}, points.label(row)),
        typeof value === "number"
          ? h("span", { class: "muted" }, `${metric?.heading} ${number(value)}`)
          : null,
      ),
    );
  };
  const wall = pile(figure, { size: "m" });
  const redraw = () => {
    const items = view
      .get()
      .rows.flatMap((row) => points.media(row).map((medium) => ({ row, medium })))
      .filter(({ medium }) => path === null || medium.path === path);
    count.textContent = counted(items.length, "picture");
    wall.fill(items);
  };
  view.listen(redraw);
  redraw();
  const file =
    path === null
      ? null
      : picker(
          "File",
          [...choices.map((one) => ({ value: one, text: one })), { value: "", text: "all files" }],
          path,
          (value) => {
            path = value === "" ? null : value;
            redraw();
          },
        );
  const size = picker("Size", SIZES, "m", (value) => {
    wall.wall.dataset.size = value;
  });
  return h(
    "div",
    {},
    h("div", { class: "tools" }, file, size, count),
    wall.element,
    more > 0
      ? h("p", { class: "muted" }, `${grouped(more)} more pictures are in the folder points.`)
      : null,
  );
}
