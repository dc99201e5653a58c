/** The page's style: light or dark as the reader has set, one column on a phone, and light and whole on paper. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --panel: #ffffff; --text: #14171f; --soft: #545c6b; --faint: #687080;
  --line: #e4e7ec; --grid: #eceef2; --code: #f1f3f6; --track: #e9ecf1; --shade: rgb(20 23 31 / 18%);
  --good: #0f7b4f; --good-wash: #e5f5ed; --notice: #8f5a00; --notice-wash: #fdf2dc; --bad: #bb2a2f; --bad-wash: #fdebeb;
  --backup: #3a6fd8; --transform: #7a5cd0; --tables: #2a8fa8; --migrate: #0f9d75; --verify: #c9821b; --compare: #b0489b; --undo: #97586b; --other: #8a93a3;
  --edge: #a3abb8; --busy: #1f5fc4; --busy-wash: #e6effc; --primary: #1f5fc4; --on-primary: #ffffff; --link: #1f5fc4;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --panel: #161a21; --text: #e8eaee; --soft: #a5adba; --faint: #8991a0;
    --line: #272d37; --grid: #222832; --code: #1f252e; --track: #262c36; --shade: rgb(0 0 0 / 60%);
    --good: #4fd09a; --good-wash: #12291f; --notice: #e9b552; --notice-wash: #2c2313; --bad: #ff8a8a; --bad-wash: #331a1c;
    --backup: #6c9bf5; --transform: #a68df0; --tables: #55bdd6; --migrate: #3cc79b; --verify: #e7a84d; --compare: #df82cb; --undo: #d29aae; --other: #8a93a3;
    --edge: #566072; --busy: #7fb0ff; --busy-wash: #15243d; --primary: #7fb0ff; --on-primary: #0e1116; --link: #8fb9ff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 72px; }
h1, h2, h3, p, dl, dd, ul, ol, figure { margin: 0; }
ul, ol { padding-left: 18px; }
a { color: inherit; }
code, .mono { font: 0.9em/1.5 ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
header { margin-bottom: 28px; }
.crumb { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; color: var(--soft); font-size: 13px; margin-bottom: 14px; }
.crumb > *, .contents > * { min-width: 0; }
.pill { display: inline-flex; align-items: center; gap: 7px; padding: 3px 11px 3px 9px; border-radius: 99px; font-size: 13px; font-weight: 600; }
.pill::before { content: ""; width: 7px; height: 7px; border-radius: 50%; background: currentColor; }
.pill { white-space: nowrap; }
.good > header .pill, .pill.good { color: var(--good); background: var(--good-wash); }
.notice > header .pill, .pill.notice { color: var(--notice); background: var(--notice-wash); }
.bad > header .pill, .pill.bad { color: var(--bad); background: var(--bad-wash); }
/* Of a run that goes on. */
.pill.busy { color: var(--busy); background: var(--busy-wash); }
.pill.idle { color: var(--soft); background: var(--code); }
.contents { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: -12px 0 20px; font-size: 13px; }
.contents a { color: var(--soft); text-decoration: none; padding: 3px 0; }
.contents a:hover { color: var(--text); text-decoration: underline; }
.anchor { color: inherit; text-decoration: none; }
.anchor:hover::after { content: " #"; color: var(--faint); }
:target { scroll-margin-top: 16px; }
a[title] { color: var(--link); text-decoration: none; }
a[title]:hover { text-decoration: underline; }
h1 { font-size: 27px; line-height: 1.25; font-weight: 640; letter-spacing: -0.018em; max-width: 30em; text-wrap: balance; }
h2 { font-size: 16px; font-weight: 640; letter-spacing: -0.006em; }
h3 { font-size: 13px; font-weight: 620; margin: 18px 0 0; }
.tiles { display: flex; flex-wrap: wrap; background: var(--line); gap: 1px;
  border: 1px solid var(--line); border-radius: 12px; overflow: hidden; margin-bottom: 20px; }
/* The last row is filled, however many there are. A figure is never cut. */
.tile { flex: 1 1 148px; background: var(--panel); padding: 15px 18px 14px; }
.tile dt { color: var(--soft); font-size: 13px; }
.tile dd { font-size: 22px; font-weight: 620; letter-spacing: -0.02em; line-height: 1.35; white-space: nowrap; }
.tile small { display: block; color: var(--faint); font-size: 12.5px; font-weight: 400; letter-spacing: 0; line-height: 1.4; white-space: normal; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin-bottom: 20px; }
section > ol { margin-top: 8px; font-size: 14px; }
section > .lead { color: var(--soft); font-size: 14px; margin-top: 2px; max-width: 78ch; text-wrap: pretty; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 20px; margin-bottom: 20px; align-items: start; }
.columns > section { margin: 0; height: 100%; }
.columns > section:only-child { grid-column: 1 / -1; }
/* Tables with something to say need the room. */
.columns:has(td small) { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); }
.failure { border-color: color-mix(in srgb, var(--bad) 35%, var(--line)); }
.failure h2 { color: var(--bad); }
.notice > .failure { border-color: color-mix(in srgb, var(--notice) 35%, var(--line)); }
.notice > .failure h2 { color: var(--notice); }
.failure .cause { margin-top: 8px; overflow-wrap: anywhere; white-space: pre-line; max-width: 80ch; }
.next { margin-top: 14px; padding: 11px 14px; border-radius: 8px; background: var(--code); }
.next b { font-weight: 640; }
.next:first-child { margin-top: 0; }
.command { padding: 2px 6px; border-radius: 5px; background: var(--code); user-select: all; }
.next b, .next span, .next .command { display: block; overflow-wrap: anywhere; }
.next .command { margin: 4px 0; background: var(--panel); }
.warnings { border-color: color-mix(in srgb, var(--notice) 35%, var(--line)); }
.warnings h2 { color: var(--notice); }
.warnings li { margin-top: 5px; overflow-wrap: anywhere; }
figure { margin-top: 12px; }
figure svg { display: block; width: 100%; height: auto; }
figure .narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--soft); margin-top: 12px; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 9px; height: 9px; border-radius: 2.5px; margin-right: 7px; }
details { margin-top: 10px; font-size: 13px; }
summary { cursor: pointer; color: var(--soft); width: fit-content; padding: 3px 0; }
summary:hover { color: var(--text); }
summary:focus-visible { outline: 2px solid var(--backup); outline-offset: 3px; border-radius: 3px; }
.scroll { overflow-x: auto; margin-top: 10px;
  /* A shade at the edge behind which there is more: covers that move with the table hide it where there is none. */
  background: linear-gradient(to right, var(--panel) 30%, transparent) left / 36px 100% no-repeat local,
    linear-gradient(to left, var(--panel) 30%, transparent) right / 36px 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) left / 12px 100% no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) right / 12px 100% no-repeat scroll; }
