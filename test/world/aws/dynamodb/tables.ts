import type {
  CreateTableCommandInput,
  DeleteTableCommandInput,
  UpdateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { ViewType } from '../../../../workflow/local/dynamodb/streams/stream-records.ts';
import { dynamoError, invalid, tableNotFound } from '../errors.ts';
import type { Aws } from '../state.ts';
import { operation, whole } from '../work.ts';
import { createTable, UNKNOWN_MILLIS } from './create-table.ts';
import { descriptionOf } from './describe-table.ts';
import { closeStream, openStream } from './streams.ts';
import { findTable, presentTable, statusOf, type Table, tableNameOf } from './table-state.ts';

/** How long it may take until a table is UPDATING no more, or is gone. The first is the ordinary way. */
const UPDATING_MILLIS = [0, 2_000, 30_000] as const;
const DELETING_MILLIS = [0, 3_000, 25_000, 200_000] as const;

function chosen(aws: Aws, millis: readonly number[], why: string): number {
  return aws.now() + (millis[aws.choose(millis.length, why)] ?? 0);
}

function inUse(why: string): Error {
  return dynamoError('ResourceInUseException', why);
}

/** A table of which DescribeTable may not know yet. */
function describedTable(aws: Aws, nameOrArn: string | undefined): Table {
  const table = findTable(aws, nameOrArn);
  const isYoung = aws.now() < table.createdAt + UNKNOWN_MILLIS;
  // Once it was seen ACTIVE it is known. Nobody could tell it from a deleted table otherwise.
  if (isYoung && table.isSeen !== true && aws.choose(2, `${table.name} is not known everywhere yet`) === 1)
    throw tableNotFound(table.name);
  table.isSeen ||= statusOf(aws, table) === 'ACTIVE';
  return table;
}

function assertChangeable(aws: Aws, table: Table): void {
  const status = statusOf(aws, table);
  if (status === 'ACTIVE') return;
  throw inUse(`Attempt to change a resource which is still in use: Table is ${status}: ${table.name}`);
}

type IndexUpdate = NonNullable<UpdateTableCommandInput['GlobalSecondaryIndexUpdates']>[number];

function updatedIndexes({ settings }: Table, updates: readonly IndexUpdate[]) {
  return settings.GlobalSecondaryIndexes?.map((index) => {
    const update = updates.find(({ Update }) => Update?.IndexName === index.IndexName)?.Update;
    return { ...index, ...update };
  });
}

function updateTable(aws: Aws, input: UpdateTableCommandInput): unknown {
  const {
    TableName: _name,
    GlobalSecondaryIndexUpdates: updates = [],
    StreamSpecification,
    ...settings
  } = input;
  const table = findTable(aws, input.TableName);
  assertChangeable(aws, table);
  if (updates.some(({ Update }) => Update === undefined))
    throw invalid('The in-memory DynamoDB creates and deletes no indexes');
  const indexes = updatedIndexes(table, updates);
  table.settings = {
    ...table.settings,
    ...settings,
    ...(indexes && { GlobalSecondaryIndexes: indexes }),
  };
  if (StreamSpecification !== undefined) changeStream(aws, table, StreamSpecification);
  table.updatedAt = chosen(aws, UPDATING_MILLIS, `how long ${table.name} is UPDATING`);
  return { TableDescription: { ...descriptionOf(aws, table), TableStatus: 'UPDATING' } };
}

function changeStream(
  aws: Aws,
  table: Table,
  { StreamEnabled, StreamViewType }: NonNullable<UpdateTableCommandInput['StreamSpecification']>,
): void {
  const existing = aws.state.streams.get(table.streamArn ?? '');
  const isOn = existing !== undefined && existing.disabledAt === undefined;
  if (StreamEnabled !== true) return closeStream(aws, table);
  if (isOn) throw invalid('Table already has an enabled stream');
  openStream(aws, table, StreamViewType as ViewType);
}

function deleteTable(aws: Aws, { TableName }: DeleteTableCommandInput): unknown {
  const table = findTable(aws, TableName);
  const status = statusOf(aws, table);
  if (status === 'DELETING') return { TableDescription: descriptionOf(aws, table) };
  assertChangeable(aws, table);
  if (table.settings.DeletionProtectionEnabled === true)
    throw invalid(
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    );
  if (isBeingBackedUp(aws, table)) throw inUse(`Table is being backed up: ${table.name}`);
  table.goneAt = chosen(aws, DELETING_MILLIS, `how long ${table.name} is DELETING`);
  closeStream(aws, table);
  return { TableDescription: descriptionOf(aws, table) };
}

function isBeingBackedUp({ state, now }: Aws, { id }: Table): boolean {
  return state.backups.values().some(({ tableId, availableAt }) => tableId === id && now() < availableAt);
}

function listTables(aws: Aws): unknown {
  const names = [...aws.state.tables.keys()].filter((name) => presentTable(aws, name) !== undefined);
  return { TableNames: names.toSorted() };
}

/** CreateTable, DescribeTable, UpdateTable, DeleteTable and ListTables. */
export const TABLE_OPERATIONS = {
  CreateTable: operation(
    'TableName KeySchema AttributeDefinitions BillingMode ProvisionedThroughput OnDemandThroughput TableClass GlobalSecondaryIndexes LocalSecondaryIndexes Tags ResourcePolicy StreamSpecification DeletionProtectionEnabled',
    (aws, _caller, input: CreateTableCommandInput) =>
      whole(input.TableName ?? '', () => createTable(aws, input)),
  ),
  DescribeTable: operation('TableName', (aws, _caller, { TableName = '' }: DeleteTableCommandInput) =>
    whole(tableNameOf(TableName), () => ({ Table: descriptionOf(aws, describedTable(aws, TableName)) })),
  ),
  UpdateTable: operation(
    'TableName BillingMode ProvisionedThroughput OnDemandThroughput DeletionProtectionEnabled StreamSpecification GlobalSecondaryIndexUpdates',
    (aws, _caller, input: UpdateTableCommandInput) =>
      whole(input.TableName ?? '', () => updateTable(aws, input)),
  ),
  DeleteTable: operation('TableName', (aws, _caller, input: DeleteTableCommandInput) =>
    whole(input.TableName ?? '', () => deleteTable(aws, input)),
  ),
  ListTables: operation('', (aws) => whole('tables', () => listTables(aws))),
};
