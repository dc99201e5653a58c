import type { Run } from '../shared/ledger/run.ts';
import { addToMinute, type SyncMinute } from '../shared/ledger/sync-records.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { BatchAnswer, Change } from './change-batch.ts';
import type { Done } from './reconcile-changes.ts';

/** What a call has come to. */
export interface Followed {
  readonly sync: Run;
  readonly changes: readonly Change[];
  readonly answer: BatchAnswer;
  readonly done: Done;
  /** Unique to the call. */
  readonly writer: string;
}

/**
 * Adds the call to its minute, and logs it: the metrics are made of this line (workflow/resources/sync.yml). A change
 * counts when it is acknowledged, so that it counts once however often it is delivered for lack of time.
 *
 * @throws the ledger's errors
 */
export async function saveFollowed({ ledger, clock, logger }: Runtime, followed: Followed): Promise<void> {
  const { sync, changes, done, writer } = followed;
  const now = clock.now();
  // A sync that starts reads what the stream has kept of the last day: it can be late only since it began.
  const startedAt = Date.parse(sync.startedAt);
  const lags = acknowledgedOf(followed).map(({ changedAt }) =>
    Math.max(0, now - Math.max(changedAt, startedAt)),
  );
  const written = changes.filter(({ isExpiry }) => !isExpiry);
  const minute: SyncMinute = {
    minute: new Date(now).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length),
    records: lags.length,
    lagMillis: lags.reduce((sum, lag) => sum + lag, 0),
    maxLagMillis: Math.max(0, ...lags),
    // Pending keys alone, and what time to live deletes, tell nothing of whoever writes to the source.
    lastAt: written.length === 0 ? 0 : now,
    newestChangeAt: Math.max(0, ...written.map(({ changedAt }) => changedAt)),
    ...done,
  };
  await addToMinute(ledger, { syncId: sync.runId, writer }, minute);
  logger.info('Changes followed', { syncId: sync.runId, ...minute });
}

function acknowledgedOf({ changes, answer: { batchItemFailures } }: Followed): readonly Change[] {
  const failed = batchItemFailures[0]?.itemIdentifier;
  const end = changes.findIndex(({ sequenceNumber }) => sequenceNumber === failed);
  return end === -1 ? changes : changes.slice(0, end);
}
