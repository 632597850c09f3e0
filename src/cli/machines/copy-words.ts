import type { LeaseRecord } from "../../machines/record.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { namedOne } from "./work.ts";

/**
 * What scp is called with to copy; folders as a whole, as `docker cp` does.
 * @throws ReportedError (2) where neither side is on a machine, or for one that is not known.
 */
export function copyWords(
  records: readonly LeaseRecord[],
  from: string,
  to: string,
): readonly string[] {
  const [source, target] = [sideOf(records, from), sideOf(records, to)];
  if (!source.remote && !target.remote) {
    throw new ReportedError(
      2,
      "Neither side is on a machine: write one as MACHINE:path.\n" +
        "`sim-pipeline machines ls` shows the machines.",
    );
  }
  // Through here: the machines neither know nor trust each other.
  const between = source.remote && target.remote ? ["-3"] : [];
  return ["-r", ...between, "--", source.word, target.word];
}

interface Side {
  readonly remote: boolean;
  readonly word: string;
}

function sideOf(records: readonly LeaseRecord[], text: string): Side {
  const parts = /^([^/:]*):(.*)$/s.exec(text);
  // A colon behind a slash is part of a local path, for scp too.
  if (parts === null) return { remote: false, word: text };
  const [, name = "", path = ""] = parts;
  try {
    return { remote: true, word: `${namedOne(records, name).machine.name}:${path}` };
  } catch (error) {
    if (!(error instanceof ReportedError)) throw error;
    const message = `${error.message}\nFor a local file of that name, write ./${text}`;
    throw new ReportedError(error.exitCode, message, { cause: error });
  }
}
