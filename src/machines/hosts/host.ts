import { z } from "zod";
import { type SshTarget, sshCommand, sshName } from "../../engines/ssh.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { type Machine, ProviderError } from "../provider.ts";
import { ConnectionError, runOn } from "../remote.ts";
import { idOf } from "./place.ts";

/** Where hosts of one's own are: nobody rents them out by region. */
export const REGION = "own";

const LEASE = z.object({
  version: z.literal(1),
  /** Seconds since 1970, by the host's clock. */
  created: z.number(),
  until: z.number(),
  name: z.string(),
  size: z.string(),
  tags: z.record(z.string(), z.string()),
});
type Lease = z.infer<typeof LEASE>;

/** What a host says of itself. */
export interface Report {
  /** Milliseconds since 1970, by its clock. */
  readonly time: number;
  /** Who has it; `unreadable` for what no reservation of ours can be; null: nobody. */
  readonly lease: Lease | "unreadable" | null;
  /** Whether it was taken by somebody else while it was asked for. */
  readonly isTaken: boolean;
  readonly docker: { readonly cpus: number; readonly memory: number } | null;
  /** Why it can run nothing; null where it can, or was not asked. */
  readonly trouble: string | null;
}

/**
 * Runs one of script.ts's on a host.
 *
 * @throws ProviderError `auth` where it does not let us in or is not known, `unavailable` where it
 *   does not answer, `invalid` where it is no host of this kind.
 */
export async function ask(
  target: SshTarget,
  script: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Report> {
  signal.throwIfAborted();
  const how = { signal, input: script };
  try {
    return parse(await runOn(target, env, "exec sh", how), target, env);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ProviderError) throw cause;
    if (cause instanceof ConnectionError) {
      const closed = cause.lasting || /does not let us in/.test(cause.message);
      throw new ProviderError(closed ? "auth" : "unavailable", cause.message, { cause });
    }
    if (!(cause instanceof ReportedError)) throw cause;
    throw new ProviderError(
      "unavailable",
      `${cause.message}\nLook at it with \`${sshCommand(target, env)}\`; what is reserved there is in ~/.sim-pipeline.`,
      { cause },
    );
  }
}

function parse(text: string, target: SshTarget, env: NodeJS.ProcessEnv): Report {
  const lines = new Map(
    text.split("\n").map((line) => {
      const at = line.indexOf(" ");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const time = Number(lines.get("time"));
  if (!lines.has("time") || !Number.isInteger(time)) {
    throw new ProviderError(
      "invalid",
      `${sshName(target)} does not run commands as a shell does: ${JSON.stringify(text.slice(0, 100))}.\nIt must be a Linux host whose login prints nothing without a terminal: \`${sshCommand(target, env)} true\`.`,
    );
  }
  const written = lines.get("taken") ?? lines.get("lease");
  return {
    time: time * 1000,
    lease: written === undefined ? null : readLease(written),
    isTaken: lines.has("taken"),
    ...dockerOf(lines, target),
  };
}

function readLease(text: string): Lease | "unreadable" {
  try {
    return LEASE.parse(JSON.parse(text));
  } catch {
    return "unreadable";
  }
}

function dockerOf(
  lines: ReadonlyMap<string, string>,
  target: SshTarget,
): Pick<Report, "docker" | "trouble"> {
  const lacks = lines.get("lacks");
  const refused = lines.get("refused")?.trim();
  const said = lines.get("docker");
  const trouble = (text: string) => ({ docker: null, trouble: text });
  if (lacks === "flock") return trouble("it has no `flock`: install util-linux there");
  if (lacks !== undefined) return trouble("it has no Docker: install Docker Engine there");
  if (refused !== undefined && /permission denied/i.test(refused)) {
    const user = target.user ?? "YOU";
    return trouble(
      `its Docker does not take commands from this user: \`sudo usermod -aG docker ${user}\` there, then log in anew`,
    );
  }
  if (refused !== undefined) return trouble(`its Docker does not answer: ${refused}`);
  if (said === undefined) return { docker: null, trouble: null };
  const [cpus, memory, system, ...rest] = said.split(" ");
  if (system !== "linux" || !(Number(cpus) > 0) || !(Number(memory) > 0)) {
    return trouble(`its Docker runs ${system ?? "nothing"} ${rest.join(" ")}, and not Linux`);
  }
  return { docker: { cpus: Number(cpus), memory: Number(memory) }, trouble: null };
}

/** The reservation as a machine; null for one that is none of ours. */
export function machineOf(target: SshTarget, lease: Report["lease"]): Machine | null {
  if (lease === null || lease === "unreadable") return null;
  const { name, size, tags, created } = lease;
  return {
    provider: "hosts",
    id: idOf({ target, name }),
    name,
    size,
    region: REGION,
    state: "running",
    address: target.host,
    privateAddress: null,
    port: target.port ?? 22,
    created: created * 1000,
    pricePerHour: 0,
    tags,
  };
}
