import { posix } from "node:path";
import type { InputFile } from "../sweep.ts";
import { type Bounds, FileProblem, readTextFile, resolveInside } from "./files.ts";
import type { Report } from "./source.ts";
import { child, type Node, type ScalarNode } from "./tree.ts";
import { isScalar } from "./values.ts";

/** Folders of the system or of ours: nothing may be placed inside them. */
const TAKEN = ["/mnt/data", "/proc", "/sys", "/dev", "/run", "/var/run"];
/** Folders and files that a simulation needs as its image has them. */
const NEEDED = [
  "/",
  "/mnt",
  ...["bin", "boot", "etc", "home", "lib", "lib32", "lib64", "opt", "root"].map(
    (name) => `/${name}`,
  ),
  ...["sbin", "srv", "tmp", "usr", "usr/bin", "usr/lib", "usr/local", "var"].map(
    (name) => `/${name}`,
  ),
  ...["group", "hostname", "hosts", "passwd", "resolv.conf", "shadow"].map(
    (name) => `/etc/${name}`,
  ),
];

const TEMPLATE_LIMIT = 1024 * 1024;

export interface MountContext extends Bounds {
  readonly report: Report;
  /** How messages write a path that the sweep names. */
  shown(from: string): string;
}

/** Remembers what is placed where, over inputs and templates. */
export interface Targets {
  /** The normalised target, or null after reporting why it cannot be. */
  add(node: ScalarNode): string | null;
}

export function createTargets(report: Report): Targets {
  const taken = new Set<string>();
  /** The folders that hold one of them, with that one. */
  const parents = new Map<string, string>();
  return {
    add(node) {
      const target = normalised(node.text);
      const problem = targetProblem(node.text, target);
      if (problem !== null) {
        report.error(node.place, `${node.text} ${problem}`, "choose a path below /mnt/input");
        return null;
      }
      if (taken.has(target)) {
        report.error(node.place, `something else is placed at ${target} already`);
        return null;
      }
      const folders = foldersAbove(target);
      const other = parents.get(target) ?? folders.find((folder) => taken.has(folder));
      if (other !== undefined) {
        const hint = "what is placed is read-only: choose a path that is not inside another";
        report.error(node.place, `${target} and ${other} lie inside each other`, hint);
        return null;
      }
      taken.add(target);
      for (const folder of folders) parents.set(folder, target);
      return target;
    },
  };
}

/** `/a/b` and `/a` of `/a/b/c`. */
function foldersAbove(target: string): string[] {
  const folders: string[] = [];
  for (let at = target.lastIndexOf("/"); at > 0; at = target.lastIndexOf("/", at - 1)) {
    folders.push(target.slice(0, at));
  }
  return folders;
}

/** Absolute; a relative path means below /mnt/input. */
function normalised(to: string): string {
  const path = posix.normalize(posix.isAbsolute(to) ? to : `/mnt/input/${to}`);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function targetProblem(to: string, target: string): string | null {
  if (to.split("/").includes("..")) return "holds .. steps";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f\\]/.test(to)) return "holds a backslash or a control character";
  if (Buffer.byteLength(target) > 1024) return "is longer than 1024 bytes";
  if (TAKEN.some((folder) => target === folder || target.startsWith(`${folder}/`))) {
    return target.startsWith("/mnt/data") ? "is where the outputs go" : "is a folder of the system";
  }
  return NEEDED.includes(target) ? "would hide what the image has there" : null;
}

/** The `inputs`; what is no address must exist inside the repository. */
export function readInputs(
  nodes: readonly Node[],
  targets: Targets,
  context: MountContext,
): InputFile[] {
  const inputs: InputFile[] = [];
  for (const node of nodes) {
    const [from, to] = [child(node, "from"), child(node, "to")];
    if (!isScalar(from) || !isScalar(to)) continue;
    const target = targets.add(to);
    const address = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(from.text)?.[1];
    if (address === undefined) locate(from, context);
    else checkAddress(address, from, context.report);
    if (target !== null) inputs.push({ from: from.text, to: target });
  }
  return inputs;
}

function checkAddress(scheme: string, from: ScalarNode, report: Report): void {
  if (!["https", "s3", "gs"].includes(scheme)) {
    const message = `${scheme}:// is no address that inputs come from`;
    report.error(from.place, message, "write an https://, s3:// or gs:// address");
  } else if (!URL.canParse(from.text) || new URL(from.text).host === "") {
    report.error(from.place, `${from.text} is no complete address`);
  } else if (new URL(from.text).password !== "") {
    // The address stands in the journal and in the plan.
    report.error(from.place, "an address must not hold a password", "use a signed address");
  }
}

/** The absolute path of a file or folder that exists, or null after reporting. */
function locate(from: ScalarNode, context: MountContext): string | null {
  try {
    const path = resolveInside(from.text, context);
    context.report.name(path);
    return path;
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    context.report.error(from.place, `${from.text} ${error.message}`, error.hint);
    return null;
  }
}

/** A template file's text as a node of its own, with its target. */
export interface TemplateText {
  readonly from: string;
  readonly to: string;
  readonly node: ScalarNode;
}

export function readTemplateFiles(
  nodes: readonly Node[],
  targets: Targets,
  context: MountContext,
): TemplateText[] {
  const files: TemplateText[] = [];
  for (const node of nodes) {
    const [from, to] = [child(node, "from"), child(node, "to")];
    if (!isScalar(from) || !isScalar(to)) continue;
    const target = targets.add(to);
    const path = locate(from, context);
    if (path === null) continue;
    try {
      const text = readTextFile(path, TEMPLATE_LIMIT);
      const place = { source: { name: context.shown(from.text), text }, offset: 0 };
      const whole: ScalarNode = { kind: "scalar", value: text, text, raw: text, place };
      files.push({ from: from.text, to: target ?? "", node: whole });
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      context.report.error(from.place, `the template ${from.text} ${error.message}`, error.hint);
    }
  }
  return files;
}
