/** The signals that end a run, and the exit code that tells of each. */
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** A terminal that is closed ends the run as gently as SIGTERM does. */
type Reason = "SIGINT" | "SIGTERM";

export interface Interruption extends Disposable {
  /** Aborts with the first signal, its name the reason. */
  readonly stop: AbortSignal;
  /** Aborts with the second. */
  readonly kill: AbortSignal;
  /** 130, 143 or 129 once a signal came, else null. */
  exitCode(): number | null;
}

/** What is said of a first and of a second signal, behind its name. */
const RUN_TEXTS = {
  first: "ending what runs and keeping what finished; again: kill it at once.",
  second: "killing what runs.",
};

/** Turns the signals that this process gets into aborts, until disposed. */
export function listenToSignals(
  say: (line: string) => void,
  texts: Readonly<typeof RUN_TEXTS> = RUN_TEXTS,
): Interruption {
  const stop = new AbortController();
  const kill = new AbortController();
  let code: number | null = null;

  const onSignal = (signal: NodeJS.Signals): void => {
    if (signal !== "SIGINT" && signal !== "SIGTERM" && signal !== "SIGHUP") return;
    if (code === null) {
      code = CODES[signal];
      const reason: Reason = signal === "SIGINT" ? "SIGINT" : "SIGTERM";
      say(`${signal}: ${texts.first}`);
      stop.abort(reason);
    } else if (!kill.signal.aborted) {
      say(`${signal} again: ${texts.second}`);
      kill.abort(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    kill: kill.signal,
    exitCode: () => code,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
