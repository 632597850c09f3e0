import type { RunDocument } from "../document.ts";
import { h } from "./dom.ts";
import { picture } from "./picture.ts";
import { isActive, type Points } from "./point.ts";
import { copyable } from "./reproduce.ts";
import { shown } from "./values.ts";
import type { ViewStore } from "./view.ts";
import { listenToViewer, redrawn, viewerButtons, viewerDialog } from "./viewer-keys.ts";

export interface Viewer {
  readonly dialog: HTMLDialogElement;
  /** Opens a point, with one of its pictures where it has any. */
  show(row: number, path?: string): void;
}

/** A point in large: its pictures, its values, its command; arrows go through what is shown. */
export function viewer(run: RunDocument, points: Points, view: ViewStore): Viewer {
  const content = h("div", { class: "view" });
  const dialog = viewerDialog(content);
  let row = 0;
  let path: string | null = null;

  const draw = () => {
    const media = points.media(row);
    const medium = media.find((one) => one.path === path) ?? media[0];
    const large =
      medium === undefined
        ? null
        : medium.isVideo
          ? h("video", { src: medium.href, controls: true, playsinline: true })
          : picture(medium.href, points.name(row));
    const others =
      media.length < 2
        ? []
        : media.map((one) => {
            const button = h(
              "button",
              { type: "button", "aria-pressed": String(one === medium), class: "chip" },
              one.path,
            );
            button.addEventListener("click", () => {
              path = one.path;
              redrawn(dialog, draw);
            });
            return button;
          });
    const stage =
      large === null
        ? null
        : h(
            "div",
            { class: "stage" },
            large,
            others.length > 0 ? h("div", { class: "chips" }, ...others) : null,
          );
    content.replaceChildren(
      ...[
        stage,
        details(medium === undefined || isActive(medium.path) ? null : medium.href),
      ].filter((part) => part !== null),
    );
    content.classList.toggle("plain", stage === null);
  };
  const details = (href: string | null) =>
    h(
      "div",
      { class: "details" },
      viewerButtons(dialog, go),
      h("h2", {}, points.name(row)),
      h(
        "p",
        {},
        h("span", { class: "dot", "data-status": points.status(row) }),
        points.status(row),
      ),
      values("Parameters", "parameter"),
      values("Metrics", "metric"),
      values("Measured", "point"),
      h("h3", {}, "This point alone"),
      copyable(points.command(row)),
      href === null ? null : h("p", {}, h("a", { href }, "open the file")),
    );
  const values = (title: string, group: string) => {
    const entries = run.table.columns
      .filter(
        (column) =>
          column.group === group &&
          !["name", "status"].includes(group === "point" ? column.heading : ""),
      )
      .flatMap((column) => {
        const value = column.values[row] ?? null;
        return value === null
          ? []
          : [h("div", {}, h("dt", {}, column.name), h("dd", {}, shown(column, value)))];
      });
    return entries.length === 0
      ? null
      : h("div", {}, h("h3", {}, title), h("dl", { class: "pairs" }, ...entries));
  };
  const go = (by: number) => {
    const { rows } = view.get();
    const next = rows[rows.indexOf(row) + by];
    if (next === undefined) return;
    row = next;
    redrawn(dialog, draw);
  };

  listenToViewer(dialog, go);
  // A video does not play on behind the page.
  dialog.addEventListener("close", () => content.replaceChildren());
  return {
    dialog,
    show(wanted, file) {
      row = wanted;
      path = file ?? null;
      draw();
      dialog.showModal();
    },
  };
}
