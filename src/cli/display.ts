import { stripVTControlCharacters } from "node:util";
import type { RunEvent } from "../run/events.ts";
import { harmless, harmlessText } from "./output.ts";
import {
  advance,
  finishLine,
  liveLines,
  mark,
  newProgress,
  plannedLine,
  progressLine,
  width,
} from "./progress.ts";

/** Shows a run on a stream until it is disposed. */
export interface Display extends Disposable {
  /** Takes an event; costs next to nothing, however many come. */
  event(event: RunEvent): void;
  /** Writes a line of its own, above what is live. */
  say(line: string): void;
}

/** What a display needs of `process.stderr`. */
export interface DisplayStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

/** At most ten drawings a second, and one a second while nothing happens, for the clock in it. */
const DRAW_MS = 100;
const CLOCK_MS = 1000;
/** Where nobody looks at it live, as in a job's log: a line now and then. */
const LINE_MS = 10_000;

/** A live display where the stream is a terminal, else one line in ten seconds. */
export function newDisplay(stream: DisplayStream): Display {
  return stream.isTTY === true ? liveDisplay(stream) : lineDisplay(stream);
}

function liveDisplay(stream: DisplayStream): Display {
  const progress = newProgress(Date.now());
  let shown: string[] = [];
  let timer: NodeJS.Timeout | undefined;

  const columns = () => stream.columns || 80;
  const erase = (): string => {
    if (shown.length === 0) return "";
    // A terminal that was made narrower has wrapped the lines that were drawn before.
    const rows = shown.reduce(
      (sum, line) => sum + Math.ceil(width(stripVTControlCharacters(line)) / columns()),
      0,
    );
    shown = [];
    return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ""}\x1b[0J`;
  };
  const draw = (): void => {
    timer = undefined;
    const now = Date.now();
    mark(progress, now);
    const cleared = erase();
    shown = liveLines(progress, now, columns());
    stream.write(cleared + shown.join("\n"));
  };
  const soon = (): void => {
    timer ??= setTimeout(draw, DRAW_MS);
  };
  const clock = setInterval(soon, CLOCK_MS);
  const say = (line: string): void => {
    stream.write(`${erase()}${line}\n`);
    soon();
  };
  stream.on("resize", draw);
  return {
    event(event) {
      advance(progress, event, Date.now());
      const line = ownLine(event);
      if (line === null) soon();
      else say(line);
    },
    say,
    [Symbol.dispose]() {
      clearInterval(clock);
      clearTimeout(timer);
      stream.off("resize", draw);
      const rest = erase();
      if (rest !== "") stream.write(rest);
    },
  };
}

function lineDisplay(stream: DisplayStream): Display {
  const progress = newProgress(Date.now());
  let last = "";
  const write = (line: string): void => {
    stream.write(`${line}\n`);
  };
  const timer = setInterval(() => {
    const now = Date.now();
    mark(progress, now);
    const line = progressLine(progress, now);
    const failure =
      progress.lastFailure === null ? "" : `; last failure: ${harmless(progress.lastFailure)}`;
    const text = harmless(line) + (failure === last ? "" : failure);
    last = failure;
    write(text);
  }, LINE_MS);
  return {
    event(event) {
      advance(progress, event, Date.now());
      const line = event.type === "building" ? harmless(event.line) : ownLine(event);
      if (line !== null) write(line);
    },
    say: write,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** What some events say in a line that stays. */
function ownLine(event: RunEvent): string | null {
  switch (event.type) {
    case "planned":
      return harmless(plannedLine(event));
    case "paused":
      return harmless(`paused: ${event.reason}`);
    case "resumed":
      return "resumed";
    case "stopping":
      return harmless(`nothing more is started: ${event.reason}`);
    case "finish":
      return event.step.status === "running" ? null : harmlessText(finishLine(event.step));
    case "machines":
      return harmlessText(event.message);
    case "warning":
      return harmlessText(`warning: ${event.message}`);
    default:
      return null;
  }
}
