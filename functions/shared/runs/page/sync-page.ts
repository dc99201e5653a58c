import { printableAll } from '../../printable.ts';
import { type EndedSync, outcomeOfSync } from '../sync-outcome.ts';
import type { NamedKeys } from '../sync-report.ts';
import { type Content, html } from './html.ts';
import { renderPage } from './page.ts';
import { placeOf } from './place.ts';
import { failureSection, warningSection } from './sections.ts';
import {
  checksSection,
  comparedSection,
  freezeSection,
  gapSection,
  type KeyKind,
  namedSection,
  syncSection,
  syncTiles,
} from './sync-sections.ts';

/** What the page of a sync or a compare shows. */
export interface SyncPage extends EndedSync {
  /** Of the deployment. */
  readonly stage: string;
  /** Of the stage `local`; see `Place`. */
  readonly localConsole?: string | undefined;
  /** Keys of the last compare, where they are at hand. */
  readonly samples?: ((kind: KeyKind) => NamedKeys) | undefined;
  /** How far the target was behind. */
  readonly lag?: Content;
  /** What is drawn from the history of the last execution. */
  readonly pictures?: Content;
  /** Of the pictures. */
  readonly style?: string;
}

/** The report of a sync or a compare as one page that needs no network and no script. */
export function syncPage({ report: given, failure: reason, samples, ...page }: SyncPage): string {
  const { report, failure } = printableAll({ report: given, failure: reason });
  const outcome = outcomeOfSync({ report, failure });
  const place = placeOf(report, page.stage, page.localConsole);
  const { runId, startedAt, finishedAt, lookedAt, reportUri } = report;
  const what = report.kind === 'sync' ? 'Sync' : 'Compare';
  return renderPage(
    { runId, startedAt, finishedAt, lookedAt, reportUri, what, outcome, style: page.style },
    html`${syncTiles(report)}
${failureSection({ failure }, outcome)}
${warningSection(report)}
${checksSection(report)}
${freezeSection(report)}
${page.lag}
${gapSection(report)}
<div class="columns">${comparedSection(report, place)}${syncSection(report, place)}</div>
${namedSection(report, samples)}
${page.pictures}`,
  );
}
