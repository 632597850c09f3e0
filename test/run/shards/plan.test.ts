import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addFile, writeTar } from "../../../src/engines/pack.ts";
import { openTar } from "../../../src/engines/tar-file.ts";
import { openPlan, type ShardPlanOptions, shardSweep } from "../../../src/index.ts";
import { temporaryFolder } from "../harness.ts";
import { write } from "./fixture.ts";

const SWEEP = `name: carried
image: busybox
parameters:
  seed: { range: "1-3" }
  cases: { file: ../../tables/cases.csv }
templates: [{ from: config.txt, to: config.txt }]
inputs: [{ from: ../../data, to: data }, { from: ../../link.bin, to: link.bin }]
command: ["{{ seed }}", "{{ x }}"]
`;

/** A repository whose sweep reads files of every kind. */
function repository(sweep = SWEEP): { folder: string; root: string } {
  const folder = temporaryFolder();
  const root = join(folder, "repository");
  write(root, {
    "sims/a/sweep.yaml": sweep,
    "sims/a/config.txt": "seed = {{ seed }}",
    "tables/cases.csv": "x,y\n1,2\n3,4\n",
    "data/one.bin": "one",
    "data/deep/two.bin": "two",
    "real.bin": "real",
    "unread.txt": "not read",
  });
  symlinkSync("real.bin", join(root, "link.bin"));
  return { folder, root };
}

async function plan(folder: string, root: string, options: Partial<ShardPlanOptions> = {}) {
  const out = join(folder, "plan.tar");
  const made = await shardSweep({
    sweep: join(root, "sims/a/sweep.yaml"),
    root,
    shards: 2,
    commit: "c0ffee",
    repository: "org/repo",
    process: false,
    out,
    ...options,
  });
  return { ...made, out };
}

function scratchIn(folder: string): string {
  const scratch = join(folder, `scratch-${readdirSync(folder).length}`);
  mkdirSync(scratch);
  return scratch;
}

const pathsIn = (path: string) => {
  using tar = openTar(path);
  return [...tar.entries()].map((entry) => entry.path);
};

const IMAGE = `busybox@sha256:${"1".repeat(64)}`;

test("a plan carries what the sweep reads, and is the same plan elsewhere", async () => {
  const { folder, root } = repository();
  const made = await plan(folder, root, { params: ["seed=1-5"], set: [`image=${IMAGE}`] });
  expect(pathsIn(made.out)).toEqual([
    "plan.json",
    "files/data/deep/two.bin",
    "files/data/one.bin",
    "files/link.bin",
    "files/sims/a/config.txt",
    "files/sims/a/sweep.yaml",
    "files/tables/cases.csv",
  ]);
  expect(made.file).toMatchObject({ points: 10, checkout: false, commit: "c0ffee" });
  rmSync(root, { recursive: true });
  const open = await openPlan(made.out, scratchIn(folder), { root, commit: null });
  expect(open.digest).toBe(made.digest);
  expect(open.file).toEqual(made.file);
  expect(open.plan.sweep.image).toBe(IMAGE);
  expect([...open.plan.points()]).toEqual([...made.plan.points()]);
});

test("the same plan has the same bytes", async () => {
  const { folder, root } = repository();
  const { out } = await plan(folder, root);
  const before = readFileSync(out);
  const data = readFileSync(join(root, "data/one.bin"));
  rmSync(join(root, "data/one.bin"));
  writeFileSync(join(root, "data/one.bin"), data);
  await plan(folder, root);
  expect(readFileSync(out).equals(before)).toBe(true);
});

