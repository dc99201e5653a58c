/** What the console has beyond a report's page. */
export const CONSOLE_STYLE = `
.bar { display: flex; flex-wrap: wrap; gap: 6px 26px; align-items: center; padding: 11px 24px; background: var(--panel); border-bottom: 1px solid var(--line); font-size: 14px; }
.bar nav { display: flex; gap: 4px; }
.bar nav a { padding: 4px 11px; border-radius: 7px; text-decoration: none; color: var(--soft); }
.bar nav a:hover { background: var(--code); color: var(--text); }
.bar nav a[aria-current] { background: var(--code); color: var(--text); font-weight: 620; }
.where { margin-left: auto; color: var(--faint); font-size: 13px; }
main { max-width: 1360px; padding-top: 22px; }
.crumbs { display: flex; flex-wrap: wrap; gap: 4px 8px; font-size: 13px; color: var(--soft); margin-bottom: 10px; overflow-wrap: anywhere; }
.crumbs > * + *::before { content: "›"; display: inline-block; margin-right: 8px; color: var(--faint); }
.crumbs a:hover { color: var(--text); }
.title { display: flex; flex-wrap: wrap; gap: 10px 16px; align-items: center; margin-bottom: 18px; }
.title h1 { overflow-wrap: anywhere; min-width: 0; }
.title .actions { margin-left: auto; display: flex; flex-wrap: wrap; gap: 8px; }
.title form { margin: 0; }
.pill.busy::before { animation: pulse 1.4s ease-in-out infinite; }
@keyframes pulse { 50% { opacity: 0.25; } }
@media (prefers-reduced-motion: reduce) { .pill.busy::before { animation: none; } }
.button { display: inline-block; font: inherit; font-size: 14px; font-weight: 560; padding: 7px 15px; border-radius: 8px; border: 1px solid var(--edge); background: var(--panel); color: var(--text); text-decoration: none; cursor: pointer; }
.button:hover { background: var(--code); }
.button.primary { background: var(--primary); border-color: var(--primary); color: var(--on-primary); }
.button.primary:hover { filter: brightness(1.1); }
:is(a, .button, input, textarea, select, summary):focus-visible { outline: 2px solid var(--busy); outline-offset: 2px; border-radius: 4px; }
label { display: block; font-weight: 560; font-size: 14px; margin: 16px 0 5px; }
label small, .hint { color: var(--faint); font-weight: 400; font-size: 13px; }
select + .hint { margin-top: 6px; }
.lines { white-space: pre-line; }
input, textarea, select { font: inherit; width: 100%; padding: 8px 11px; border: 1px solid var(--edge); border-radius: 8px; background: var(--page); color: var(--text); }
textarea { font: 13px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; min-height: 190px; resize: vertical; }
:is(input, textarea):user-invalid { border-color: var(--bad); }
.form { max-width: 760px; }
.form .button { margin-top: 18px; }
.error { color: var(--bad); font-size: 14px; margin-top: 8px; overflow-wrap: anywhere; }
.lost { background: var(--notice-wash); color: var(--notice); padding: 9px 14px; border-radius: 8px; margin-bottom: 14px; font-size: 14px; }
.lost[hidden] { display: none; }
td a, .facts a { color: var(--link); text-decoration: none; overflow-wrap: break-word; }
td a:hover, .facts a:hover { text-decoration: underline; }
td.long { min-width: 190px; }
.tabular td:not(.long) { white-space: nowrap; }
.tabular td.json { white-space: normal; min-width: 130px; }
.tabular td.json:has([open]) { min-width: 300px; }
td details { margin: 0; }
.tabular td.text { max-width: 230px; overflow: hidden; text-overflow: ellipsis; }
pre { margin: 0; padding: 11px 13px; border-radius: 8px; background: var(--code); font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow: auto; max-height: 420px; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.long { max-height: none; }
.split { display: grid; grid-template-columns: minmax(0, 1fr) 372px; gap: 20px; align-items: start; }
.split > * { min-width: 0; }
.split .side { position: sticky; top: 16px; max-height: calc(100vh - 32px); overflow: auto; }
.graph-box { overflow: auto; max-height: 78vh; margin-top: 12px; border-top: 1px solid var(--line); padding-top: 14px; }
.graph-box .graph { max-width: none; }
.graph-box.fit .graph { max-width: 100%; max-height: calc(78vh - 30px); }
.head nav { display: flex; gap: 16px; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 16px; align-items: baseline; }
.head a { font-size: 13px; color: var(--soft); }
.side h3 { margin-bottom: 5px; }
.pages { display: flex; gap: 14px; font-size: 13px; color: var(--soft); margin-top: 12px; }
.machines { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 14px; margin-bottom: 20px; }
.machines > div { display: flex; flex-direction: column; align-items: flex-start; background: var(--panel); border: 1px solid var(--line); border-radius: 12px; padding: 15px 17px; }
.machines h2 { margin: 0 0 3px; font-size: 15px; overflow-wrap: anywhere; }
.machines p { color: var(--soft); font-size: 13px; margin-bottom: 12px; }
.machines .count { margin-top: auto; }
@media (max-width: 1000px) { .split { grid-template-columns: minmax(0, 1fr); } .split .side { position: static; max-height: none; } }
@media (max-width: 720px) { .bar { padding: 10px 14px; } .where { margin-left: 0; } .title .actions { margin-left: 0; } }
`;
