/**
 * The style sheet of a report's page. Both themes come from `light-dark()`; statuses and series
 * have the colours of Okabe and Ito (https://jfly.uni-koeln.de/color/), darker or lighter where
 * they stand on the page's own colour, and words or shapes beside them.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #15181d);
  --raised: light-dark(#ffffff, #1d2128);
  --sunken: light-dark(#f5f6f8, #1a1e24);
  --ink: light-dark(#1d2228, #e4e7eb);
  --soft: light-dark(#5c6570, #9aa4b0);
  --line: light-dark(#dfe3e8, #303741);
  --accent: light-dark(#0b62a8, #6db3ee);
  --mark: light-dark(#e8f1fa, #1d3144);
  --pending: light-dark(#b8bfc8, #59626e);
  --running: light-dark(#56b4e9, #56b4e9);
  --succeeded: light-dark(#009e73, #1fb58a);
  --failed: light-dark(#c8500a, #ee7a35);
  --timed-out: light-dark(#c98600, #e6a83a);
  --idle: light-dark(#a89400, #cfc04a);
  --oom: light-dark(#b4558b, #d98bb8);
  --lost: light-dark(#4a5360, #a6b0bd);
  --cancelled: light-dark(#8a93a0, #77818e);
  --series-1: light-dark(#0072b2, #4aa8e0);
  --series-2: light-dark(#d55e00, #f0843a);
  --series-3: light-dark(#009e73, #2fc297);
  --series-4: light-dark(#b4558b, #dd93bf);
  --series-5: light-dark(#b07d00, #e6b03a);
  --series-6: light-dark(#4a5360, #b5bec9);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
  background: var(--paper);
  color: var(--ink);
  scroll-padding-top: 64px;
  -webkit-text-size-adjust: 100%;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; }
h1, h2, h3 { line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; font-weight: 650; letter-spacing: -0.015em; }
h2 { font-size: 1.25rem; font-weight: 650; letter-spacing: -0.005em; margin-bottom: 16px; }
h3 { font-size: 0.95rem; font-weight: 600; margin: 20px 0 8px; }
p { margin: 8px 0; }
a { color: var(--accent); }
small, .muted { color: var(--soft); font-size: 0.87rem; }
pre, code, .code, .log { font-family: var(--mono); font-size: 0.8rem; line-height: 1.5; }
dialog:focus-visible { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.noscript { max-width: 40em; margin: 3em auto; padding: 0 1em; }

.bar {
  position: sticky; top: 0; z-index: 5; display: flex; align-items: center; gap: 24px;
  min-height: 48px; padding: 0 max(24px, calc((100vw - 1180px) / 2));
  background: var(--paper); border-bottom: 1px solid var(--line);
}
.bar .home { color: var(--ink); font-weight: 650; text-decoration: none; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 16em; flex: none; }
.bar nav { display: flex; gap: 18px; flex: 1; overflow-x: auto; scrollbar-width: none; }
.bar nav a { color: var(--soft); text-decoration: none; white-space: nowrap; font-size: 0.9rem; padding: 12px 0; }
.bar nav a:hover { color: var(--ink); }
main { max-width: 1228px; margin: 0 auto; padding: 32px 24px 48px; }
.title { margin-bottom: 20px; }
.verdict { color: var(--soft); font-size: 1.1rem; margin: 4px 0 0; }
section { margin-top: 52px; }
.title + section { margin-top: 0; }
#overview > h2 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
footer { max-width: 1228px; margin: 0 auto; padding: 20px 24px 40px; color: var(--soft); font-size: 0.85rem; border-top: 1px solid var(--line); }

button, select, input[type="search"], .menu > summary {
  font: inherit; font-size: 0.9rem; color: inherit; background: var(--raised);
  border: 1px solid var(--line); border-radius: 6px; padding: 5px 10px; min-height: 34px;
}
button { cursor: pointer; }
button:hover, select:hover, .menu > summary:hover { border-color: var(--soft); }
button.quiet { border-color: transparent; background: none; color: var(--soft); }
button.quiet:hover { color: var(--ink); background: var(--sunken); }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 14px; margin-bottom: 14px; }
.picker { display: inline-flex; align-items: center; gap: 7px; font-size: 0.9rem; }
.picker > span { color: var(--soft); }
.picker select { max-width: 15em; }
.tick { display: inline-flex; align-items: center; gap: 6px; font-size: 0.9rem; }
input[type="checkbox"] { accent-color: var(--accent); margin: 0; width: 15px; height: 15px; }
::placeholder { color: var(--soft); opacity: 1; }
input[type="search"] { flex: 1 1 18em; max-width: 30em; min-width: 0; }

.strip { display: flex; gap: 2px; height: 10px; border-radius: 5px; overflow: hidden; }
[data-status] { background: var(--pending); }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px; flex: none; }
[data-status="running"] { background: var(--running); }
[data-status="succeeded"] { background: var(--succeeded); }
[data-status="failed"] { background: var(--failed); }
[data-status="timed-out"] { background: var(--timed-out); }
[data-status="idle"] { background: var(--idle); }
[data-status="oom"] { background: var(--oom); }
[data-status="lost"] { background: var(--lost); }
[data-status="cancelled"] { background: var(--cancelled); }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; }
.chip { display: inline-flex; align-items: center; gap: 0; white-space: pre; border-radius: 17px; padding: 4px 14px; }
.chip[aria-pressed="true"] { background: var(--mark); border-color: var(--accent); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 18px 28px; margin: 26px 0 0; }
.facts dt { color: var(--soft); font-size: 0.85rem; }
.facts dd { margin: 2px 0 0; font-weight: 550; overflow-wrap: anywhere; }
.facts small { display: block; font-weight: 400; }

.failures details { border: 1px solid var(--line); border-radius: 8px; margin-bottom: 8px; padding: 0 14px; }
.failures summary { position: relative; cursor: pointer; list-style: none; padding: 10px 0 10px 18px; overflow-wrap: anywhere; }
.failures summary > .dot { position: absolute; left: 0; top: 17px; margin: 0; }
.failures summary::-webkit-details-marker { display: none; }
.failures summary > b ~ span { margin-left: 8px; }
.failures .status { color: var(--soft); }
.failures .reason::before { content: "· "; color: var(--soft); }
.failures .file { display: inline-block; margin: 0 0 12px; font-size: 0.87rem; }
.log { background: var(--sunken); border-radius: 6px; padding: 12px 14px; margin: 0 0 10px; overflow: auto; max-height: 17em; display: flex; flex-direction: column-reverse; white-space: pre-wrap; overflow-wrap: anywhere; }

.plot:empty { min-height: 500px; }
#lanes:empty { min-height: 110px; }
.plot h3 { font-weight: 400; margin: 0 0 10px; font-size: 1rem; }
.figure { display: block; height: auto; max-width: 100%; --plot-background: var(--raised); }
.figure text, .figure tspan { white-space: pre; }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 16px; font-size: 0.87rem; margin: 0 0 4px; }
.ramp { width: 150px; height: 12px; border-radius: 3px; margin: 0 -6px; print-color-adjust: exact; }

.wall { display: grid; gap: 18px 14px; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); }
.wall[data-size="s"] { grid-template-columns: repeat(auto-fill, minmax(110px, 1fr)); }
.wall[data-size="l"] { grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); }
figure { margin: 0; min-width: 0; }
.shot { display: block; width: 100%; aspect-ratio: 1; padding: 0; overflow: hidden; background: var(--sunken); border-radius: 6px; }
.shot img, .shot video { display: block; width: 100%; height: 100%; object-fit: contain; }
img.pixels { image-rendering: pixelated; }
.shot.two { display: grid; grid-template-columns: 1fr 1fr; gap: 2px; aspect-ratio: 2; }
.shot.two img { min-width: 0; min-height: 0; }
.absent { display: block; padding: 16px; color: var(--soft); font-size: 0.85rem; }
figcaption { font-size: 0.82rem; line-height: 1.4; margin-top: 6px; overflow-wrap: anywhere; }
figcaption span { display: block; }
.more { margin-top: 16px; }
.finish { display: grid; gap: 28px; }
.finish h3 { margin-top: 0; }
.finish img, .finish video { display: block; max-width: 100%; max-height: 80vh; border-radius: 6px; background: var(--sunken); }
.finish video { min-width: min(100%, 480px); }
.finish figcaption span { display: inline; }

.grid { position: relative; overflow: auto; height: min(70vh, 680px, calc(var(--rows) * 32px + 50px)); border: 1px solid var(--line); border-radius: 8px; font-size: 0.87rem; contain: strict; }
.grid .row { display: grid; grid-template-columns: var(--columns); min-width: 100%; width: max-content; height: 32px; }
.grid .heads { position: sticky; top: 0; z-index: 2; }
.grid .head { background: var(--sunken); border-bottom: 1px solid var(--line); }
.grid .body { position: relative; }
.grid .body .row { position: absolute; left: 0; border-bottom: 1px solid var(--line); cursor: pointer; }
.grid .body .row:hover { background: var(--sunken); }
.grid:focus .row[aria-selected="true"], .grid:focus-within .row[aria-selected="true"] { background: var(--mark); }
.grid [role="gridcell"] { padding: 5px 12px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; line-height: 21px; }
.grid .number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
.grid [role="columnheader"] { overflow: hidden; }
.grid [role="columnheader"] button { width: 100%; height: 100%; min-height: 0; border: 0; border-radius: 0; background: none; padding: 0 12px; display: flex; align-items: center; gap: 4px; font-size: 0.83rem; font-weight: 600; }
.grid [role="columnheader"] button span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.grid [role="columnheader"].number button { justify-content: flex-end; }
.grid [role="columnheader"] button:focus-visible { outline-offset: -3px; }
.grid .arrow { color: var(--accent); }
.grid [role="columnheader"][data-group="parameter"] { box-shadow: inset 0 -2px var(--series-1); }
.grid [role="columnheader"][data-group="metric"] { box-shadow: inset 0 -2px var(--series-3); }
.menu { position: relative; margin-left: auto; }
.menu > summary { cursor: pointer; list-style: none; }
.menu > summary::-webkit-details-marker { display: none; }
.menu > div { position: absolute; right: 0; z-index: 4; margin-top: 4px; padding: 10px 14px; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 8px 24px #0003; display: grid; gap: 6px; max-height: 50vh; overflow: auto; white-space: nowrap; }

.scroll { overflow-x: auto; }
table.plain { border-collapse: collapse; font-size: 0.9rem; min-width: 50%; }
table.plain th, table.plain td { text-align: left; vertical-align: top; padding: 7px 22px 7px 0; border-bottom: 1px solid var(--line); }
table.plain thead th { color: var(--soft); font-weight: 500; font-size: 0.85rem; white-space: nowrap; }
table.plain tbody th { font-weight: 600; }
table.plain th.number, table.plain td.number { text-align: right; white-space: nowrap; }
table.plain .date { white-space: nowrap; }
table.plain .code { overflow-wrap: anywhere; max-width: 30em; }
.command { display: flex; align-items: flex-start; gap: 8px; background: var(--sunken); border-radius: 6px; }
.command pre { flex: 1; margin: 0; padding: 10px 14px; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.copy { flex: none; margin: 3px; }

dialog { color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 0; width: min(1180px, calc(100vw - 40px)); height: min(860px, calc(100dvh - 40px)); box-shadow: 0 20px 60px #0006; }
dialog::backdrop { background: #000a; }
.view { display: grid; grid-template-columns: minmax(0, 1fr) 360px; height: 100%; }
.view.plain { grid-template-columns: minmax(0, 1fr); }
.stage { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 12px; padding: 20px; background: var(--sunken); min-height: 0; min-width: 0; }
.stage img, .stage video { max-width: 100%; max-height: 100%; min-height: 0; object-fit: contain; }
.stage img, .stage video { min-width: min(100%, 480px); }
.stage img.pixels { width: min(100%, 560px); }
.side { display: flex; flex-direction: column; flex: 1 1 0; min-height: 0; width: 100%; }
.side img { flex: 1 1 0; width: 100%; }
.stage.many { display: grid; grid-template-columns: 1fr 1fr; align-items: start; align-content: start; overflow: auto; }
.stage.many img { min-width: 0; }
.details { padding: 16px 20px 24px; overflow: auto; min-width: 0; }
.details h2 { margin: 10px 0 4px; font-size: 1.1rem; }
.details .buttons { display: flex; gap: 4px; }
.details .buttons button:last-child { margin-left: auto; }
.pairs { margin: 0; font-size: 0.9rem; }
.pairs div { display: flex; justify-content: space-between; gap: 16px; padding: 4px 0; border-bottom: 1px solid var(--line); }
.pairs dt { color: var(--soft); overflow-wrap: anywhere; flex: none; max-width: 45%; }
.pairs dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }

@media (max-width: 720px) {
  main { padding: 20px 16px 32px; }
  .bar { padding: 0 16px; gap: 16px; }
  .bar .home { display: none; }
  h1 { font-size: 1.5rem; }
  section { margin-top: 40px; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px 18px; }
  .wall, .wall[data-size="m"] { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .wall[data-size="s"] { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .wall[data-size="l"] { grid-template-columns: minmax(0, 1fr); }
  input[type="search"] { flex-basis: 100%; max-width: none; }
  button, select, input[type="search"], .menu > summary { min-height: 40px; font-size: 16px; }
  dialog { width: 100vw; height: 100dvh; max-width: none; max-height: none; border: 0; border-radius: 0; }
  .view { grid-template-columns: minmax(0, 1fr); grid-template-rows: auto auto; height: auto; min-height: 100%; }
  .details { padding-bottom: 80px; }
  .details .buttons { position: fixed; left: 0; right: 0; bottom: 0; padding: 8px 16px; background: var(--paper); border-top: 1px solid var(--line); }
  .details .buttons button { min-width: 56px; }
  .view:not(.plain) { grid-template-rows: minmax(200px, 55dvh) auto; }
}
@media (prefers-reduced-motion: no-preference) { :root { scroll-behavior: smooth; } }
@page { margin: 14mm; }
@media print {
  :root, :root[data-theme] { color-scheme: light; font-size: 11px; }
  .bar, .tools, .copy, .more, dialog, #theme { display: none !important; }
  main, footer { max-width: none; padding: 0; }
  section { margin-top: 24px; break-inside: auto; }
  h2, h3 { break-after: avoid; }
  figure, .plot, .command, tr { break-inside: avoid; }
  .failures summary { break-after: avoid; }
  .finish video, .shot video { display: none; }
  .strip span, .dot, .grid .head { print-color-adjust: exact; }
  .grid { height: auto; contain: none; overflow: hidden; border: 0; font-size: 9px; }
  .grid .heads, .grid .body .row { position: static; }
  .grid .body { height: auto !important; }
  .grid .row { height: 18px; width: 100%; grid-template-columns: var(--printed); break-inside: avoid; }
  .grid [role="gridcell"] { padding: 0 5px; line-height: 17px; }
  .grid [role="columnheader"] button { padding: 0 5px; font-size: inherit; }
  .grid .dot { width: 6px; height: 6px; margin-right: 4px; }
  .log { max-height: 26em; overflow: hidden; }
  .wall, .wall[data-size] { grid-template-columns: repeat(5, minmax(0, 1fr)); }
  .chip { border: 0; padding: 0 12px 0 0; }
}
`;
