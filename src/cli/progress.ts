import { styleText } from "node:util";
import { money } from "../machines/cost.ts";
import { bytes, counted, duration, grouped, rate, shortPath } from "../report/units.ts";
import type { FinishRow } from "../results/finish.ts";
import { type MachineRow, runCost } from "../results/machines.ts";
import type { RunEvent } from "../run/events.ts";
import { harmless } from "./output.ts";

/** What a display shows of a run: counters that events move, cheaply and often. */
export interface Progress {
  phase: "preparing" | "running" | "stopping";
  /** Points that this run had done already, and all that it will have done. */
  cached: number;
  total: number;
  running: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  /** Attempts that ended badly and are tried again. */
  again: number;
  lastFailure: string | null;
  /** Why nothing goes on at the moment: the daemon is away. */
  paused: string | null;
  /** Bytes of archives that are on their way, by direction and point. */
  readonly transfers: { readonly up: Map<number, number>; readonly down: Map<number, number> };
  /** The last line of the image's build. */
  building: string | null;
  /** The finish step that runs. */
  finishing: string | null;
  /** What is rented for it. */
  machines: readonly MachineRow[];
  /** When the first point could start; milliseconds, as `now` everywhere here. */
  since: number;
  /** The last moments at which points had ended, as [time, ended so far]. */
  readonly marks: [number, number][];
}

/** A run of which nothing is known yet. */
export function newProgress(now: number): Progress {
  return {
    phase: "preparing",
    cached: 0,
    total: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    again: 0,
    lastFailure: null,
    paused: null,
    transfers: { up: new Map(), down: new Map() },
    building: null,
    finishing: null,
    machines: [],
    since: now,
    marks: [],
  };
}

/** Counts an event in. */
export function advance(progress: Progress, event: RunEvent, now: number): void {
  switch (event.type) {
    case "planned":
      progress.phase = "running";
      progress.building = null;
      progress.cached = event.cached;
      progress.total = event.cached + event.todo;
      progress.since = now;
      break;
    case "building":
      progress.building = event.line;
      break;
    case "started":
      progress.running++;
      break;
    case "transfer": {
      const moving = progress.transfers[event.direction];
      if (event.ended) moving.delete(event.index);
      else moving.set(event.index, event.bytes);
      break;
    }
    case "ended":
      progress.running--;
      if (event.status === "succeeded") progress.succeeded++;
      else if (event.again) progress.again++;
      else if (event.status === "cancelled") progress.cancelled++;
      else progress.failed++;
      if (event.status !== "succeeded" && event.status !== "cancelled") {
        const reason = event.reason === null ? event.status : `${event.status}: ${event.reason}`;
        progress.lastFailure = `${event.name} ${reason}${event.again ? ", trying again" : ""}`;
      }
      break;
    case "paused":
      progress.paused = event.reason;
      break;
    case "resumed":
      progress.paused = null;
      break;
    case "stopping":
      progress.phase = "stopping";
      break;
    case "finish":
      progress.finishing = event.step.status === "running" ? event.step.kind : null;
      break;
    case "machines":
      progress.machines = event.machines;
      break;
    case "warning":
      break;
  }
}

/** `fetching 1.2 GB`: all that moves in one direction, or null where nothing does. */
function moving(verb: string, amounts: ReadonlyMap<number, number>): string | null {
  if (amounts.size === 0) return null;
  return `${verb} ${bytes([...amounts.values()].reduce((sum, one) => sum + one, 0))}`;
}

/** Points that this execution has brought to an end. */
function endedNow(progress: Progress): number {
  return progress.succeeded + progress.failed + progress.cancelled;
}

/** The marks that the rate is taken from: enough to be steady, few enough to follow a change. */
const MARKS = 100;

/** Remembers how many points had ended by now; to be called at each drawing. */
export function mark(progress: Progress, now: number): void {
  const ended = endedNow(progress);
  if (ended === (progress.marks.at(-1)?.[1] ?? 0)) return;
  progress.marks.push([now, ended]);
  if (progress.marks.length > MARKS) progress.marks.shift();
}

/** Points ended a second of late, or null before the first has. */
function pace(progress: Progress, now: number): number | null {
  const ended = endedNow(progress);
  if (ended === 0) return null;
  const [time, before] =
    progress.marks.length < MARKS
      ? [progress.since, 0]
      : (progress.marks[0] ?? [progress.since, 0]);
  const seconds = (now - time) / 1000;
  return seconds > 0 && ended > before ? (ended - before) / seconds : null;
}

/**
 * The run in one sentence: `34/60 done, running 2, failed 1, 8.4/s, ETA 3 s`. What is zero or not
 * known is left out.
 */
