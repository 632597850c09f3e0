import { addressOf } from "../address.ts";
import type { FinishData } from "../document.ts";
import { bytes, counted } from "../quantities.ts";
import { h } from "./dom.ts";
import { logBox } from "./failures.ts";
import { isActive, isVideo } from "./point.ts";
import { span } from "./values.ts";

/** What the finish steps made: videos in a player, pictures, and links to all else. */
export function finishList(steps: readonly FinishData[]): HTMLElement {
  return h("div", { class: "finish" }, ...steps.map(step));
}

function step(data: FinishData): HTMLElement {
  const { kind, status, cached, seconds, reason, files, moreFiles, log, href } = data;
  const time = cached ? "made before" : seconds === null ? "" : span(seconds);
  return h(
    "article",
    {},
    h(
      "h3",
      {},
      h("span", { class: "dot", "data-status": status }),
      `${kind} `,
      h(
        "span",
        { class: "muted" },
        [status === "succeeded" ? "" : status, time].filter(Boolean).join(", "),
      ),
    ),
    reason === null ? null : h("p", { class: "reason" }, reason),
    log === null ? null : logBox(log, 0, `log of ${kind}`),
    status === "succeeded" || href === null ? null : h("a", { href }, "whole log"),
    ...files.map(made),
    moreFiles > 0
      ? h("p", { class: "muted" }, `${counted(moreFiles, "more file")} in finish.`)
      : null,
  );
}

function made({ path, size }: FinishData["files"][number]): HTMLElement {
  const href = addressOf(`finish/${path}`);
  return h(
    "figure",
    {},
    shown(path, href),
    h(
      "figcaption",
      {},
      isActive(path) ? path : h("a", { href }, path),
      h("span", { class: "muted" }, ` ${bytes(size)}`),
    ),
  );
}

function shown(path: string, href: string): HTMLElement | null {
  if (isVideo(path))
    return h("video", {
      src: href,
      controls: true,
      preload: "metadata",
      playsinline: true,
      loop: true,
    });
  if (!/\.(?:a?png|jpe?g|gif|webp|avif|svg)$/i.test(path)) return null;
  const image = h("img", { src: href, alt: path, loading: "lazy", decoding: "async" });
  return isActive(path) ? image : h("a", { href }, image);
}
