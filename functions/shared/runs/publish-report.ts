import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { RUN_LAYOUT } from '../files/layout.ts';
import { count, counted, countedAs } from '../counted.ts';
import { errorSummary } from '../errors.ts';
import { duration } from '../format.ts';
import { isRestore, type Run } from '../ledger/run.ts';
import { noteDone } from '../ledger/run-update.ts';
import { topicArn } from '../names.ts';
import { printable, printableLines } from '../printable.ts';
import { publishPage } from './publish-page.ts';
import { replaceReport } from './replace-report.ts';
import type { Report } from './report.ts';
import type { Runtime } from '../runtime.ts';
import { cutAscii, wellFormedJson } from '../text.ts';

/**
 * A report is written, and its message sent, after the run's end is in the ledger. A failure here is therefore a warning
 * and is not thrown. A report that could not be written is written by `recoverRun`.
 *
 * @param run as it has ended
 * @param build makes the report from the ledger; called again if somebody else has written a report meanwhile
 */
export async function publishReport<R extends Report>(
  runtime: Runtime,
  run: Pick<Run, 'runId' | 'changedBy'>,
  build: () => Promise<R>,
): Promise<R> {
  const { runId } = run;
  const report = await publish(runtime, { runId, build, messageText: messageOf });
  if (report.reportUri === null) return report;
  await noteDone(runtime.ledger, run, 'reporting').catch((error: unknown) => {
    runtime.logger.warn('The report will be written again', { runId, error });
  });
  await publishPage(runtime, report);
  return report;
}

/** What every report says of itself. */
export interface Published {
  readonly runId: string;
  readonly status: string;
  readonly reportUri: string | null;
  readonly warnings?: readonly string[];
}

/** A report of a kind of its own. */
export interface Publication<R extends Published> {
  readonly runId: string;
  readonly build: () => Promise<R>;
  /** The message that tells of it. */
  readonly messageText: (report: R) => string;
}

/** {@link publishReport} of a report of another kind, which is told in its own words. */
export async function publish<R extends Published>(
  runtime: Runtime,
  publication: Publication<R>,
): Promise<R> {
  const report = await writeReport(runtime, publication);
  await tell(runtime, report, publication.messageText(report));
  return report;
}

const jsonOf = (report: unknown): string => `${wellFormedJson(JSON.stringify(report, null, 2))}\n`;

async function writeReport<R extends Published>(
  runtime: Runtime,
  { runId, build }: Publication<R>,
): Promise<R> {
  const file = { key: RUN_LAYOUT.report(runId), contentType: 'application/json', text: jsonOf };
  try {
    return await replaceReport(runtime, file, runId, build);
  } catch (error) {
    const report = await build();
    const { name, message } = errorSummary(error);
    const warning = `The report could not be written to ${report.reportUri} (${name}: ${message}).`;
    runtime.logger.warn(warning, { runId });
    return { ...report, reportUri: null, warnings: [...(report.warnings ?? []), warning] };
  }
}

/** SNS takes subjects of at most 100 characters of ASCII, without line breaks. */
const MAX_SUBJECT = 100;

/** The text of the message that tells of a report. */
export function messageOf(report: Report): string {
  const { source, backup, failure } = report;
  return [
    `Run ${report.runId} on table ${source.table} ended: ${report.status}.`,
    printable(report.summary),
    `${countsText(report)}, in ${duration(report.durationSeconds)}.`,
    backup === null ? 'There is no backup of this run.' : `Backup: ${backup.uri}`,
    ...(failure === null ? [] : [printable(`${failure.error}: ${failure.cause}`)]),
    ...(report.nextStep === null ? [] : [printableLines(`Now: ${report.nextStep}`)]),
    `Report: ${report.reportUri ?? 'not written'}`,
  ].join('\n');
}

/** What a restore has written, its summary says. */
function countsText(report: Report): string {
  const { migrated, source, nouns, tables } = report;
  if (isRestore(report)) return `${counted(source.products, 'item')} in the backup`;
  const isUncounted = tables.some(({ uncounted }) => uncounted === true);
  const inPlace = `${counted(migrated.items, 'item')} in place${isUncounted ? ' as its workers recorded' : ''}`;
  return `${countedAs(nouns, source.products)} read, ${count(migrated.quarantined)} quarantined, ${inPlace}`;
}

async function tell(runtime: Runtime, report: Published, Message: string): Promise<void> {
  const { config, accountId, clients, logger } = runtime;
  if (config.notifyTopic === undefined) return;
  const TopicArn = topicArn({ ...config, accountId }, config.notifyTopic);
  const Subject = cutAscii(
    `${config.service} ${config.stage}: ${report.status} (${report.runId})`,
    MAX_SUBJECT,
  );
  try {
    await clients.other(SNSClient).send(new PublishCommand({ TopicArn, Subject, Message }));
  } catch (error) {
    logger.warn('The end of the run could not be published', {
      runId: report.runId,
      error: errorSummary(error).name,
    });
  }
}
