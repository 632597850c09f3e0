import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writeComparison, writeReport } from "../../src/report/report.ts";
import type { RunFolder } from "../../src/results/folder.ts";
import { findChromium, needing } from "../lab/lab.ts";
import { openPage } from "./browser.ts";
import { makeReportRun, type ReportPoint, training } from "./report-run.ts";

const chromium = findChromium();
const HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
const NAMES = '#grid .body [role="row"] [role="gridcell"]:first-child';

describe.skipIf(chromium === null)(needing("Chromium", "the report in a browser"), () => {
  const path = chromium ?? "";
  let run: RunFolder & Disposable;
  let report: string;

  const change = (one: ReportPoint): ReportPoint => {
    if (one.name === "r0.1-sgd-s2") {
      return {
        ...one,
        status: "failed",
        metrics: null,
        attempts: 2,
        reason: HOSTILE,
        log: `first\n${HOSTILE}\n`,
      };
    }
    const pictures = one.parameters?.optimizer === "adam" ? ["100% #1?.png", "b.png"] : [];
    return { ...one, pictures, metrics: { ...one.metrics, note: HOSTILE } };
  };
  beforeAll(async () => {
    run = makeReportRun({ points: training(5, change), image: HOSTILE });
    // Removed after the run, as finish steps may.
    rmSync(join(run.points, "r0.001-adam-s1", "b.png"));
    report = await writeReport(run.root);
  });
  afterAll(() => run[Symbol.dispose]());

  it("keeps to its content policy, loads nothing, and shows what a simulation says as text", async () => {
    await using browser = await openPage(path, report);
    const { page, complaints, texts } = browser;
    // All of the page comes near once.
    await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
    await page.waitForSelector("#plot svg");
    await page.waitForSelector("#lanes svg");
    await page.evaluate("window.dispatchEvent(new Event('afterprint'))");
    expect(await texts(".log")).toEqual([`first\n${HOSTILE}`]);
    expect(await texts(".failures .reason")).toEqual([HOSTILE]);
    expect(await texts(".facts dd")).toContain(HOSTILE);
    expect(await texts("#grid .body")).toEqual([expect.stringContaining(HOSTILE)]);
    expect(await texts("body script")).toHaveLength(2);
    expect(complaints).toEqual([]);
  });

  it("would refuse a script and a style that are not its own", async () => {
    await using browser = await openPage(path, report);
    const added = `(() => {
      const script = document.createElement("script");
      try { script.text = "window.intruder = 1"; } catch {}
      script.append("window.intruder = 1");
      document.body.append(script);
      document.body.setAttribute("style", "color: red");
      return [typeof window.intruder, getComputedStyle(document.body).color === "rgb(255, 0, 0)"];
    })()`;
    expect(await browser.value(z.unknown(), added)).toEqual(["undefined", false]);
  });

  it("sorts by a column, up and down, and goes back to the plan's order", async () => {
    await using browser = await openPage(path, report);
    const { page, texts } = browser;
    const first = async () => (await texts(NAMES))[0];
    const sort = () => page.click('#grid [role="columnheader"] button[title="Sort by loss"]');
    const state = () =>
      browser.value(
        z.string(),
        `document.querySelector('[title="Sort by loss"]').parentElement.ariaSort`,
      );
    expect(await first()).toBe("r0.001-adam-s1");
    await sort();
    expect([await first(), await state()]).toEqual(["r0.01-adam-s1", "ascending"]);
    await sort();
    expect([await first(), await state()]).toEqual(["r0.001-sgd-s5", "descending"]);
    await sort();
    expect([await first(), await state()]).toEqual(["r0.001-adam-s1", "none"]);
  });

  it.each([
    ["rate=0.01 seed<=2", 4],
    ["ADAM", 15],
    ["status=failed", 1],
    ["loss>0.9 optimizer!=adam", 9],
    ["nothing-like-that", 0],
  ])("filters points by %s", async (filter, count) => {
    await using browser = await openPage(path, report);
    await browser.page.type("#filter", filter);
    expect(await browser.texts(NAMES)).toHaveLength(count);
    expect(await browser.texts("#points .tools [role=status]")).toEqual([`${count} of 30 points`]);
  });

  it("filters by a status that is clicked, and takes it back", async () => {
    await using browser = await openPage(path, report);
    const { page, texts } = browser;
    const chips = await page.$$(".statuses .chip");
    expect(await texts(".statuses .chip")).toEqual(["29 succeeded", "1 failed"]);
    await chips[1]?.click();
    expect(await texts(NAMES)).toEqual(["r0.1-sgd-s2"]);
    await chips[1]?.click();
    expect(await texts(NAMES)).toHaveLength(30);
  });

  it("is used with the keyboard: filter, rows, a point in large, back", async () => {
    await using browser = await openPage(path, report);
    const { page, texts } = browser;
    await page.keyboard.press("/");
    await page.keyboard.type("adam");
    await page.focus("#grid");
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    expect(await texts("dialog[open] h2")).toEqual(["r0.1-adam-s4"]);
    expect((await texts("dialog[open] code"))[0]).toContain(
      "--param rate=0.1 --param optimizer=adam --param seed=4",
    );
    await page.keyboard.press("ArrowRight");
    expect(await texts("dialog[open] h2")).toEqual(["r0.1-adam-s5"]);
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
    expect(await texts("dialog[open] h2")).toEqual(["r0.1-adam-s2"]);
    await page.focus('dialog [aria-label="Next"]');
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    expect(await texts("dialog[open] h2")).toEqual(["r0.1-adam-s4"]);
    await page.keyboard.press("Escape");
    expect(await texts("dialog[open]")).toEqual([]);
  });

  it("shows pictures with their parameters, follows the filter, and enlarges one", async () => {
    await using browser = await openPage(path, report);
    const { page, texts, value } = browser;
    await page.$eval("#gallery", (element) => element.scrollIntoView());
    expect(await texts("#gallery [role=status]")).toEqual(["15 pictures"]);
    await page.waitForFunction("document.querySelector('#wall img')?.naturalWidth === 48");
    expect((await texts("#wall figcaption span"))[0]).toBe("rate 0.001 · optimizer adam · seed 1");
    await page.type("#filter", "seed=3");
    expect(await texts("#gallery [role=status]")).toEqual(["3 pictures"]);
    await page.select("#gallery select", "b.png");
    await page.click("#wall .shot");
    await page.waitForFunction("document.querySelector('.stage img')?.naturalWidth === 48");
    const source = `document.querySelector(".stage img").getAttribute("src")`;
    expect(await value(z.string(), source)).toBe("points/r0.001-adam-s3/b.png");
    expect(browser.complaints).toEqual([]);
  });

  it("draws what the pickers ask for", async () => {
    await using browser = await openPage(path, report);
    const { page, texts } = browser;
    await page.$eval("#plots", (element) => element.scrollIntoView());
    await page.waitForSelector('#plot[data-kind="heat"] svg');
    expect(await texts("#plot h3")).toEqual(["loss by rate and optimizer"]);
    await page.select("#plots .picker:first-child select", "parallel");
    await page.waitForSelector('#plot[data-kind="parallel"] svg');
    await page.select("#plots .picker:first-child select", "line");
    await page.waitForSelector('#plot[data-kind="line"] svg');
    expect(await texts("#plot h3")).toEqual(["loss by rate and optimizer"]);
    expect(await texts("#plot .legend span")).toEqual(expect.arrayContaining(["● adam", "▲ sgd"]));
  });

  it("shows when which worker was at what, with retries", async () => {
    await using browser = await openPage(path, report);
    await browser.page.$eval("#timeline", (element) => element.scrollIntoView());
    await browser.page.waitForSelector("#lanes svg");
    const [summary] = await browser.texts("#timeline .muted");
    expect(summary).toContain("31 attempts by 2 workers");
    expect(summary).toContain("1 retry, marked ↻");
    expect(await browser.texts("#lanes .legend > span")).toEqual(["succeeded", "failed"]);
  });

  it("is light or dark as the system, or as the switch says", async () => {
    await using browser = await openPage(path, report, { scheme: "dark" });
    const background = `getComputedStyle(document.documentElement).backgroundColor`;
    expect(await browser.value(z.string(), background)).toBe("rgb(21, 24, 29)");
    await browser.page.click("#theme");
    expect(await browser.value(z.string(), background)).toBe("rgb(255, 255, 255)");
  });

  it.each([1280, 720, 390, 320])("has no sideways scroll at %i pixels", async (width) => {
    await using browser = await openPage(path, report, { width, height: 844 });
    await browser.page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
    await browser.page.waitForSelector("#lanes svg");
    const overflow = "document.documentElement.scrollWidth - innerWidth";
    expect(await browser.value(z.number(), overflow)).toBeLessThanOrEqual(0);
  });

  it("prints the rows of the table and every plot, and no tools", async () => {
    await using browser = await openPage(path, report);
    const { page, texts, value } = browser;
    await page.emulateMediaType("print");
    // What is printed is what is there when the event has been told.
    const drawn = `(window.dispatchEvent(new Event("beforeprint")),
      ["#plot svg", "#lanes svg"].map((one) => document.querySelector(one) !== null))`;
    expect(await value(z.unknown(), drawn)).toEqual([true, true]);
    expect(await texts(NAMES)).toHaveLength(30);
    const display = `getComputedStyle(document.querySelector(".bar")).display`;
    expect(await value(z.string(), display)).toBe("none");
    expect((await page.pdf()).byteLength).toBeGreaterThan(10_000);
  });

  it("prints the columns that fit on paper, and says how many do not", async () => {
    const metrics = Object.fromEntries(Array.from({ length: 18 }, (_, i) => [`metric-${i}`, i]));
    using wide = makeReportRun({ points: [{ name: "p", parameters: { x: 1 }, metrics }] });
    await using browser = await openPage(path, await writeReport(wide.root));
    const heads = '#grid [role="columnheader"]';
    const all = (await browser.texts(heads)).length;
    await browser.page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
    const printed = (await browser.texts(heads)).length;
    expect(printed).toBeLessThan(all);
    expect(await browser.texts("#points p")).toContain(
      `${all - printed} more columns not printed.`,
    );
    await browser.page.evaluate("window.dispatchEvent(new Event('afterprint'))");
    expect(await browser.texts(heads)).toHaveLength(all);
  });

  it("shows the end of a long log first", async () => {
    const log = Array.from({ length: 300 }, (_, i) => `line ${i}\n`).join("");
    using long = makeReportRun({ points: [{ name: "p", status: "failed", log }] });
    await using browser = await openPage(path, await writeReport(long.root));
    const places = `(() => {
      const box = document.querySelector(".log").getBoundingClientRect();
      const text = document.querySelector(".log > code").getBoundingClientRect();
      return [text.height > 2 * box.height, text.bottom <= box.bottom];
    })()`;
    expect(await browser.value(z.unknown(), places)).toEqual([true, true]);
  });

  it("holds 10,000 rows of which few are in the page, and finds, sorts and scrolls in them", async () => {
    using large = makeReportRun({ points: training(1667).slice(0, 10_000) });
    await using browser = await openPage(path, await writeReport(large.root));
    const { page, texts, value } = browser;
    expect(await texts("#points .tools [role=status]")).toEqual(["10,000 points"]);
    expect((await texts(NAMES)).length).toBeLessThan(60);
    await page.focus("#grid");
    await page.keyboard.press("End");
    expect((await texts(NAMES)).at(-1)).toBe("r0.1-sgd-s1665");
    expect(await value(z.string(), `document.querySelector("#grid").ariaRowCount`)).toBe("10001");
    await page.click('[title="Sort by loss"]');
    await page.keyboard.press("Home");
    await page.focus("#grid");
    await page.keyboard.press("Home");
    expect((await texts(NAMES))[0]).toBe("r0.01-adam-s1");
    await page.type("#filter", "seed=1600");
    expect(await texts(NAMES)).toHaveLength(6);
    expect(browser.complaints).toEqual([]);
  });

  const many = (count: number, point: (i: number) => Omit<ReportPoint, "name">): ReportPoint[] =>
    Array.from({ length: count }, (_, i) => ({ name: `p${i}`, ...point(i) }));
  it.each<[string, readonly ReportPoint[]]>([
    ["no points", []],
    ["one point that says nothing", many(1, () => ({}))],
    ["only failures without logs", many(30, () => ({ status: "failed" }))],
    ["points that never ran", many(3, () => ({ status: "pending", metrics: null }))],
    [
      "words and booleans",
      many(8, (i) => ({ parameters: { on: i % 2 === 0, word: `w${i % 3}` }, metrics: { y: i } })),
    ],
    [
      "names that objects have of their own",
      many(9, (i) => ({
        parameters: JSON.parse(`{"__proto__": ${i % 3}, "constructor": "${i}"}`),
        metrics: JSON.parse(`{"toString": ${i}, "name": ${i}, "hasOwnProperty": 1}`),
      })),
    ],
    [
      "extreme numbers",
      many(9, (i) => ({
        parameters: { x: 10 ** (i * 70 - 280) },
        metrics: { y: (i - 4) * 1e300, z: i * 5e-324 },
      })),
    ],
    [
      "metrics that are missing or of mixed types",
      many(9, (i) => ({ parameters: { x: i }, metrics: { y: [null, "text", i][i % 3] ?? null } })),
    ],
    [
      "a parameter of a thousand values beside another",
      many(2000, (i) => ({ parameters: { x: i % 1000, y: i >= 1000 }, metrics: { z: i } })),
    ],
    ["videos", many(2, (i) => ({ parameters: { i }, pictures: ["clip.mp4"] }))],
  ])("shows %s without an error, in every plot", async (_, points) => {
    using odd = makeReportRun({ points });
    await using browser = await openPage(path, await writeReport(odd.root));
    const { page } = browser;
    await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
    const kinds = await page.$$("#plots .picker:first-child option");
    for (const kind of kinds) {
      const value = await kind.evaluate((option) => option.value);
      if (["line", "heat", "parallel"].includes(value)) {
        await page.select("#plots .picker:first-child select", value);
      }
    }
    await page.$eval("#points", (element) => element.scrollIntoView());
    await page.focus("#grid");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    expect(browser.complaints).toEqual([]);
  });

  it("compares two runs: what changed, metrics, pictures side by side", async () => {
    const parent = join(run.root, "..");
    const after = (one: ReportPoint): ReportPoint => {
      const loss = Number(one.metrics?.loss);
      const isSgd = one.parameters?.optimizer === "sgd";
      const own = { ...one, key: `other-${one.name}`, pictures: isSgd ? [] : ["b.png"] };
      return { ...own, metrics: { loss: isSgd ? loss - 0.25 : loss } };
    };
    const points = training(6, after);
    using other = makeReportRun({ points, parent, folder: "later", identity: "sha256:22" });
    const compared = await writeComparison(run.root, other.root);
    await using browser = await openPage(path, compared);
    const { page, texts } = browser;
    expect(await texts(".verdict")).toEqual(["30 points in both, 6 only in B"]);
    const changes = await texts(".changes tbody tr");
    expect(changes).toEqual([
      expect.stringMatching(/^image or program.*ghcr\.io\/org\/made:1$/),
      "identity of its contentsha256:11sha256:22",
      "parameter seed1, 2, 3, 4, 51, 2, 3, 4, 5, 6",
    ]);
    const [loss] = await texts(".metrics tbody tr");
    // 14 points of sgd are lower: the one that failed has no metrics before.
    expect(loss).toMatch(/^loss.*14150r/);
    expect(await texts("#gallery [role=status]")).toEqual(["14 pairs, A left and B right"]);
    await page.$eval("#gallery", (element) => element.scrollIntoView());
    await page.waitForFunction(
      "[...document.querySelectorAll('#wall figure:first-child img')].every((one) => one.naturalWidth === 48)",
    );
    await page.click('[title="Sort by loss B−A"]');
    expect((await texts(NAMES))[0]).toBe("r0.001-sgd-s1");
    await page.click("#wall .shot");
    const [opened] = await texts("dialog[open] h2");
    expect(await texts("dialog[open] figcaption")).toEqual(["A", "B"]);
    for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"] as const) {
      await page.keyboard.press(key);
    }
    expect(await texts("dialog[open] h2")).toEqual([opened]);
    await page.click('dialog [aria-label="Next"]');
    expect(await texts("dialog[open] h2")).not.toEqual([opened]);
    await page.keyboard.press("Escape");
    expect(await texts("#reproduce code")).toEqual([
      "sim-pipeline run sweep.yaml --build --out runs/a",
      "sim-pipeline run sweep.yaml --set image=ghcr.io/org/made:1 --out runs/b",
      "sim-pipeline report runs/made runs/later",
    ]);
    expect(browser.complaints).toEqual([]);
  });
});
