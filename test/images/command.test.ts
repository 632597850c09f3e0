import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand, withoutSecrets } from "../../src/images/command.ts";
import { runGate } from "../../src/images/gate.ts";

const never = new AbortController().signal;
const bash = (script: string) => ({ program: "bash", args: ["-c", script], env: process.env });

describe("a command", () => {
  test("ends with its code and its last lines, of both streams", async () => {
    const lines: string[] = [];
    const ended = await runCommand(
      bash("for i in $(seq 100); do echo $i; done; sleep 0.1; echo no >&2; exit 7"),
      (line) => lines.push(line),
      never,
    );
    expect(ended.code).toBe(7);
    expect(ended.tail.at(-1)).toBe("no");
    expect(lines).toHaveLength(101);
    expect(ended.tail).toHaveLength(40);
  });

  test("that is not there: exit 3", async () => {
    const missing = { program: "no-such-program", args: [], env: process.env };
    await expect(runCommand(missing, () => {}, never)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("no-such-program"),
    });
  });

  test("leaves no background process behind, which would hold its output open", async () => {
    const pids: number[] = [];
    const ended = await runCommand(bash("sleep 1000 & echo $!"), (line) => pids.push(+line), never);
    expect(ended.code).toBe(0);
    await expect.poll(() => isAlive(pids[0])).toBe(false);
  });

  test("is ended by an abort, with all that it started", async () => {
    const stop = new AbortController();
    const pids: number[] = [];
    const running = runCommand(
      bash("bash -c 'echo $$; sleep 1000; true'; true"),
      (line) => {
        pids.push(+line);
        stop.abort(new Error("stopped by the test"));
      },
      stop.signal,
    );
    await expect(running).rejects.toThrow("stopped by the test");
    await expect.poll(() => isAlive(pids[0])).toBe(false);
  });

  test("is not started after an abort", async () => {
    const lines: string[] = [];
    const gone = AbortSignal.abort(new Error("before"));
    await expect(runCommand(bash("echo x"), (line) => lines.push(line), gone)).rejects.toThrow(
      "before",
    );
    expect(lines).toEqual([]);
  });
});

/** A killed process that nobody has reaped yet counts as gone. */
function isAlive(pid: number | undefined): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test("programs of the repository get no credentials, and no files of the runner", () => {
  const env = {
    PATH: "/bin",
    GITHUB_SHA: "abc",
    HTTPS_PROXY: "http://proxy",
    "INPUT_REGISTRY-PASSWORD": "x",
    INPUT_IMAGE: "x",
    ACTIONS_RUNTIME_TOKEN: "x",
    ACTIONS_CACHE_URL: "x",
    STATE_x: "x",
    GITHUB_TOKEN: "x",
    GH_TOKEN: "x",
    GITHUB_ENV: "x",
    GITHUB_PATH: "x",
    GITHUB_OUTPUT: "x",
    GITHUB_STATE: "x",
    GITHUB_STEP_SUMMARY: "x",
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "x",
    AWS_SESSION_TOKEN: "x",
    DOCKER_AUTH_CONFIG: "x",
    npm_config_password: "x",
  };
  expect(withoutSecrets(env)).toEqual({
    PATH: "/bin",
    GITHUB_SHA: "abc",
    HTTPS_PROXY: "http://proxy",
  });
});

describe("a test command", () => {
  const gate = async (command: string, env = process.env) => {
    const folder = mkdtempSync(join(tmpdir(), "sim-gate-"));
    const lines: string[] = [];
    try {
      await runGate({ name: "test", command, folder }, env, (line) => lines.push(line), never);
      return { folder, lines };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test("runs in the context's folder, and is named first", async () => {
    const { folder, lines } = await gate("pwd");
    expect(lines).toEqual(["test: pwd", folder]);
  });

  test("sees no token", async () => {
    const { lines } = await gate('echo "[$GITHUB_TOKEN$INPUT_X]"', {
      ...process.env,
      GITHUB_TOKEN: "hush",
      INPUT_X: "hush",
    });
    expect(lines.at(-1)).toBe("[]");
  });

  test.each([
    ["that fails", "echo the reason; exit 3", /exit code 3 in .*the reason.*Nothing was pushed/s],
    ["with a line that fails", "false\necho behind", /exit code 1/],
    ["with a part of a pipe that fails", "false | cat", /exit code 1/],
  ])("%s: exit 3", async (_, command, message) => {
    await expect(gate(command)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(message),
    });
  });
});
