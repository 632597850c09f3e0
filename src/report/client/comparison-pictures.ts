import type { ComparisonDocument, PicturePair } from "../document.ts";
import { counted } from "../quantities.ts";
import { h, tick } from "./dom.ts";
import { picture } from "./picture.ts";
import { pile } from "./pile.ts";
import { shown } from "./values.ts";
import type { ViewStore } from "./view.ts";
import { listenToViewer, redrawn, viewerButtons, viewerDialog } from "./viewer-keys.ts";

/** The pictures of both runs side by side. */
export function pairGallery(
  { pictures, table, a, b }: ComparisonDocument,
  view: ViewStore,
  open: (row: number) => void,
): HTMLElement {
  const count = h("span", { class: "muted", role: "status" });
  const wall = pile(
    ({ row, a: before, b: after, path, same }: PicturePair) => {
      const name = table.names[row] ?? "";
      const button = h(
        "button",
        { type: "button", class: "shot two", "aria-label": `${name}, ${path}` },
        picture(a.base + before, name),
        picture(b.base + after, name),
      );
      button.addEventListener("click", () => open(row));
      const note = same ? "the same" : null;
      return h(
        "figure",
        {},
        button,
        h(
          "figcaption",
          {},
          h("span", {}, name),
          h("span", { class: "muted" }, [path, note].filter(Boolean).join(", ")),
        ),
      );
    },
    { size: "l" },
  );
  let onlyDifferent = false;
  const redraw = () => {
    const rows = view.get().rows;
    const byRow = Map.groupBy(pictures, ({ row }) => row);
    const items = rows
      .flatMap((row) => byRow.get(row) ?? [])
      .filter(({ same }) => !onlyDifferent || !same);
    count.textContent = `${counted(items.length, "pair")}, A left and B right`;
    wall.fill(items);
  };
  view.listen(redraw);
  redraw();
  const box = tick("only different ones", false, (on) => {
    onlyDifferent = on;
    redraw();
  });
  return h("div", {}, h("div", { class: "tools" }, box, count), wall.element);
}

/** A point of both runs in large. */
export function pairViewer(
  { table, pictures, a, b }: ComparisonDocument,
  view: ViewStore,
): { readonly dialog: HTMLDialogElement; show(row: number): void } {
  const content = h("div", { class: "view" });
  const dialog = viewerDialog(content);
  let row = 0;
  const draw = () => {
    const own = pictures.filter((pair) => pair.row === row);
    const name = table.names[row] ?? "";
    const stage = h(
      "div",
      { class: own.length === 1 ? "stage" : "stage many" },
      ...own.flatMap((pair) => [
        side("A", picture(a.base + pair.a, name)),
        side("B", picture(b.base + pair.b, name)),
      ]),
    );
    const values = table.metrics.flatMap(({ heading, a: before, b: after }) => {
      const text = (value: number | null | undefined) =>
        shown({ heading, group: "point" }, value ?? null);
      if ((before[row] ?? null) === null && (after[row] ?? null) === null) return [];
      return [
        h(
          "tr",
          {},
          h("th", { scope: "row" }, heading),
          h("td", { class: "number" }, text(before[row])),
          h("td", { class: "number" }, text(after[row])),
        ),
      ];
    });
    const details = h(
      "div",
      { class: "details" },
      viewerButtons(dialog, go),
      h("h2", {}, name),
      h(
        "table",
        { class: "plain" },
        h(
          "thead",
          {},
          h("tr", {}, ...["", "A", "B"].map((text) => h("th", { scope: "col" }, text))),
        ),
        h(
          "tbody",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "row" }, "status"),
            h("td", { class: "number" }, table.statusA[row] ?? "–"),
            h("td", { class: "number" }, table.statusB[row] ?? "–"),
          ),
          ...values,
        ),
      ),
    );
    content.replaceChildren(...(own.length > 0 ? [stage, details] : [details]));
    content.classList.toggle("plain", own.length === 0);
  };
  const go = (by: number) => {
    const { rows } = view.get();
    const next = rows[rows.indexOf(row) + by];
    if (next === undefined) return;
    row = next;
    redrawn(dialog, draw);
  };
  listenToViewer(dialog, go);
  return {
    dialog,
    show(wanted) {
      row = wanted;
      draw();
      dialog.showModal();
    },
  };
}

function side(name: string, image: HTMLElement): HTMLElement {
  return h("figure", { class: "side" }, h("figcaption", { class: "muted" }, name), image);
}
