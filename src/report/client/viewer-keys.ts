import { h } from "./dom.ts";

/** Goes that many rows on. */
type Go = (by: number) => void;

/** The dialog of a large view. It can have the focus itself, so that keys always reach it. */
export function viewerDialog(content: HTMLElement): HTMLDialogElement {
  return h("dialog", { class: "viewer", "aria-label": "Point", tabindex: "-1" }, content);
}

/** Buttons of a large view: to its neighbours, and out. */
export function viewerButtons(dialog: HTMLDialogElement, go: Go): HTMLElement {
  const button = (label: string, sign: string, act: () => void) => {
    const one = h("button", { type: "button", class: "quiet", "aria-label": label }, sign);
    one.addEventListener("click", act);
    return one;
  };
  return h(
    "div",
    { class: "buttons" },
    button("Previous", "‹", () => go(-1)),
    button("Next", "›", () => go(1)),
    button("Close", "✕", () => dialog.close()),
  );
}

/** Draws a large view anew; what had the focus has it again, or else the view, never the page behind. */
export function redrawn(dialog: HTMLDialogElement, draw: () => void): void {
  const before = document.activeElement;
  const label = before?.getAttribute("aria-label") ?? before?.textContent ?? "";
  draw();
  if (!dialog.open || dialog.contains(document.activeElement)) return;
  const again = [...dialog.querySelectorAll("button")].find(
    (one) => (one.getAttribute("aria-label") ?? one.textContent) === label,
  );
  (again ?? dialog).focus();
}

/** Arrows go to the neighbours, a click beside the view closes it. */
export function listenToViewer(dialog: HTMLDialogElement, go: Go): void {
  dialog.addEventListener("keydown", (event) => {
    const isPlayer = event.target instanceof HTMLVideoElement;
    if (isPlayer || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    go(event.key === "ArrowLeft" ? -1 : 1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
