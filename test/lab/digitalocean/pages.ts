import { type Answer, json, unprocessable } from "./answer.ts";

/** A page of a list: 20 unless asked for more, 200 at most, with links to the others. */
export function page(url: URL, name: string, all: readonly unknown[]): Answer {
  const number = positive(url.searchParams.get("page") ?? "1");
  const length = positive(url.searchParams.get("per_page") ?? "20");
  if (number === null) return unprocessable("page must be at least 1");
  if (length === null || length > 200) return unprocessable("per_page must be between 1 and 200");
  const last = Math.max(1, Math.ceil(all.length / length));
  const link = (to: number) => {
    const there = new URL(url);
    there.searchParams.set("page", String(to));
    return there.href;
  };
  const pages = {
    ...(number > 1 ? { first: link(1), prev: link(Math.min(number - 1, last)) } : {}),
    ...(number < last ? { next: link(number + 1), last: link(last) } : {}),
  };
  return json(200, {
    [name]: all.slice((number - 1) * length, number * length),
    links: Object.keys(pages).length === 0 ? {} : { pages },
    meta: { total: all.length },
  });
}

function positive(text: string): number | null {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 1 ? number : null;
}
