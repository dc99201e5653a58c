import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { runLayout } from './backup/layout.ts';
import { count, counted } from './counted.ts';
import { errorSummary } from './errors.ts';
import { partitionOf } from './partition.ts';
import { printable } from './printable.ts';
import type { Report } from './report.ts';
import type { Runtime } from './runtime.ts';
import { cutAscii, wellFormedJson } from './text.ts';

/** A report is written, and its message sent, after the run's end is in the ledger: what fails here is told, not thrown. */
export async function publishReport<R extends Report>(runtime: Runtime, report: R): Promise<R> {
  const written = await writeReport(runtime, report);
  await tell(runtime, written);
  return written;
}

async function writeReport<R extends Report>(runtime: Runtime, report: R): Promise<R> {
  const body = `${wellFormedJson(JSON.stringify(report, null, 2))}\n`;
  try {
    await runtime.objects.put(runLayout.report(report.runId), body, { contentType: 'application/json' });
    return report;
  } catch (error) {
    const { name, message } = errorSummary(error);
    const warning = `The report could not be written to ${report.reportUri} (${name}: ${message}).`;
    runtime.logger.warn(warning, { runId: report.runId });
    return { ...report, reportUri: null, warnings: [...(report.warnings ?? []), warning] };
  }
}

/** SNS takes subjects of at most 100 characters of ASCII, without line breaks. */
const maxSubject = 100;

function messageOf(report: Report): string {
  const { migrated, source, backup, failure } = report;
  return [
    `Run ${report.runId} on table ${source.table} ended: ${report.status}.`,
    `${counted(source.products, 'product')} read, ${count(migrated.quarantined)} quarantined, ${counted(migrated.items, 'item')} in place, in ${report.durationSeconds} seconds.`,
    backup === null ? 'There is no backup of this run.' : `Backup: ${backup.uri}`,
    ...(failure === null ? [] : [printable(`${failure.error}: ${failure.cause}`)]),
    `Report: ${report.reportUri ?? 'not written'}`,
  ].join('\n');
}

let client: SNSClient | undefined;

async function tell(runtime: Runtime, report: Report): Promise<void> {
  const { config, accountId, logger } = runtime;
  if (config.notifyTopic === undefined) return;
  client ??= new SNSClient({ maxAttempts: 3 });
  const TopicArn = `arn:${partitionOf(config.region).name}:sns:${config.region}:${accountId}:${config.notifyTopic}`;
  const Subject = cutAscii(
    `${config.service} ${config.stage}: ${report.status} (${report.runId})`,
    maxSubject,
  );
  try {
    await client.send(new PublishCommand({ TopicArn, Subject, Message: messageOf(report) }));
  } catch (error) {
    logger.warn('The end of the run could not be published', {
      runId: report.runId,
      error: errorSummary(error).name,
    });
  }
}
