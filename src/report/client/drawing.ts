import { counted } from "../quantities.ts";
import { h } from "./dom.ts";
import type { Points } from "./point.ts";
import { number } from "./values.ts";

/** A plot with what stands around it. */
export interface Drawing {
  readonly plot: SVGSVGElement | HTMLElement | null;
  readonly legend: HTMLElement | null;
  readonly note: string;
}

/** What of the page a plot depends on. */
export interface Settings {
  /** Pixels. */
  readonly width: number;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly points: Points;
}

/** What every plot has in common. The class is the one that the page's style sheet knows. */
export const COMMON = {
  className: "figure",
  style: { fontSize: "12px", fontFamily: "inherit", overflow: "visible" },
} as const;

/** Colours of series, by the style sheet for light and dark, and shapes for whom they are alike. */
export const COLORS = [1, 2, 3, 4, 5, 6].map((i) => `var(--series-${i})`);
export const SYMBOLS = ["circle", "triangle", "square", "diamond", "star", "times"] as const;
const SIGNS = ["●", "▲", "■", "◆", "★", "✖"];

/** The colours and shapes of series with their names. */
export function seriesLegend(name: string, values: readonly string[]): HTMLElement {
  const entries = values.map((value, i) => {
    const sign = h("span", { "aria-hidden": "true" }, SIGNS[i] ?? "●");
    sign.style.color = COLORS[i] ?? "";
    return h("span", {}, sign, ` ${value}`);
  });
  return h("div", { class: "legend" }, h("span", { class: "muted" }, name), ...entries);
}

/** Viridis: even steps of brightness, so that colour-blind eyes and grey printers read it too. */
export const SCHEME = "viridis";
const STOPS = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"];

/** The colours of a number from its least to its greatest value. */
export function rampLegend(name: string, least: number, most: number): HTMLElement {
  const ramp = h("span", { class: "ramp", "aria-hidden": "true" });
  ramp.style.background = `linear-gradient(90deg, ${STOPS.join(", ")})`;
  return h(
    "div",
    { class: "legend" },
    h("span", { class: "muted" }, name),
    h("span", {}, number(least)),
    ramp,
    h("span", {}, number(most)),
  );
}

/** Puts a plot into its frame. Plot writes a style sheet into each, which the content policy refuses. */
export function show(frame: HTMLElement, before: readonly Node[], plot: Element | null): void {
  for (const style of plot?.querySelectorAll("style") ?? []) style.remove();
  frame.replaceChildren(...before, ...(plot === null ? [] : [plot]));
}

/** Says how many points are in a plot. */
export function pointCount(count: number): string {
  return counted(count, "point");
}
