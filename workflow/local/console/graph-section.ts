import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { drawGraph, WHOLE_LEGEND } from '../../graph/draw-graph.ts';
import { type GraphEvent, historyMarks } from '../../graph/history-marks.ts';
import type { Execution } from '../states/executions.ts';
import type { HistoryEvent } from '../states/history.ts';
import type { MachineDefinition } from '../states/prepare-machine.ts';
import { withQuery } from './links.ts';

/** Parsed once: a drawing of the same definition is placed once. */
const definitions = new WeakMap<Execution['machine'], MachineDefinition>();

function definitionOf(machine: Execution['machine']): MachineDefinition {
  const definition = definitions.get(machine) ?? (JSON.parse(machine.definition) as MachineDefinition);
  definitions.set(machine, definition);
  return definition;
}

/** The graph of an execution's machine, its states coloured as they run. */
export function graphSection({ machine, history }: Execution, query: URLSearchParams): Html {
  const definition = definitionOf(machine);
  const marks = historyMarks(definition, history.events.map(graphEvent));
  const isWhole = query.get('detail') === 'all';
  const link = (change: Readonly<Record<string, string | undefined>>): string =>
    withQuery('', { ...Object.fromEntries(query), event: undefined, ...change });
  const graph = drawGraph(
    { machine: definition, title: `Graph of ${machine.key}`, detail: isWhole ? 'all' : 'usual' },
    { ...marks, selected: query.get('state') ?? undefined, hrefOf: (state) => link({ state }) },
  );
  const fits = query.get('zoom') === 'fit';
  return html`<section aria-labelledby="graph-heading">
    <div class="head"><h2 id="graph-heading">Graph view</h2><nav aria-label="Graph">
      <a href="${link({ zoom: fits ? undefined : 'fit' })}">${fits ? 'Full size' : 'Fit the window'}</a>
      <a href="${link({ detail: isWhole ? undefined : 'all' })}">${isWhole ? 'Leave out what only failures lead to' : 'Show every state'}</a></nav></div>
    ${WHOLE_LEGEND}<div class="graph-box${fits && ' fit'}" data-scroll tabindex="0" role="region" aria-label="Graph view">${graph}</div></section>`;
}

function graphEvent({ id, previousEventId, type, details }: HistoryEvent): GraphEvent {
  return { id, previousEventId, type, state: stateOf(details) };
}

/** The state that an event says was entered or exited. */
export function stateOf(details: HistoryEvent['details']): string | undefined {
  const { member = '', fields = {} } = details ?? {};
  const isAboutState = member === 'stateEnteredEventDetails' || member === 'stateExitedEventDetails';
  return isAboutState ? String(fields['name']) : undefined;
}
