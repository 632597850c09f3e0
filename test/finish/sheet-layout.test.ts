import { describe, expect, it, test } from "vitest";
import { cellBox, layOut } from "../../src/finish/sheet-layout.ts";

const sizes = (count: number, width: number, height: number) =>
  Array.from({ length: count }, () => ({ width, height }));
const labels = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);

describe("the layout of a contact sheet", () => {
  test.each([
    { title: "one small picture", count: 1, width: 16, height: 16, columns: 1, box: 160 },
    { title: "one large picture", count: 1, width: 4000, height: 3000, columns: 1, box: 640 },
    { title: "24 pictures of HD", count: 24, width: 1920, height: 1080, columns: 5, box: 377 },
    { title: "10,000 pictures", count: 10_000, width: 512, height: 512, columns: 100, box: 86 },
    { title: "a million", count: 1_000_000, width: 64, height: 64, columns: 0, box: 0 },
  ])("of $title", ({ count, width, height, columns, box }) => {
    const made = () => layOut(sizes(Math.min(count, 10), width, height), labels(count), null);
    if (box === 0) {
      expect(made).toThrow(/1000000 pictures in 1000 columns do not fit/);
      return;
    }
    const layout = made();
    expect(layout).toMatchObject({ columns, boxWidth: box });
    expect(Math.max(layout.width, layout.height)).toBeLessThanOrEqual(16_384);
    const last = cellBox(layout, count - 1, { width, height }).inner;
    expect(last.x + last.width).toBeLessThanOrEqual(layout.width - 24);
    expect(last.y + last.height).toBeLessThanOrEqual(layout.height - 24);
  });

  it("has room for the longest label", () => {
    const layout = layOut(
      sizes(2, 160, 160),
      ["a", "a rather long label, which goes over three lines, no less"],
      null,
    );
    expect(layout.lines).toBe(3);
  });
});
