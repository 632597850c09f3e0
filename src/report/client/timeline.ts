import * as Plot from "@observablehq/plot";
import { STATUSES } from "../../sweep/sweep.ts";
import type { RunDocument } from "../document.ts";
import { counted } from "../quantities.ts";
import { type Bar, barsOf, busySeconds } from "./bars.ts";
import { h, onWidth, picker, whenNear } from "./dom.ts";
import { COMMON, show } from "./drawing.ts";
import type { Points } from "./point.ts";
import { span } from "./values.ts";

/** Workers that are drawn; the bars of more would be lines. */
const LANES = 100;
/** Pixels between two signs of retries, which would lie on each other. */
const SIGN = 14;

/** When which worker was at which attempt: gaps are waiting, hatched ends are retries. */
export function timeline({ attempts, executions }: RunDocument, points: Points): HTMLElement {
  const all = attempts.row.map((_, index) => index);
  const started = [...new Set(attempts.execution)].toSorted((a, b) => a - b);
  const startOf = new Map(executions.map((one) => [one.number, one]));
  // Shards of one sweep ran beside each other, starts of one folder one after the other.
  let chosen: number | null = overlap(started.map((one) => spanOf(one)))
    ? null
    : (started.at(-1) ?? null);
  const frame = h("div", { class: "plot", id: "lanes" });
  const summary = h("p", { class: "muted" });
  let width = 0;

  function spanOf(execution: number): [number, number] {
    const own = all.filter((index) => attempts.execution[index] === execution);
    return spanOfAll(own);
  }
  function spanOfAll(indices: readonly number[]): [number, number] {
    let [from, to] = [Number.POSITIVE_INFINITY, 0];
    for (const index of indices) {
      const start = attempts.start[index] ?? 0;
      from = Math.min(from, start);
      to = Math.max(to, start + (attempts.seconds[index] ?? 0));
    }
    return [from, to];
  }
  const laneOf = (index: number) => {
    const worker = `worker ${(attempts.worker[index] ?? 0) + 1}`;
    return chosen === null && started.length > 1
      ? `start ${attempts.execution[index]}, ${worker}`
      : worker;
  };
  const draw = () => {
    if (width === 0) return;
    const indices = all.filter((index) => chosen === null || attempts.execution[index] === chosen);
    const [from, to] = spanOfAll(indices);
    const length = Math.max(to - from, 0.001);
    const byLane = Map.groupBy(indices, laneOf);
    const lanes = [...byLane.keys()].toSorted((a, b) =>
      a.localeCompare(b, "en", { numeric: true }),
    );
    const shown = new Set(lanes.slice(0, LANES));
    const bars = barsOf(attempts, indices, laneOf, length / width, to).filter(({ lane }) =>
      shown.has(lane),
    );
    const busy = [...byLane.values()].reduce((sum, own) => sum + busySeconds(attempts, own), 0);
    const retries = indices.filter((index) => (attempts.attempt[index] ?? 1) > 1).length;
    summary.textContent = [
      `${counted(indices.length, "attempt")} by ${counted(lanes.length, "worker")} in ${span(length)}`,
      `busy ${Math.round((100 * busy) / (length * lanes.length))} % of the time`,
      ...(retries > 0
        ? [`${counted(retries, "retry").replace("retrys", "retries")}, marked ↻`]
        : []),
      ...(attempts.more > 0 ? [`${counted(attempts.more, "more attempt")} not drawn`] : []),
    ].join(" · ");
    const plot = chart(bars, [...shown], from, length);
    show(frame, [statusLegend(new Set(bars.map(({ status }) => STATUSES[status] ?? "")))], plot);
  };
  const chart = (bars: readonly Bar[], lanes: readonly string[], from: number, length: number) => {
    const height = lanes.length > 30 ? 10 : lanes.length > 12 ? 16 : 24;
    // What went wrong is not to vanish among thousands that did not.
    const isGood = (bar: Bar) => STATUSES[bar.status] === "succeeded";
    const x1 = (bar: Bar) => bar.start - from;
    // As wide as can be seen.
    const x2 = (bar: Bar) =>
      Math.max(bar.end, bar.start + ((isGood(bar) ? 1 : 2) * length) / width) - from;
    const retried = apart(
      bars.filter((bar) => bar.retried),
      (SIGN * length) / width,
    );
    const ordered = [...bars.filter(isGood), ...bars.filter((bar) => !isGood(bar))];
    return Plot.plot({
      ...COMMON,
      width,
      height: lanes.length * height + 60,
      marginLeft: Math.max(...lanes.map((lane) => lane.length)) * 6.6 + 14,
      marginTop: 10,
      marginBottom: 40,
      ariaLabel: "attempts by worker",
      x: {
        label: "seconds since the first attempt",
        domain: [0, length],
        grid: true,
        ticks: Math.max(3, Math.floor(width / 100)),
      },
      y: { type: "band", domain: lanes, label: null, padding: 0.18, tickSize: 0 },
      color: { domain: STATUSES.map(String), range: STATUSES.map((status) => `var(--${status})`) },
      marks: [
        Plot.barX(ordered, {
          x1,
          x2,
          y: "lane",
          fill: (bar: Bar) => STATUSES[bar.status] ?? "",
          insetRight: length / width > 1 ? 0 : 0.5,
        }),
        Plot.text(retried, {
          x: x1,
          y: "lane",
          text: () => "↻",
          dx: 2,
          textAnchor: "start",
          fill: "var(--paper)",
          fontWeight: "bold",
        }),
        Plot.tip(
          bars,
          Plot.pointer({
            x: (bar: Bar) => (bar.start + bar.end) / 2 - from,
            y: "lane",
            title: (bar: Bar) => told(bar, from),
            maxRadius: 200,
            fill: "var(--raised)",
            stroke: "var(--line)",
          }),
        ),
      ],
    });
  };
  const told = (bar: Bar, from: number) => {
    const row = attempts.row[bar.first] ?? 0;
    const attempt = attempts.attempt[bar.first] ?? 1;
    const what =
      bar.count > 1
        ? `${counted(bar.count, "attempt")} from ${points.name(row)}`
        : points.name(row);
    return [
      what,
      `${STATUSES[bar.status]}${attempt > 1 ? `, attempt ${attempt}` : ""}`,
      `${span(bar.end - bar.start)}, from ${span(bar.start - from)}`,
    ].join("\n");
  };

  whenNear(frame, () => {
    onWidth(frame, (now) => {
      width = now;
      draw();
    });
  });
  const choices = [
    ...started.map((one) => ({
      value: String(one),
      text: `start ${one}${startOf.get(one) === undefined ? "" : `, ${startOf.get(one)?.engine}`}`,
    })),
    { value: "", text: "all starts" },
  ];
  const tools =
    started.length < 2
      ? null
      : h(
          "div",
          { class: "tools" },
          picker("Of", choices, chosen === null ? "" : String(chosen), (value) => {
            chosen = value === "" ? null : Number(value);
            draw();
          }),
        );
  return h("div", {}, tools, summary, frame);
}

/** The bars that begin far enough behind the one before in their lane, in seconds. */
function apart(bars: readonly Bar[], distance: number): Bar[] {
  const last = new Map<string, number>();
  return bars.filter(({ lane, start }) => {
    if (start - (last.get(lane) ?? Number.NEGATIVE_INFINITY) < distance) return false;
    last.set(lane, start);
    return true;
  });
}

/** The colours of the statuses that are drawn. */
function statusLegend(statuses: ReadonlySet<string>): HTMLElement {
  const entries = STATUSES.filter((status) => statuses.has(status)).map((status) =>
    h("span", {}, h("span", { class: "dot", "data-status": status }), status),
  );
  return h("div", { class: "legend" }, ...entries);
}

function overlap(spans: readonly (readonly [number, number])[]): boolean {
  const ordered = spans.toSorted(([a], [b]) => a - b);
  return ordered.some(([from], i) => i > 0 && from < (ordered[i - 1]?.[1] ?? 0));
}
