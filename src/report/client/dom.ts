type Child = Node | string | null;

interface Properties {
  readonly class?: string | null;
  readonly id?: string;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
  /** Attributes; null leaves one out. */
  readonly [attribute: string]: unknown;
}

/** An element with attributes and children; texts stay texts. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  const { on = {}, ...attributes } = properties;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const [event, handler] of Object.entries(on)) element.addEventListener(event, handler);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A section of the page with a heading, and a link in the page's navigation. */
export function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  return h(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title),
    ...children,
  );
}

/** A labelled choice; `change` is called with the value. */
export function picker<Value extends string>(
  label: string,
  choices: readonly { readonly value: Value; readonly text: string }[],
  chosen: Value,
  change: (value: Value) => void,
): HTMLLabelElement {
  const options = choices.map(({ value, text }) =>
    h("option", { value, selected: value === chosen }, text),
  );
  const select = h("select", {}, ...options);
  select.addEventListener("change", () => {
    const found = choices[select.selectedIndex];
    if (found !== undefined) change(found.value);
  });
  return h("label", { class: "picker" }, h("span", {}, label), select);
}

/** A labelled box to tick. */
export function tick(label: string, ticked: boolean, change: (on: boolean) => void): HTMLElement {
  const box = h("input", { type: "checkbox", checked: ticked });
  box.addEventListener("change", () => change(box.checked));
  return h("label", { class: "tick" }, box, label);
}

/** Calls `draw` once when an element comes near to what is seen, or the page is printed. */
export function whenNear(element: Element, draw: () => void): void {
  let drawn = false;
  const once = () => {
    if (drawn) return;
    drawn = true;
    observer.disconnect();
    draw();
  };
  const observer = new IntersectionObserver(
    (entries) => entries.some((entry) => entry.isIntersecting) && once(),
    { rootMargin: "400px" },
  );
  observer.observe(element);
  window.addEventListener("beforeprint", once);
}

/** Calls back with an element's width, at once and when it changes. */
export function onWidth(element: Element, draw: (width: number) => void): void {
  let last = 0;
  const changed = (exact: number) => {
    const width = Math.round(exact);
    if (width === last || width === 0) return;
    last = width;
    draw(width);
  };
  // A page that is printed does not wait for observers.
  changed(element.getBoundingClientRect().width);
  new ResizeObserver(([entry]) => changed(entry?.contentRect.width ?? 0)).observe(element);
}
