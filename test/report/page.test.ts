import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { runDocument } from "../../src/report/data/run.ts";
import type { RunDocument } from "../../src/report/document.ts";
import { page } from "../../src/report/page.ts";
import { hostile } from "./hostile.ts";
import { makeReportRun } from "./report-run.ts";

function documentOf(changes: Partial<RunDocument>): RunDocument {
  using run = makeReportRun({ points: [] });
  return { ...runDocument(run), ...changes };
}
const empty = documentOf({});
const DATA = /<script type="application\/json" id="data">([^<]*)<\/script>/;

it("holds any text of a run without markup of it, and gives it back", () => {
  fc.assert(
    fc.property(hostile, hostile, (name, reason) => {
      const failure = { ...FAILURE, name, reason };
      const text = page({ ...empty, name, failures: [failure] }, "let client;");
      expect(text.match(/<script/g)).toHaveLength(2);
      expect(text.match(/<\/script>/g)).toHaveLength(2);
      expect(text).not.toContain("<!--");
      const title = /<title>([^<>]*)<\/title>/.exec(text)?.[1];
      expect(title).toBeDefined();
      const data: RunDocument = JSON.parse(DATA.exec(text)?.[1] ?? "");
      expect([data.name, data.failures[0]?.reason]).toEqual([name, reason]);
    }),
  );
});

const FAILURE = {
  name: "a",
  status: "failed",
  reason: null,
  attempts: 1,
  href: null,
  log: null,
  cut: 0,
} as const;

it("admits its own script and style only, by what they hash to, and nothing from elsewhere", () => {
  const text = page(empty, 'const end = "</script><!-- ";\n');
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1] ?? "";
  const rules = new Map(policy.split("; ").map((rule) => [rule.split(" ")[0], rule]));
  const hash = (content: string | undefined) =>
    `'sha256-${createHash("sha256")
      .update(content ?? "")
      .digest("base64")}'`;
  expect(rules.get("default-src")).toBe("default-src 'none'");
  expect(rules.get("style-src")).toBe(
    `style-src ${hash(/<style>([\s\S]*?)<\/style>/.exec(text)?.[1])}`,
  );
  const script = /<script>([\s\S]*?)<\/script>/.exec(text)?.[1];
  expect(script).toBe('const end = "\\x3c/script>\\x3c!-- ";');
  expect(rules.get("script-src")).toBe(`script-src ${hash(script)}`);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});
