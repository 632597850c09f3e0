import { styleText } from "node:util";
import type { Check } from "./checks.ts";
import { exits, jsonOption, newCommand } from "./command.ts";
import { harmless, print, printJson } from "./output.ts";

/** `sim-pipeline doctor` */
export function doctorCommand() {
  return newCommand(
    "doctor",
    "What is there on this machine, and what each lack costs. Exits with 0 whatever it finds.",
    [
      ["sim-pipeline doctor", "for people"],
      ["sim-pipeline doctor --json", "for other programs"],
    ],
  )
    .addOption(jsonOption())
    .action(
      exits(async ({ json }) => {
        // The Docker client is loaded only now, so that --help is quick.
        const { runChecks } = await import("./checks.ts");
        const checks = await runChecks(process.env);
        await (json ? printJson(checks) : print(doctorText(checks)));
        return 0;
      }),
    );
}

/** One line a check, and one more for what a lack costs. */
export function doctorText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, ok, found, lack }) => {
    const mark = styleText(ok ? "green" : "yellow", ok ? "✓" : "–", { stream: process.stdout });
    const line = `${mark} ${name.padEnd(width)}  ${harmless(found)}`;
    return lack === null ? [line] : [line, `  ${" ".repeat(width)}  costs: ${lack}`];
  });
  return `${lines.join("\n")}\n`;
}
