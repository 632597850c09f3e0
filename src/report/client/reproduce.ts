import type { CommandData, RunDocument } from "../document.ts";
import { h } from "./dom.ts";
import { moment } from "./header.ts";

/** What ran, exactly, and the commands that run it again. */
export function reproduce({ commands, executions, sweepFile }: RunDocument): HTMLElement {
  const starts = executions.map((one) =>
    h(
      "tr",
      {},
      h("td", { class: "date" }, moment(one.started)),
      h("td", {}, one.engine),
      h("td", { class: "code" }, one.image),
      h("td", { class: "code" }, one.identity),
      h("td", { class: "number" }, String(one.workers)),
    ),
  );
  const head = ["Started", "Engine", "Image or program", "Identity of its content", "Workers"];
  return h(
    "div",
    {},
    h(
      "p",
      { class: "muted" },
      `${whereToRun(sweepFile)} A point with the same content runs no second time: image, command, parameters and inputs are in its key.`,
    ),
    ...commandList(commands),
    h("h3", {}, executions.length === 1 ? "The start" : "The starts"),
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        { class: "plain" },
        h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, ...starts),
      ),
    ),
  );
}

/** The folder that commands are for. */
export function whereToRun(sweepFile: boolean): string {
  return sweepFile
    ? "The commands are for the folder that the run was started in."
    : "The commands are for the folder of the sweep file, here called sweep.yaml.";
}

export function commandList(commands: readonly CommandData[]): HTMLElement[] {
  return commands.flatMap(({ title, text }) => [h("h3", {}, title), copyable(text)]);
}

/** A command with a button that copies it. */
export function copyable(text: string): HTMLElement {
  const button = h("button", { type: "button", class: "quiet copy" }, "Copy");
  button.addEventListener("click", () => {
    void navigator.clipboard?.writeText(text).then(() => {
      button.textContent = "Copied";
    });
  });
  return h("div", { class: "command" }, h("pre", {}, h("code", {}, text)), button);
}
