import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { TransientError } from '../errors.ts';
import { type LedgerTable, shardKey } from './ledger-table.ts';

/** Map states that leave checkpoints, in the order in which a run passes them. */
export const shardStates = [
  'BackupProducts',
  'RehearseBackup',
  'ClearItems',
  'MigrateProducts',
  'VerifyMigration',
  'CompareByKey',
  'ProveBackup',
  'RestoreProducts',
  'VerifyRestore',
  'RollBack',
] as const;

/** Name of the Map state a shard belongs to. */
export type ShardState = (typeof shardStates)[number];

/** A worker's checkpoint: absolute numbers, so that a turn taken twice does not count twice. */
export interface Shard<Cursor = unknown> {
  readonly state: ShardState;
  readonly shard: number;
  readonly done: boolean;
  readonly turns: number;
  /** Where the next turn goes on; absent at the start and when done. */
  readonly cursor?: Cursor | undefined;
  /** Absolute counts: items, readUnits, writeUnits, throttles, quarantined ... */
  readonly counters: Readonly<Record<string, number>>;
  /** Absolute digests by name (64 hex digits and a count). */
  readonly digests: Readonly<Record<string, { readonly count: number; readonly sum: string }>>;
  /** Up to 20 samples of keys for the report, by kind. */
  readonly samples?: Readonly<Record<string, readonly string[]>>;
  /** Hash of transform and tables at the time. */
  readonly codeVersion: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly updatedAt: number;
  /** `[epoch ms, items so far]`, thinned to 60, for the report's picture of items over time. */
  readonly marks: readonly (readonly [number, number])[];
  /** Grows by one a save: a second worker on the same shard loses the race instead of moving the cursor back. */
  readonly version: number;
  readonly writer: string;
}

const maxMarks = 60;

/** Every second mark goes when there are too many, so that the first and the newest stay. */
export function thinMarks(
  marks: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  return marks.length <= maxMarks
    ? marks
    : marks.filter((_, index) => index % 2 === 0 || index === marks.length - 1);
}

/** `startedAt` is a text key of RunsIndex, and DynamoDB refuses every item that has a number under that name. */
function toLedgerItem<Cursor>({ startedAt, ...rest }: Shard<Cursor>): Record<string, unknown> {
  return { ...rest, beganAt: startedAt };
}

function fromLedgerItem<Cursor>(item: Record<string, unknown>): Shard<Cursor> {
  const { beganAt, ...rest } = item;
  return { ...rest, startedAt: beganAt } as Shard<Cursor>;
}

/** Strongly consistent; `undefined` before the shard's first checkpoint. */
export async function findShard<Cursor>(
  ledger: LedgerTable,
  runId: string,
  state: ShardState,
  shard: number,
): Promise<Shard<Cursor> | undefined> {
  const { Item } = await ledger.client.send(
    new GetCommand({ TableName: ledger.tableName, Key: shardKey(runId, state, shard), ConsistentRead: true }),
  );
  return Item && fromLedgerItem<Cursor>(Item);
}

/** Another worker is at the same shard: Lambda may call a function twice, and a call that was given up may go on. */
export class ShardTakenError extends TransientError {}

/** What {@link saveShard} needs to know beyond the checkpoint itself. */
export interface SaveShard<Cursor> {
  readonly runId: string;
  /** Version and writer are set here. */
  readonly shard: Omit<Shard<Cursor>, 'version' | 'writer'>;
  /** Version that was read before the turn; 0 for none. */
  readonly previousVersion: number;
  /** Unique to the turn. */
  readonly writer: string;
}

/**
 * Saves a checkpoint on the condition that nobody else has since; a lost answer is recognised by its writer.
 *
 * @returns the new version.
 * @throws ShardTakenError when another worker has saved the shard since.
 */
export async function saveShard<Cursor>(ledger: LedgerTable, save: SaveShard<Cursor>): Promise<number> {
  const { runId, shard, previousVersion, writer } = save;
  const version = previousVersion + 1;
  const item = {
    ...shardKey(runId, shard.state, shard.shard),
    ...toLedgerItem<Cursor>({ ...shard, marks: thinMarks(shard.marks), version, writer }),
  };
  const guard =
    previousVersion === 0
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : {
          ConditionExpression: 'version = :previous',
          ExpressionAttributeValues: { ':previous': previousVersion },
        };
  try {
    await ledger.client.send(new PutCommand({ TableName: ledger.tableName, Item: item, ...guard }));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const saved = await findShard(ledger, runId, shard.state, shard.shard);
    if (saved?.writer !== writer || saved.version !== version)
      throw new ShardTakenError(
        `Another worker has moved shard ${shard.shard} of ${shard.state} of run ${runId} on; this one stopped at its last checkpoint and is called again.`,
      );
  }
  return version;
}

/** Every checkpoint of one state of a run, by shard number. Strongly consistent. */
export async function listShards<Cursor>(
  ledger: LedgerTable,
  runId: string,
  state: ShardState,
): Promise<readonly Shard<Cursor>[]> {
  const shards: Shard<Cursor>[] = [];
  let startKey: Record<string, unknown> | undefined;
  do {
    const page = await ledger.client.send(
      new QueryCommand({
        TableName: ledger.tableName,
        KeyConditionExpression: 'PK = :run AND begins_with(SK, :state)',
        ExpressionAttributeValues: { ':run': `RUN#${runId}`, ':state': `SHARD#${state}#` },
        ConsistentRead: true,
        ExclusiveStartKey: startKey,
      }),
    );
    shards.push(...(page.Items ?? []).map((item) => fromLedgerItem<Cursor>(item)));
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
  return shards.toSorted((one, other) => one.shard - other.shard);
}
