/** Colours of a graph, from the page's variables, so that one drawing serves light and dark. */
export const GRAPH_STYLE = `
.graph { display: block; margin: 0 auto; max-width: 100%; height: auto; }
.graph text { fill: var(--text); font-size: 13px; }
.graph .note { fill: var(--soft); font-size: 11px; }
.graph rect { fill: var(--panel); stroke: var(--edge); stroke-width: 1.2; }
.graph .idle rect { stroke-dasharray: 4 3; }
.graph .idle .name { fill: var(--soft); }
.graph .line { fill: none; stroke: var(--edge); stroke-width: 1.2; }
.graph .catch:not(.taken) { opacity: 0.6; }
.graph .head { fill: var(--edge); }
.graph .catch .line { stroke-dasharray: 3 3; }
.graph .taken .line { stroke: var(--soft); stroke-width: 2; }
.graph .taken .head { fill: var(--soft); }
.graph .succeeded > rect, .graph .succeeded > a > rect { fill: var(--good-wash); stroke: var(--good); }
.graph .running > rect, .graph .running > a > rect { fill: var(--busy-wash); stroke: var(--busy); stroke-width: 2; }
.graph .caught > rect, .graph .caught > a > rect { fill: var(--notice-wash); stroke: var(--notice); }
.graph .failed > rect, .graph .failed > a > rect { fill: var(--bad-wash); stroke: var(--bad); }
.graph .aborted > rect, .graph .aborted > a > rect { fill: var(--track); stroke: var(--soft); }
.graph .selected > a > rect { stroke-width: 3.5; }
.graph a { outline-offset: 3px; }
.graph a:hover rect { stroke-width: 2.4; }
.graph-scroll { margin-top: 14px; }
.on-narrow { display: none; }
@media screen and (max-width: 720px) {
  .on-wide, section:has(> .on-narrow) .graph-legend li:has(> .idle) { display: none; }
  .on-narrow { display: block; }
}
@media print { .graph { max-height: 215mm; width: auto; } }
.graph-legend i { border: 1.5px solid var(--edge); background: var(--panel); width: 12px; height: 12px; vertical-align: -1px; }
.graph-legend .idle { border-style: dashed; }
.graph-legend .running { border-color: var(--busy); background: var(--busy-wash); }
.graph-legend .succeeded { border-color: var(--good); background: var(--good-wash); }
.graph-legend .caught { border-color: var(--notice); background: var(--notice-wash); }
.graph-legend .failed { border-color: var(--bad); background: var(--bad-wash); }
.graph-legend .aborted { border-color: var(--soft); background: var(--track); }
`;
