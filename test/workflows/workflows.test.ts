/** What the linters do not know of our workflows: how they fit together, and GitHub's limits. */

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

const permissionsSchema = z.record(z.string(), z.enum(["read", "write"]));
const stepSchema = z.object({
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const jobSchema = z.object({
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  permissions: permissionsSchema.optional(),
  "timeout-minutes": z.union([z.number(), z.string()]).optional(),
  steps: z.array(stepSchema).default([]),
});
const callSchema = z.object({
  inputs: z.record(z.string(), z.unknown()).default({}),
  secrets: z.record(z.string(), z.unknown()).default({}),
});
const workflowSchema = z.object({
  on: z.union([
    z.string(),
    z.looseObject({
      workflow_dispatch: callSchema.nullish(),
      workflow_call: callSchema.nullish(),
    }),
  ]),
  permissions: permissionsSchema.optional(),
  concurrency: z.object({ group: z.string() }).optional(),
  jobs: z.record(z.string(), jobSchema),
});
type Workflow = z.infer<typeof workflowSchema>;

const actionSchema = z.object({ inputs: z.record(z.string(), z.unknown()) });

const parseWorkflow = (text: string): Workflow => workflowSchema.parse(parse(text));
const workflow = (file: string): Workflow => parseWorkflow(read(file));

const ours = globSync(".github/workflows/*.yml", { cwd: root }).sort();
const templates = globSync("starter/github/*.yml", { cwd: root }).sort();
const simulations = globSync("sims/*/Dockerfile", { cwd: root }).map((file) => file.split("/")[1]);

/** Which inputs and secrets a workflow takes from its callers. */
function callOf({ on }: Workflow) {
  return (typeof on === "string" ? null : on.workflow_call) ?? callSchema.parse({});
}

describe.each([...ours, ...templates])("%s", (file) => {
  const { on, permissions, concurrency, jobs } = workflow(file);
  const onlyCalled = typeof on === "object" && Object.keys(on).join() === "workflow_call";

  const its = onlyCalled ? "takes its caller's" : "limits";
  it(`${its} permissions and concurrency`, () => {
    if (onlyCalled) {
      expect([permissions, concurrency]).toEqual([undefined, undefined]);
      expect(Object.values(jobs).map((job) => job.permissions)).toEqual([undefined]);
      return;
    }
    expect(permissions).toEqual({});
    expect(concurrency?.group).toBeDefined();
    for (const [name, job] of Object.entries(jobs)) {
      expect(job.permissions, `permissions of ${name}`).toBeDefined();
    }
  });

  it("limits each job's time", () => {
    for (const [name, job] of Object.entries(jobs)) {
      if (job.uses === undefined) expect(job["timeout-minutes"], name).toBeDefined();
    }
  });

  it("leaves no token in a checkout, and names every foreign action by its commit", () => {
    const steps = Object.values(jobs).flatMap((job) => [job, ...job.steps]);
    for (const { uses, with: inputs } of steps) {
      if (uses === undefined || uses.startsWith("./")) continue;
      if (uses.startsWith("actions/checkout@")) expect(inputs["persist-credentials"]).toBe(false);
      expect(uses).toMatch(/@[0-9a-f]{40}$|^org\/sim-pipeline\/.*@v1$/);
    }
  });

  it("passes only inputs that are there", () => {
    const calls = Object.values(jobs).flatMap((job) => [job, ...job.steps]);
    for (const { uses = "", with: inputs } of calls) {
      const [, path] = /^(?:\.|org\/sim-pipeline)\/([^@]+)/.exec(uses) ?? [];
      if (path === undefined || path.startsWith(".github/actions")) continue;
      const called = path.replace(/build-my-sweep\.yml$/, "build-monte-carlo-pi.yml");
      const taken = called.endsWith(".yml")
        ? callOf(workflow(called)).inputs
        : actionSchema.parse(parse(read(`${called}/action.yml`))).inputs;
      expect(Object.keys(taken), uses).toEqual(expect.arrayContaining(Object.keys(inputs)));
    }
  });
});

describe("sweep.yml", () => {
  const sweep = workflow(".github/workflows/sweep.yml");

  it("leaves room for overrides in the 400 characters of a concurrency group", () => {
    const long: Readonly<Record<string, string>> = {
      sweep: "simulations/fluid-dynamics/sweeps/reynolds-number.yaml",
      image: `ghcr.io/an-organisation/a-repository/fluid-dynamics@sha256:${"0".repeat(64)}`,
      runner: "ubuntu-24.04",
    };
    const group = sweep.concurrency?.group ?? "";
    const named = group.replace(/\$\{\{ inputs\.(\S+) \}\}/g, (_, name) => long[name] ?? "");
    const length = named.replace(/\$\{\{ github\.ref \}\}/, "refs/heads/a-branch").length;
    expect(named).not.toContain("inputs");
    expect(length).toBeLessThan(300);
    for (const name of ["sweep", "param", "set", "image", "resume-from"]) {
      expect(group, "other requests do not wait").toContain(`inputs.${name} `);
    }
  });

  it("is called in eight lines, whose permissions are enough and no more", () => {
    const comment = read(".github/workflows/sweep.yml").split("\nname:")[0] ?? "";
    const lines = comment.split("\n").filter((line) => line.startsWith("#   "));
    expect(lines).toHaveLength(8);
    const caller = parseWorkflow(lines.map((line) => line.slice(4)).join("\n"));
    expect(caller.jobs.sweep?.uses).toBe("org/sim-pipeline/.github/workflows/sweep.yml@v1");
    // All of them read; a called job that asks for more than its caller has is refused.
    const asked = Object.values(sweep.jobs).map((job) => job.permissions);
    expect(caller.permissions).toEqual(Object.assign({}, ...asked));
  });

  it("shares its jobs with sweep-on-machines.yml", () => {
    const { jobs } = workflow(".github/workflows/sweep-on-machines.yml");
    for (const name of ["plan", "run", "collect"]) {
      expect(jobs[name]?.steps.map(({ uses }) => uses)).toEqual(
        sweep.jobs[name]?.steps.map(({ uses }) => uses),
      );
      expect(jobs[name]?.permissions).toEqual(sweep.jobs[name]?.permissions);
    }
  });

  it("does what ci.yml does, but for where its actions come from", () => {
    const { jobs } = workflow(".github/workflows/ci.yml");
    const released = (text: string) => text.replace("org/sim-pipeline", ".").replace("@v1", "");
    for (const name of ["plan", "run", "collect"]) {
      const used = sweep.jobs[name]?.steps.map(({ uses = "" }) => released(uses));
      expect(jobs[name]?.steps.map(({ uses }) => uses)).toEqual(
        expect.arrayContaining(used?.filter((uses) => uses !== "") ?? []),
      );
    }
  });
});

describe.each(["sweep.yml", "sweep-on-machines.yml"])("the inputs of %s", (name) => {
  const sweep = workflow(`.github/workflows/${name}`);
  const dispatch = typeof sweep.on === "string" ? null : sweep.on.workflow_dispatch;

  it("stays within GitHub's 25 inputs of a dispatch, and takes them from callers too", () => {
    const inputs = Object.keys(dispatch?.inputs ?? {});
    expect(inputs.length).toBeLessThanOrEqual(25);
    expect(Object.keys(callOf(sweep).inputs)).toEqual(expect.arrayContaining(inputs));
  });

  it("offers each sweep file of the simulations", () => {
    const sweepInput = z.object({ options: z.array(z.string()) });
    const { options } = sweepInput.parse(dispatch?.inputs.sweep);
    expect(options.toSorted()).toEqual(globSync("sims/*/sweep*.yaml", { cwd: root }).sort());
  });

  it("describes each input and secret", () => {
    const { inputs, secrets } = callOf(sweep);
    for (const one of Object.values({ ...inputs, ...dispatch?.inputs, ...secrets })) {
      expect(one).toHaveProperty("description");
    }
  });
});

describe.each([
  ["sweep-on-machines.yml", "sweep"],
  ["reap.yml", "reap"],
])("the lines that call %s", (name, job) => {
  const comment = read(`.github/workflows/${name}`).split("\nname:")[0] ?? "";
  const lines = comment.split("\n").filter((line) => line.startsWith("#   "));
  const caller = parseWorkflow(lines.map((line) => line.slice(4)).join("\n"));
  const called = workflow(`.github/workflows/${name}`);

  it("call it, with permissions that are enough and no more", () => {
    expect(caller.jobs[job]?.uses).toBe(`org/sim-pipeline/.github/workflows/${name}@v1`);
    const all = Object.values(called.jobs).flatMap(({ permissions = {} }) =>
      Object.entries(permissions),
    );
    // What one job may write, the caller has to give, whatever another one only reads.
    const needed = Object.fromEntries(all.toSorted(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(caller.permissions).toEqual(needed);
  });

  it("pass what is there, and what is required", () => {
    const { inputs } = callOf(called);
    const given = Object.keys(caller.jobs[job]?.with ?? {});
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(given));
    const required = Object.entries(inputs).flatMap(([key, input]) =>
      z.looseObject({ required: z.literal(true) }).safeParse(input).success ? [key] : [],
    );
    expect(given).toEqual(expect.arrayContaining(required));
  });
});

describe("the builds of the simulations", () => {
  it.each(simulations)("%s has a workflow, the same as the others' but for its name", (name) => {
    const file = `.github/workflows/build-${name}.yml`;
    expect(existsSync(join(root, file))).toBe(true);
    const model = read(".github/workflows/build-monte-carlo-pi.yml");
    expect(read(file)).toBe(model.replaceAll("monte-carlo-pi", `${name}`));
  });
});
