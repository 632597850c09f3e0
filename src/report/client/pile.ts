import { grouped } from "../quantities.ts";
import { h } from "./dom.ts";

/** Figures that are in the page at first, and that come when more are wanted. */
const FIRST = 24;
const MORE = 96;

/** Figures of any number of items, of which the first are in the page, and more when asked for. */
export function pile<Item>(
  figure: (item: Item) => HTMLElement,
  { size }: { readonly size: string },
): {
  readonly element: HTMLElement;
  readonly wall: HTMLElement;
  fill(items: readonly Item[]): void;
} {
  const wall = h("div", { class: "wall", "data-size": size, id: "wall" });
  const more = h("button", { type: "button", class: "more" });
  let items: readonly Item[] = [];
  let placed = 0;
  const add = (many: number) => {
    const chunk = items.slice(placed, placed + many);
    placed += chunk.length;
    wall.append(...chunk.map(figure));
    const left = items.length - placed;
    more.hidden = left === 0;
    more.textContent = `Show ${grouped(Math.min(MORE, left))} more of ${grouped(left)}`;
  };
  more.addEventListener("click", () => add(MORE));
  return {
    element: h("div", {}, wall, more),
    wall,
    fill(next) {
      items = next;
      placed = 0;
      wall.replaceChildren();
      add(FIRST);
    },
  };
}
