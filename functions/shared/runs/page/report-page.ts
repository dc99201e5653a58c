import { isRestore } from '../../ledger/run.ts';
import { printableAll } from '../../printable.ts';
import { neverBegan, type Outcome, outcomeOf } from '../outcome.ts';
import type { Report } from '../report.ts';
import { bulkSection } from './bulk-section.ts';
import { costSection } from './cost-section.ts';
import { type Content, html } from './html.ts';
import { renderPage } from './page.ts';
import { placeOf } from './place.ts';
import { restoreSection } from './restore-section.ts';
import {
  driftSection,
  failureSection,
  quarantineSection,
  runSection,
  tablesSection,
  verificationSection,
  warningSection,
} from './sections.ts';
import { tiles } from './tiles.ts';

/** What a page shows. */
export interface ReportPage {
  readonly report: Report;
  /** Of the deployment. */
  readonly stage: string;
  /** Of the stage `local`; see `Place`. */
  readonly localConsole?: string | undefined;
  /** What is drawn from the history of the execution and from the ledger. */
  readonly pictures?: ReportPictures;
  /** Of the pictures. */
  readonly style?: string;
}

/** Pictures, by where they stand. */
export interface ReportPictures {
  /** In the middle: what the execution did. */
  readonly way?: Content;
  /** How fast it was. */
  readonly work?: Content;
  /** At the end: the largest. */
  readonly graph?: Content;
}

/** The report of a run as one page that needs no network and no script. */
export function reportPage({ report: given, stage, localConsole, pictures = {}, style }: ReportPage): string {
  const report = printableAll(given);
  const outcome = calmOutcome(report);
  const place = placeOf(report, stage, localConsole);
  const { runId, startedAt, finishedAt, reportUri } = report;
  const results = [verificationSection(report), tablesSection(report, place)];
  return renderPage(
    { runId, startedAt, finishedAt, reportUri, what: whatOf(report), outcome, style },
    html`${!neverBegan(report) && tiles(report)}
${failureSection(report, outcome)}
${warningSection(report)}
${restoreSection(report)}
${pictures.way}
${!neverBegan(report) && results.some((one) => one !== undefined) && html`<div class="columns">${results}</div>`}
${!isRestore(report) && driftSection(report)}
${quarantineSection(report, place)}
${bulkSection(report, place)}
${pictures.work}
${costSection(report)}
${runSection(report, place)}
${pictures.graph}`,
  );
}

function whatOf(report: Report): string {
  const { step, source } = report;
  if (isRestore(report)) return 'Restore from a backup';
  return step === undefined
    ? `Migration of ${source.table}`
    : `Step ${step} of the migration of ${source.table}`;
}

/** A roll back that has worked is no cause for alarm, whatever it was for. */
function calmOutcome(report: Report): Outcome {
  const outcome = outcomeOf(report);
  return report.status === 'ROLLED_BACK' ? { ...outcome, tone: 'notice' } : outcome;
}
