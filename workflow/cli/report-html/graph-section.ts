import { heading } from '../../../functions/shared/runs/page/heading.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { drawGraph, graphLegend, type GraphMarks, type StateStatus } from '../../graph/draw-graph.ts';
import { edgeKey } from '../../graph/machine-graph.ts';
import { duration } from '../../../functions/shared/format.ts';
import type { Pictures } from '../run-record.ts';
import type { StateVisit } from '../state-visits.ts';

/** The state machine, and the way that the execution took through it. */
export function graphSection({ path, machine }: Pick<Pictures, 'path' | 'machine'>): Html | undefined {
  if (machine === undefined || path.length === 0) return undefined;
  const marks = marksOf(path);
  const legend = graphLegend(['idle', ...marks.statuses.values()]);
  const title = 'The states of the machine, and the way that was taken';
  return html`<section aria-labelledby="graph-heading">${heading('graph', 'Graph')}
    <p class="lead">The way that was taken.<span class="on-wide"> States that only a failure leads to are left out, unless they were entered.</span></p>
    ${legend}<div class="graph-scroll on-wide">${drawGraph({ machine, title, detail: 'outside' }, marks)}</div>
    <div class="graph-scroll on-narrow">${drawGraph({ machine, title, detail: 'taken' }, marks)}</div></section>`;
}

function marksOf(path: readonly StateVisit[]): GraphMarks {
  const visits = Map.groupBy(path, ({ state }) => state);
  return {
    statuses: new Map([...visits].map(([state, own]) => [state, statusOf(own)])),
    taken: new Set(path.slice(1).flatMap((visit, index) => waysBetween(path[index], visit))),
    noteOf: (state) => noteOf(visits.get(state)),
  };
}

/** Either kind of way: only one of them is there, mostly. */
function waysBetween(before: StateVisit | undefined, { state }: StateVisit): readonly string[] {
  if (before === undefined) return [];
  return [edgeKey({ from: before.state, to: state, isCatch: before.outcome === 'failed' })];
}

function statusOf(visits: readonly StateVisit[]): StateStatus {
  const last = visits.at(-1);
  if (last?.outcome === 'open') return 'running';
  if (last?.outcome === 'done') return 'succeeded';
  return last?.type === 'Fail' ? 'failed' : 'caught';
}

/** Time spent in a state, over all visits. */
function noteOf(visits: readonly StateVisit[] = []): string | undefined {
  const seconds = visits.reduce((sum, { enteredAt, leftAt }) => sum + (leftAt - enteredAt) / 1000, 0);
  if (seconds < 0.001) return undefined;
  return visits.length === 1 ? duration(seconds) : `${duration(seconds)} in ${visits.length} visits`;
}
