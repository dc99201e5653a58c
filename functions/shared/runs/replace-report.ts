import { TransientError } from '../errors.ts';
import { readRun } from '../ledger/run.ts';
import type { Runtime } from '../runtime.ts';

/** One form in which a report is written into the bucket. */
export interface ReportFile<R> {
  readonly key: string;
  readonly contentType: string;
  readonly text: (report: R) => string;
}

/** Whose report it is, and after which end. */
interface Reported {
  readonly runId: string;
  readonly status: string;
}

/** At most two ends of one run meet at one report. Beyond that, something else is wrong. */
const MAX_LOOKS = 5;

/**
 * A late PUT must not overwrite a newer report. Each PUT therefore replaces only what was read before the ledger: where
 * there was nothing, it is refused as soon as anything is there. A run that has moved on has a newer report than this
 * one, or will have.
 *
 * @param build makes the report from the ledger; called again if somebody else has written a report meanwhile
 */
export async function replaceReport<R extends Reported>(
  { objects, ledger }: Pick<Runtime, 'objects' | 'ledger'>,
  { key, contentType, text }: ReportFile<R>,
  runId: string,
  build: () => Promise<R>,
): Promise<R> {
  for (let looks = 1; ; looks += 1) {
    const before = await objects.get(key);
    const report = await build();
    const body = text(report);
    const hasMovedOn = before !== undefined && (await readRun(ledger, runId)).status !== report.status;
    if (hasMovedOn || before?.body.toString('utf8') === body) return report;
    if (await objects.replace(key, body, { etag: before?.etag, contentType })) return report;
    if (looks >= MAX_LOOKS) throw new TransientError('another call keeps writing the report of this run');
  }
}
