import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { isCreatedSince, RUN_TAG, tagsOf } from '../aws/describe-table.ts';
import { retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { foreignStage, foreignStageError } from './target-conflicts.ts';

/** Tags of a new table may appear late. Until then an absent tag proves nothing. */
const TAG_PATIENCE_MILLIS = 60_000;

/** A table that a run has announced. */
interface AnnouncedTable {
  readonly name: string;
  readonly runId: string;
  /** Epoch milliseconds. */
  readonly intentAt: number;
}

/**
 * Whether an existing table carries this run's tag. An untagged table younger than the intent is checked again. On an
 * endpoint without tags, a table younger than the intent is the run's.
 *
 * @throws ForeignStageTableError (not retried), and the SDK's errors
 */
export async function isOwnTable(
  { clients, clock, config }: Runtime,
  { name, runId, intentAt }: AnnouncedTable,
  table: TableDescription,
): Promise<boolean> {
  const isYoung = isCreatedSince(table, intentAt);
  const isUndecided = new Error('The table shows no tags yet.');
  const deadline = clock.now() + TAG_PATIENCE_MILLIS;
  try {
    return await retry(
      { clock, deadline, patienceMillis: TAG_PATIENCE_MILLIS, isRetryable: (error) => error === isUndecided },
      async () => {
        const tags = await tagsOf(clients.tables, table.TableArn ?? '');
        if (tags === undefined) return isYoung;
        const otherStage = foreignStage(tags, config);
        if (otherStage !== undefined) throw foreignStageError(name, otherStage);
        if (tags.size === 0 && isYoung) throw isUndecided;
        return tags.get(RUN_TAG) === runId;
      },
    );
  } catch (error) {
    if (error === isUndecided) return false;
    throw error;
  }
}
