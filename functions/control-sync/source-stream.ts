import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { awsCommandsOf, type Command, type Step, stepText } from '../shared/commands.ts';
import { deployWith } from '../shared/deploy-with.cjs';
import { SyncRefusedError } from '../shared/errors.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { functionName, tableArn } from '../shared/names.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/** The source's stream, and what an operator should know of it. */
export interface SourceStream {
  readonly arn: string;
  /** Of the table; absent where the engine gives none. */
  readonly tableId: string | undefined;
  /** Sentences. */
  readonly warnings: readonly string[];
}

/** More than two readers of a shard are throttled. */
const MAX_OTHER_READERS = 1;

/**
 * Finds the stream of the source. Reads only: the source is never changed, not even by a setting.
 *
 * @param again starts the sync once more
 * @throws SyncRefusedError (not retried) where it is off, has two other readers, or is a global table of several accounts
 */
export async function findSourceStream(runtime: SyncRuntime, again: Command): Promise<SourceStream> {
  const { config, accountId } = runtime;
  const name = config.sourceTable;
  const table = await describeSource(runtime, ['When the table is there, start the sync', again]);
  const arn = table.StreamSpecification?.StreamEnabled === true ? table.LatestStreamArn : undefined;
  if (arn === undefined)
    throw new SyncRefusedError(
      `Table ${name} has no stream, so its changes cannot be followed. Nothing was changed.`,
      stepText(
        ['Enable the stream', awsCommandsOf(config).enableStream(tableArn({ ...config, accountId }, name))],
        ['Then start the sync', again],
      ),
    );
  refuseForeignReplicas(table, accountId);
  return { arn, tableId: table.TableId, warnings: await readersWarning(runtime, { table, arn, again }) };
}

/** @param again what to do when the table is there. @throws SyncRefusedError (not retried) where it is not */
export async function describeSource(
  { clients, config, accountId }: SyncRuntime,
  again: Step,
): Promise<TableDescription> {
  const name = config.sourceTable;
  const table = await describeTable(clients.tables, name);
  if (table !== undefined) return table;
  throw new SyncRefusedError(
    `There is no table ${name} in account ${accountId}, region ${config.region}. Nothing was changed.`,
    stepText([`If the source has another name, ${deployWith('sourceTable', '<table>')}`], again),
  );
}

/** A policy on one replica would be no freeze, and a multi-account table's replicas are not ours to look at. */
function refuseForeignReplicas({ TableName = '', Replicas = [] }: TableDescription, accountId: string): void {
  const foreign = Replicas.find(
    ({ ReplicaArn }) => ReplicaArn !== undefined && ReplicaArn.split(':')[4] !== accountId,
  );
  if (foreign === undefined) return;
  throw new SyncRefusedError(
    `Table ${TableName} is a global table with a replica in another account (${foreign.ReplicaArn ?? ''}). Such a table cannot be frozen safely, so it cannot be followed to a switch. Nothing was changed.`,
  );
}

async function otherReaders(
  { config, mappings }: SyncRuntime,
  streamArn: string,
): Promise<readonly string[]> {
  const own = functionName(config, 'syncProducts');
  const readers = await mappings.list({ streamArn });
  return readers.map(({ functionArn }) => functionArn).filter((arn) => !arn.endsWith(`:function:${own}`));
}

interface ReadStream {
  readonly table: TableDescription;
  readonly arn: string;
  readonly again: Command;
}

async function readersWarning(
  runtime: SyncRuntime,
  { table: { TableName = '', Replicas = [] }, arn, again }: ReadStream,
): Promise<readonly string[]> {
  const others = await otherReaders(runtime, arn);
  if (others.length > MAX_OTHER_READERS)
    throw new SyncRefusedError(
      `The stream of table ${TableName} has ${others.length} readers already (${others.slice(0, 3).join(', ')}). DynamoDB throttles more than two. Nothing was changed.`,
      stepText(
        ['List the readers', awsCommandsOf(runtime.config).listReaders(arn)],
        ['Remove one of them, then start the sync', again],
      ),
    );
  // A global table's replication may read the stream as well.
  if (Replicas.length === 0 || others.length === 0) return [];
  return [
    `Table ${TableName} is a global table and its stream has another reader (${others[0] ?? ''}), so the sync may be throttled.`,
  ];
}
