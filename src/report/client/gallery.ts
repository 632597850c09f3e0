import type { RunDocument } from "../document.ts";
import { counted, grouped } from "../quantities.ts";
import { h, picker } from "./dom.ts";
import type { Medium, Points } from "./point.ts";
import { number } from "./values.ts";
import type { ViewStore } from "./view.ts";

/** Pictures that are in the page at first, and that come when more are wanted. */
const FIRST = 24;
const MORE = 96;
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
  const wall = h("div", { class: "wall", "data-size": "m", id: "wall" });
  const next = h("button", { type: "button", class: "more" });
  const count = h("span", { class: "muted", role: "status" });
  const metric = run.table.columns.find(({ heading }) => heading === run.axes?.metric) ?? null;
  // Files with a name of its own for each point are no choice.
  const choices = paths.length > 1 && paths.length <= 50 ? paths : [];
  let path: string | null = choices[0] ?? null;
  let items: { row: number; medium: Medium }[] = [];
  let placed = 0;

  const add = (many: number) => {
    const chunk = items.slice(placed, placed + many);
    placed += chunk.length;
    wall.append(...chunk.map(({ row, medium }) => figure(row, medium)));
    const left = items.length - placed;
    next.hidden = left === 0;
    next.textContent = `Show ${grouped(Math.min(MORE, left))} more of ${grouped(left)}`;
  };
  const figure = (row: number, medium: Medium) => {
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
  const redraw = () => {
    items = view
      .get()
      .rows.flatMap((row) => points.media(row).map((medium) => ({ row, medium })))
      .filter(({ medium }) => path === null || medium.path === path);
    placed = 0;
    wall.replaceChildren();
    count.textContent = counted(items.length, "picture");
    add(FIRST);
  };
  next.addEventListener("click", () => add(MORE));
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
    wall.dataset.size = value;
  });
  return h(
    "div",
    {},
    h("div", { class: "tools" }, file, size, count),
    wall,
    next,
    more > 0
      ? h("p", { class: "muted" }, `${grouped(more)} more pictures are in the folder points.`)
      : null,
  );
}

/** A picture that says where it should be when it is not there. */
export function picture(href: string, name: string): HTMLElement {
  const image = h("img", { src: href, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("load", () => {
    if (image.naturalWidth > 0 && image.naturalWidth < 100) image.classList.add("pixels");
  });
  image.addEventListener("error", () => {
    image.replaceWith(
      h("span", { class: "absent" }, `The picture of ${name} is not beside this page.`),
    );
  });
  return image;
}
