import { bytes, count, counted, moment } from '../../format.ts';
import type { Report } from '../report.ts';
import type { ReportedBulkPut } from '../report-bulk.ts';
import { heading } from './heading.ts';
import { type Html, html } from './html.ts';
import { consoleLink, type Place } from './place.ts';
import { facts, shouldBeZero } from './sections.ts';

/** DynamoDB's bulk put of each table, where the run used it. */
export function bulkSection({ bulkPuts = [] }: Report, place?: Place): Html | undefined {
  if (bulkPuts.length === 0) return undefined;
  return html`<section aria-labelledby="bulk-heading">${heading('bulk', 'Bulk put')}
    <p class="lead">DynamoDB read the files from S3 and wrote the items itself.</p>
    ${bulkPuts.map((one) => bulkFacts(one, place))}</section>`;
}

function bulkFacts(bulkPut: ReportedBulkPut, place: Place | undefined): Html {
  const { table, attempt, operationArn, startedAt, endedAt, processed, failed, alreadyPresent } = bulkPut;
  const { bulkPutBytes, reportUri, reportObjects } = bulkPut;
  return facts([
    ['Into table', html`<code>${table}</code>`],
    ['Operation', operationArn === undefined ? 'not known' : html`<code>${operationArn}</code>`],
    attempt === 1 ? undefined : ['Attempt', count(attempt)],
    ['Began', startedAt === undefined ? 'not known' : `${moment(startedAt)} UTC`],
    ['Ended', endedAt === undefined ? 'not known' : `${moment(endedAt)} UTC`],
    ['Processed', counted(processed, 'item')],
    ['Failed', shouldBeZero(failed)],
    ['Existed already', `${counted(alreadyPresent, 'item')} of others, left as they were`],
    ['Charged for', bulkPutBytes === undefined ? 'not known' : bytes(bulkPutBytes)],
    reportUri === undefined
      ? undefined
      : [
          'Report',
          html`${consoleLink(place, 'objects', { subject: reportUri })}${reportObjects !== undefined && html`<br>${counted(reportObjects, 'object')} with items that were not written`}`,
        ],
  ]);
}