export function progressLine(progress: Progress, now: number): string {
  if (progress.phase === "preparing") {
    const what = progress.building === null ? "preparing" : "building the image";
    return `${what} (${duration((now - progress.since) / 1000)})`;
  }
  const done = progress.cached + endedNow(progress);
  const perSecond = progress.paused === null ? pace(progress, now) : null;
  const left = progress.total - done;
  return [
    `${grouped(done)}/${grouped(progress.total)} done`,
    progress.phase === "stopping" ? "stopping" : null,
    progress.paused === null ? null : `paused: ${progress.paused}`,
    progress.running > 0 ? `running ${grouped(progress.running)}` : null,
    moving("sending", progress.transfers.up),
    moving("fetching", progress.transfers.down),
    progress.finishing === null ? null : `finishing: ${progress.finishing}`,
    progress.failed > 0 ? `failed ${grouped(progress.failed)}` : null,
    progress.again > 0 ? `tried again ${grouped(progress.again)}` : null,
    perSecond === null ? null : rate(perSecond),
    perSecond === null || left === 0 || progress.phase === "stopping"
      ? null
      : `ETA ${duration(left / perSecond)}`,
    costSoFar(progress.machines, now),
  ]
    .filter((part) => part !== null)
    .join(", ");
}

/** `$0.12 so far`; nothing where no machine is rented or prices are not known. */
function costSoFar(machines: readonly MachineRow[], now: number): string | null {
  const cost = runCost(machines, now);
  if (cost === null || cost.amount === null) return null;
  return `${money(cost.amount, cost.currency)} so far`;
}

/** The lines of a live display, none longer than `columns`. */
export function liveLines(progress: Progress, now: number, columns: number): string[] {
  const line = harmless(progressLine(progress, now));
  const second = progress.phase === "preparing" ? progress.building : progress.lastFailure;
  const label = progress.phase === "preparing" ? "" : "last failure: ";
  return [
    progress.phase === "preparing" ? line : withBar(progress, line, columns),
    ...(second === null ? [] : [label + harmless(second)]),
  ].map((text, i) => colour(i, cut(text, columns)));
}

function colour(line: number, text: string): string {
  return line === 0 ? text : styleText("dim", text, { stream: process.stderr });
}

const BAR = 24;

function withBar(progress: Progress, line: string, columns: number): string {
  if (columns < line.length + BAR + 10) return line;
  const share = progress.total === 0 ? 1 : doneShare(progress);
  const full = Math.floor(share * BAR);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${"█".repeat(full)}${"░".repeat(BAR - full)} ${percent}  ${line}`;
}

function doneShare(progress: Progress): number {
  return (progress.cached + endedNow(progress)) / progress.total;
}

/** The line that says what begins. */
export function plannedLine(event: Extract<RunEvent, { type: "planned" }>): string {
  const { points, cached, todo, engine, image, workers, folder } = event;
  const rest = points - cached - todo;
  const parts = [
    counted(points, "point"),
    cached > 0 ? `${grouped(cached)} done before` : null,
    rest > 0 ? `${grouped(rest)} left out by --resume` : null,
    `${grouped(todo)} to run`,
  ].filter((part) => part !== null);
  return `${parts.join(", ")}: ${engine} (${image}), ${counted(workers, "worker")}, into ${shortPath(folder)}`;
}

/** How a finish step ended: `video  movie.mp4, 1.2 s`; why where it did not succeed. */
export function finishLine(step: FinishRow): string {
  const { kind, status, cached, seconds, files, reason } = step;
  if (status !== "succeeded") return `${kind} ${status}${reason === null ? "" : `: ${reason}`}`;
  const names = (files ?? []).map(({ path }) => path);
  const shown =
    names.slice(0, 3).join(", ") + (names.length > 3 ? `, ${names.length - 3} more` : "");
  const time = cached ? "from an earlier run" : duration(seconds ?? 0);
  return `${kind}: ${shown}, ${time}${reason === null ? "" : ` (${reason})`}`;
}

/** How many columns a text takes: wide characters, of which names may be made, count as two. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += characterWidth(character);
  return columns;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  const isBar = code >= 0x2500 && code <= 0x259f;
  return code >= 0x1100 && !isBar && character !== "…" && character !== "–" ? 2 : 1;
}

/** The text, shortened with an ellipsis where it takes more than `columns`. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let used = 1;
  let kept = "";
  for (const character of text) {
    used += characterWidth(character);
    if (used > columns) break;
    kept += character;
  }
  return `${kept}…`;
}