describe("shards need a checkout", () => {
  const cases: {
    title: string;
    prepare: (root: string) => void;
    process?: boolean;
    carried: boolean;
  }[] = [
    { title: "for processes", prepare: () => {}, process: true, carried: true },
    {
      title: "where the files are too large",
      prepare: (root) => writeFileSync(join(root, "data/large"), Buffer.alloc(11 * 1024 * 1024)),
      carried: false,
    },
    {
      title: "where a folder holds a link",
      prepare: (root) => symlinkSync("one.bin", join(root, "data/link")),
      carried: false,
    },
    {
      title: "where the image is built there",
      prepare: (root) =>
        writeFileSync(join(root, "sims/a/sweep.yaml"), SWEEP.replace("image: busybox", "build: .")),
      carried: true,
    },
  ];
  test.each(cases)("$title", async ({ prepare, process = false, carried }) => {
    const { folder, root } = repository();
    prepare(root);
    const { file, out } = await plan(folder, root, { process });
    expect(file.checkout).toBe(true);
    expect(new Set(file.files.map((one) => one.carried))).toEqual(new Set([carried]));
    expect(pathsIn(out).length > 1).toBe(carried);
    const here = { root, commit: "c0ffee" };
    const { plan: opened } = await openPlan(out, scratchIn(folder), here);
    expect(opened.sweep.file).toBe(join(root, "sims/a/sweep.yaml"));

    const elsewhere = openPlan(out, scratchIn(folder), { root, commit: "decaf" });
    await expect(elsewhere).rejects.toThrow(/plan of another commit[\s\S]*c0ffee[\s\S]*decaf/);
    const none = { root: join(folder, "none"), commit: "decaf" };
    const collecting = openPlan(out, scratchIn(folder), none, "collect");
    if (carried) expect((await collecting).plan.count).toBe(opened.count);
    else await expect(collecting).rejects.toThrow(/plan of another commit/);
    appendFileSync(join(root, "tables/cases.csv"), "5,6\n");
    await expect(openPlan(out, scratchIn(folder), here)).rejects.toThrow(
      /tables\/cases.csv is not the file that was planned/,
    );
    rmSync(join(root, "tables/cases.csv"));
    await expect(openPlan(out, scratchIn(folder), here)).rejects.toThrow(
      /cases.csv is not there[\s\S]*actions\/checkout/,
    );
  });
});

test("files outside of the repository are refused, however they are named", async () => {
  const { folder, root } = repository();
  write(folder, { "outside.csv": "x,y\n1,2\n" });
  rmSync(join(root, "tables/cases.csv"));
  symlinkSync("../../outside.csv", join(root, "tables/cases.csv"));
  await expect(plan(folder, root)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/leads out of/),
  });
  const inner = join(root, "sims");
  await expect(plan(folder, inner, { sweep: join(root, "sims/a/sweep.yaml") })).rejects.toThrow(
    /leads out of/,
  );
  await expect(
    plan(folder, join(root, "tables"), { sweep: join(root, "sims/a/sweep.yaml") }),
  ).rejects.toThrow(/lies outside of/);
});

describe("a tar that is no plan is refused", () => {
  type Files = Map<string, string>;
  const change = (from: string | RegExp, to: string) => (files: Files) =>
    void files.set("plan.json", (files.get("plan.json") ?? "").replace(from, to));
  test.each<[title: string, forge: (files: Files) => void, says: RegExp]>([
    ["without plan.json", (files) => void files.delete("plan.json"), /no plan.json/],
    ["with no JSON", (files) => void files.set("plan.json", "{"), /no JSON/],
    ["of a newer version", change('"version": 1', '"version": 2'), /wrong at version/],
    [
      "of more points",
      (files) => {
        const file = JSON.parse(files.get("plan.json") ?? "");
        files.set("plan.json", JSON.stringify({ ...file, points: 7, boundaries: [0, 7] }));
      },
      /has 6 points here, and carried had 7/,
    ],
    ["with another name", change('"name": "carried"', '"name": "other"'), /other had 6/],
    [
      "with another file",
      (files) => void files.set("files/data/one.bin", "two"),
      /data\/one.bin is not the file/,
    ],
    [
      "without a file",
      (files) => void files.delete("files/data/one.bin"),
      /data\/one.bin is missing/,
    ],
    ["with a path that leads out", (files) => void files.set("../../x", "x"), /path with/],
  ])("%s", async (_title, forge, says) => {
    const { folder, root } = repository();
    const { out } = await plan(folder, root);
    const files: Files = new Map();
    {
      using tar = openTar(out);
      for (const entry of tar.entries()) files.set(entry.path, tar.read(entry, 1e6).toString());
    }
    forge(files);
    const forged = join(folder, "forged.tar");
    await writeTar(forged, async (archive) => {
      for (const [path, text] of files) await addFile(archive, path, 0o644, text);
    });
    const opening = openPlan(forged, scratchIn(folder), { root, commit: null });
    await expect(opening).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(says),
    });
    expect(readdirSync(folder)).not.toContain("x");
  });

  test("a file that is not there, or no tar", async () => {
    const { folder, root } = repository();
    const here = { root, commit: null };
    const none = openPlan(join(folder, "none.tar"), scratchIn(folder), here);
    await expect(none).rejects.toThrow(/none.tar is no plan[\s\S]*ENOENT/);
    writeFileSync(join(folder, "text.tar"), "hello".repeat(1000));
    const text = openPlan(join(folder, "text.tar"), scratchIn(folder), here);
    await expect(text).rejects.toMatchObject({ exitCode: 2 });
  });
});
