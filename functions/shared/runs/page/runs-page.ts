import { count, duration, moment } from '../../format.ts';
import { RUN_LAYOUT } from '../../files/layout.ts';
import type { Run } from '../../ledger/run.ts';
import { type Html, html } from './html.ts';
import { document } from './page.ts';
import { consoleLink, type Place, placeOf } from './place.ts';
import { tableHead } from './sections.ts';

/** A run as it is listed. */
export interface ListedRun extends Pick<
  Run,
  'runId' | 'kind' | 'step' | 'startedAt' | 'parameters' | 'isStarted'
> {
  readonly status: string;
  /** Of work. Absent: it is not at its end. */
  readonly durationSeconds?: number | undefined;
}

/** What the page lists. */
export interface RunsPage {
  /** Newest first. */
  readonly runs: readonly ListedRun[];
  readonly bucket: string;
  /** Of the stage `local`; see `Place`. */
  readonly localConsole?: string;
  /** Of the deployment. */
  readonly stage: string;
}

const TONES: Readonly<Record<string, string>> = {
  SUCCEEDED: 'good',
  PLANNED: 'good',
  RUNNING: 'busy',
  ROLLING_BACK: 'busy',
  HELD: 'notice',
  ROLLED_BACK: 'notice',
  ROLLBACK_FAILED: 'bad',
  SYNCING: 'good',
  SWITCHING: 'busy',
  SWITCHED: 'good',
  CANCELLING: 'busy',
  CANCELLED: 'notice',
};

/** Runs that the page has room for. */
export const MAX_LISTED = 100;

const STILL_AT_WORK = new Set(['RUNNING', 'ROLLING_BACK']);

/** The runs of a stage, each with a link to its page beside this one. */
export function runsPage({ runs, bucket, stage, localConsole }: RunsPage): string {
  const uriOf = (runId: string): string => `s3://${bucket}/${RUN_LAYOUT.page(runId)}`;
  const place = placeOf({ reportUri: uriOf('') }, stage, localConsole);
  const rows = runs.map((run) => row(run, place, uriOf(run.runId)));
  return document(
    { title: `Runs of stage ${stage}`, tone: 'good' },
    html`<header><h1>Runs of stage ${stage}</h1></header>
<section><p class="lead">The newest first, as of the end of the latest one. Times are in UTC.${runs.length >= MAX_LISTED && ` The newest ${count(MAX_LISTED)} are listed.`}</p>
<div class="scroll"><table>${tableHead(['Run', 'What', 'Status', 'Started', '#Duration', 'Note'])}<tbody>${rows}</tbody></table></div></section>`,
  );
}

function row(run: ListedRun, place: Place | undefined, uri: string): Html {
  const { runId, kind, step, status, startedAt, durationSeconds: seconds, parameters } = run;
  const what = parameters.dryRun ? 'dry run' : (step ?? kind);
  const words = status.toLowerCase().replaceAll('_', ' ');
  const name = !hasPage(run)
    ? html`<code>${runId}</code>`
    : html`<a href="${encodeURIComponent(runId)}/report.html"><code>${runId}</code></a> ${inConsole(place, uri)}`;
  return html`<tr><td class="long">${name}</td><td>${what}</td><td><span class="pill ${TONES[status] ?? 'idle'}">${words}</span></td><td>${moment(startedAt)}</td><td class="number">${seconds === undefined ? '–' : duration(seconds)}</td><td class="long">${parameters.note ?? ''}</td></tr>`;
}

/** A sync has its page once its start has ended, and a compare once it has come to its end. */
function hasPage({ kind, status, isStarted }: ListedRun): boolean {
  if (kind === 'sync') return isStarted === true;
  return kind === 'compare' ? status === 'SUCCEEDED' : !STILL_AT_WORK.has(status);
}

/** A page that is read in the AWS console cannot lead to its neighbours by itself. */
function inConsole(place: Place | undefined, uri: string): Html | undefined {
  if (place?.isOnAws !== true) return undefined;
  return html`<small>${consoleLink(place, 'objects', { subject: uri, words: 'in S3' })}</small>`;
}
