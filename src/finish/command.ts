import type { FinishStep } from "../sweep/sweep.ts";
import { compileTemplate } from "../sweep/template.ts";
import { StepFailure } from "./failure.ts";
import { checkOutcome, runProgram, type StepContext } from "./task.ts";

/**
 * Runs a program of the user's over the run folder, which it reads as its input; what it writes to
 * its output goes to finish/.
 *
 * @throws StepFailure where no point has succeeded, or the program fails.
 */
export async function runCommand(
  context: StepContext,
  step: Extract<FinishStep, { kind: "command" }>,
): Promise<string | null> {
  const tool = context.tools.commands.get(context.index);
  if (tool === undefined) throw new Error("a command without an engine");
  const succeeded = context.points.filter(({ status }) => status === "succeeded").length;
  if (succeeded === 0) throw new StepFailure("There is nothing to read: no point has succeeded.");
  const outcome = await runProgram(context, {
    name: "command",
    tool,
    input: context.folder.root,
    output: context.output,
    words: (folders) =>
      step.command.map((word) =>
        compileTemplate(word)({ parameters: {}, index: 0, name: "", folders, chunk: null }),
      ),
    network: step.network,
  });
  checkOutcome(outcome, "The command");
  const missing = context.points.length - succeeded;
  return missing === 0 ? null : `${missing} of ${context.points.length} points did not succeed`;
}
