import { counted, duration } from '../../../functions/shared/format.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { tableHead } from '../../../functions/shared/runs/page/sections.ts';
import type { Execution } from '../states/executions.ts';
import type { HistoryEvent } from '../states/history.ts';
import { withQuery } from './links.ts';
import { paged } from './pages-nav.ts';
import { stepOf } from './steps.ts';

const EVENTS_PER_PAGE = 50;

/** The history, newest first, in pages. */
export function eventsSection({ history, startedAt, status }: Execution, query: URLSearchParams): Html {
  const { events } = history;
  const { shown, nav } = paged(events.toReversed(), query, {
    perPage: EVENTS_PER_PAGE,
    anchor: 'events-heading',
  });
  const steps = stepOf(events);
  return html`<section aria-labelledby="events-heading"><h2 id="events-heading">Events</h2>
    <p class="lead">${counted(events.length, 'event')}${status === 'RUNNING' && ' so far'}, newest first. Each one leads to its details.</p>
    <div class="scroll"><table>${tableHead(['#ID', 'Type', 'Step', '#Started after'])}<tbody>${shown.map((event) => row(event, steps.get(event.id), { query, startedAt }))}</tbody></table></div>
    ${nav}</section>`;
}

interface Shown {
  readonly query: URLSearchParams;
  readonly startedAt: number;
}

function row(
  { id, type, timestamp }: HistoryEvent,
  step: string | undefined,
  { query, startedAt }: Shown,
): Html {
  const details = withQuery('', { ...Object.fromEntries(query), state: undefined, event: String(id) });
  return html`<tr><td class="number">${id}</td><td><a href="${details}#graph-heading">${type}</a></td><td>${step ?? '–'}</td><td class="number">${duration((timestamp - startedAt) / 1000)}</td></tr>`;
}
