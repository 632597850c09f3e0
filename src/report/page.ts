import { createHash } from "node:crypto";
import type { ReportDocument } from "./document.ts";
import { STYLE } from "./style.ts";

/**
 * A report as one HTML file. Nothing of a run becomes markup here: its data is JSON in an element
 * that no browser runs, and the client puts it into the page as text. The content policy admits
 * one script and one style, by their hashes, and pictures and videos that lie beside the file.
 *
 * @param client the script that `src/report/client` is bundled to.
 */
export function page(document: ReportDocument, client: string): string {
  const title =
    document.kind === "run" ? document.name : `${document.a.folder} and ${document.b.folder}`;
  // An end tag in it would end the element, whatever else it is: ECMAScript has another way to
  // write it in every place where it can stand.
  const script = client.replaceAll(/<(?=\/script|!--)/gi, "\\x3c").trim();
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(STYLE)}`,
    // Opened from a disk, a page has no origin that 'self' could mean everywhere.
    "img-src 'self' file:",
    "media-src 'self' file:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} · report</title>
<style>${STYLE}</style>
</head>
<body>
<noscript><p class="noscript">This report needs JavaScript, which it has inside: nothing is loaded from elsewhere. The same results are in results.csv beside it.</p></noscript>
<script type="application/json" id="data">${json(document)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function hash(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** JSON that holds no markup: https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