details .scroll { max-height: 420px; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
details table { font-size: 13px; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px; white-space: nowrap; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
tr:last-child > * { border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
tfoot td, tfoot th { font-weight: 620; color: var(--text); border-bottom: 0; }
tfoot tr:nth-child(2) > * { font-weight: 400; color: var(--soft); padding-top: 0; }
tbody:has(+ tfoot) tr:last-child > * { border-bottom: 1px solid var(--line); }
.pair { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); gap: 8px 48px; }
.pair > * { min-width: 0; }
.monthly td:has(small) { min-width: 7.5em; }
/* A name may break behind a hyphen, and elsewhere only where its column has no room for it. */
th code, td code { overflow-wrap: inherit; }
.long { min-width: min(10em, 26vw); max-width: 34em; overflow-wrap: anywhere; }
td small { color: var(--faint); font-size: 12.5px; display: block; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: fit-content(50%) minmax(0, 1fr); gap: 7px 18px; margin-top: 12px; font-size: 14px; }
.facts dt { color: var(--soft); }
.facts dd { overflow-wrap: anywhere; }
.zero { color: var(--faint); }
.warn { color: var(--bad); font-weight: 620; }
footer { color: var(--faint); font-size: 13px; padding: 4px 2px; overflow-wrap: anywhere; }
@media screen and (max-width: 900px) {
  .pair { grid-template-columns: minmax(0, 1fr); }
  .tile { flex-basis: 30%; }
  td .pill { white-space: normal; border-radius: 14px; line-height: 1.35; }
  td .pill::before { flex: none; }
}
@media screen and (max-width: 720px) {
  main { padding: 24px 14px 48px; }
  h1 { font-size: 22px; }
  section { padding: 17px 16px; }
  .columns, .columns:has(td small) { grid-template-columns: minmax(0, 1fr); }
  .monthly thead { position: absolute; clip-path: inset(50%); }
  .monthly tbody, .monthly tfoot, .monthly tr, .monthly th, .monthly td { display: block; }
  .monthly tr { border-bottom: 1px solid var(--line); padding: 9px 0; }
  .monthly tfoot tr { border-bottom: 0; }
  .monthly tbody:has(+ tfoot) tr > *, .monthly tfoot tr > * { border: 0; padding: 1px 0; }
  .monthly td:empty { display: none; }
  .monthly .number { display: flex; justify-content: space-between; gap: 12px; }
  .monthly .number::before { content: attr(data-label); color: var(--soft); font-weight: 400; font-size: 13px; }
  .tile { flex-basis: 40%; padding: 12px 14px; }
  .tile dd { font-size: 20px; }
  .facts { grid-template-columns: fit-content(38%) minmax(0, 1fr); gap: 7px 12px; }
  figure .wide { display: none; }
  figure .narrow { display: block; }
}
@page { size: A4; margin: 14mm 12mm; }
@media print {
  :root { color-scheme: light; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { background: #ffffff; font-size: 12.5px; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 22px; }
  header { margin-bottom: 16px; }
  .contents, details:not([open]) { display: none; }
  section { padding: 12px 14px; margin-bottom: 12px; break-inside: avoid; }
  section:has(> .scroll tbody tr:nth-child(16)), .failure, .warnings { break-inside: auto; }
  h2, h3, .legend { break-after: avoid; }
  tr, figure, .tiles { break-inside: avoid; }
  .columns, .pair { display: block; margin-bottom: 0; }
  .columns > section { height: auto; margin-bottom: 12px; }
  .tiles { margin-bottom: 12px; }
  .tile { flex-basis: 30%; padding: 9px 12px; }
  .tile dd { font-size: 16px; }
  footer { break-before: avoid; padding: 0; font-size: 11px; }
  .scroll, details .scroll { overflow: visible; max-height: none; background: none; }
  table, .facts { font-size: 12px; }
  th, td { padding: 5px 10px 5px 0; white-space: normal; }
  .pill { white-space: normal; overflow-wrap: normal; }
  a, a[title] { color: inherit; }
}
`;
