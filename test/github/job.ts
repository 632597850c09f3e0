import { vi } from "vitest";
import { type WorkflowContext, workflowContext } from "../../src/github/context.ts";

/** Makes this process a job's: the clients of GitHub look into process.env. Undone by `noJob`. */
export function becomeJob(env: Readonly<Record<string, string | undefined>>): WorkflowContext {
  noJob();
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return workflowContext(env);
}

export function noJob(): void {
  vi.unstubAllEnvs();
}

/**
 * The clients' waits before they try again, of a second to `most` milliseconds, take a hundredth of
 * that; their timeouts are longer.
 */
export function hurry(most = 20_000): void {
  vi.unstubAllGlobals();
  const real = globalThis.setTimeout;
  const hurried = (task: (...given: unknown[]) => void, delay = 0, ...given: unknown[]) =>
    real(task, delay >= 1000 && delay <= most ? delay / 100 : delay, ...given);
  vi.stubGlobal("setTimeout", Object.assign(hurried, real));
}

/** What was printed since, as the runner reads it; nothing of it reaches the terminal. */
export function captureLog(): { text(): string } {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  return { text: () => text };
}
