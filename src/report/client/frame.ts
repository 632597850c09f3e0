import { h } from "./dom.ts";
import { themeSwitch } from "./theme.ts";

/** The page's own navigation, by the headings of its sections. */
export function topBar(name: string, sections: readonly HTMLElement[]): HTMLElement {
  const links = sections.map((one) =>
    h("a", { href: `#${one.id}` }, one.querySelector("h2")?.textContent ?? ""),
  );
  return h(
    "header",
    { class: "bar" },
    h("a", { class: "home", href: "#main" }, name),
    h("nav", { "aria-label": "Sections" }, ...links),
    themeSwitch(),
  );
}

/** When the page was made. */
export function footer(made: string): HTMLElement {
  const time = new Date(made);
  return h(
    "footer",
    {},
    "Made ",
    h("time", { datetime: made }, time.toLocaleString("sv-SE")),
    " by sim-pipeline.",
  );
}
