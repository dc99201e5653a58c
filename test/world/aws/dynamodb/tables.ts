import type {
  AttributeDefinition,
  CreateTableCommandInput,
  DeleteTableCommandInput,
  KeySchemaElement,
  Projection,
  UpdateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { ViewType } from '../../../../workflow/local/dynamodb/streams/stream-records.ts';
import { dynamoError, invalid, tableNotFound } from '../errors.ts';
import { type Aws, nextUuid, unchanging } from '../state.ts';
import { operation, whole } from '../work.ts';
import { descriptionOf } from './describe-table.ts';
import { policyOf } from './policies.ts';
import { closeStream, openStream } from './streams.ts';
import {
  findTable,
  presentTable,
  statusOf,
  type Table,
  type TableIndex,
  type TableKey,
  tableNameOf,
} from './table-state.ts';

/** How long it may take until a table is ACTIVE, is UPDATING no more, or is gone. The first is the ordinary way. */
const CREATING_MILLIS = [0, 3_000, 25_000, 120_000] as const;
const UPDATING_MILLIS = [0, 2_000, 30_000] as const;
const DELETING_MILLIS = [0, 3_000, 25_000, 200_000] as const;
/** Right after CreateTable, DescribeTable may not know the table yet ... */
const UNKNOWN_MILLIS = 2_000;
/** ... and its tags may not show. */
const TAGS_LATE_MILLIS = 30_000;

const NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const HIDDEN = new Set(['Tags', 'ResourcePolicy', 'StreamSpecification']);

function chosen(aws: Aws, millis: readonly number[], why: string): number {
  return aws.now() + (millis[aws.choose(millis.length, why)] ?? 0);
}

function inUse(why: string): Error {
  return dynamoError('ResourceInUseException', why);
}

function keyOfSchema(
  schema: readonly KeySchemaElement[] = [],
  definitions: readonly AttributeDefinition[] = [],
): TableKey {
  const attributeOf = (keyType: string) => {
    const name = schema.find(({ KeyType }) => KeyType === keyType)?.AttributeName;
    if (name === undefined) return undefined;
    const type = definitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType;
    if (type !== 'S' && type !== 'N' && type !== 'B')
      throw invalid(
        'One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions',
      );
    return { name, type };
  };
  const partition = attributeOf('HASH');
  const sort = attributeOf('RANGE');
  if (partition === undefined) throw invalid('No Hash Key specified in schema');
  return { partition, ...(sort && { sort }) };
}

interface IndexInput {
  readonly IndexName?: string | undefined;
  readonly KeySchema?: readonly KeySchemaElement[] | undefined;
  readonly Projection?: Projection | undefined;
}

function indexesOf(input: CreateTableCommandInput): readonly TableIndex[] {
  const read =
    (isGlobal: boolean) =>
    ({
      IndexName = '',
      KeySchema,
      Projection: { ProjectionType = 'ALL', NonKeyAttributes = [] } = {},
    }: IndexInput): TableIndex => ({
      name: IndexName,
      key: keyOfSchema(KeySchema, input.AttributeDefinitions),
      isGlobal,
      projection: ProjectionType,
      included: NonKeyAttributes,
    });
  const { GlobalSecondaryIndexes: global = [], LocalSecondaryIndexes: local = [] } = input;
  return [...global.map(read(true)), ...local.map(read(false))];
}

function checkDefinitions(input: CreateTableCommandInput): void {
  const {
    KeySchema = [],
    AttributeDefinitions = [],
    GlobalSecondaryIndexes = [],
    LocalSecondaryIndexes = [],
  } = input;
  const schemas = [
    KeySchema,
    ...[...GlobalSecondaryIndexes, ...LocalSecondaryIndexes].map((one) => one.KeySchema ?? []),
  ];
  const used = new Set(schemas.flat().map(({ AttributeName }) => AttributeName));
  if (used.size !== AttributeDefinitions.length)
    throw invalid(
      'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    );
}

function createTable(aws: Aws, input: CreateTableCommandInput): unknown {
  const { TableName: name = '', Tags = [], ResourcePolicy, StreamSpecification } = input;
  if (!NAME.test(name))
    throw invalid(
      `Invalid table/index name. Table/index names must be between 3 and 255 characters: ${name}`,
    );
  checkDefinitions(input);
  const indexes = indexesOf(input);
  const key = keyOfSchema(input.KeySchema, input.AttributeDefinitions);
  const arn = `arn:aws:dynamodb:${aws.region}:${aws.accountId}:table/${name}`;
  const policy = ResourcePolicy === undefined ? undefined : policyOf(aws, ResourcePolicy, arn);
  if (presentTable(aws, name) !== undefined) throw inUse(`Table already exists: ${name}`);
  assertNotTooMany(aws, name);
  const now = aws.now();
  const table: Table = {
    name,
    id: nextUuid(aws),
    arn,
    key,
    indexes,
    settings: Object.fromEntries(
      Object.entries(input).filter(([field]) => !HIDDEN.has(field)),
    ) as Table['settings'],
    createdAt: now,
    activeAt: chosen(aws, CREATING_MILLIS, `how long ${name} is CREATING`),
    updatedAt: 0,
    rows: new Map(),
    inOrder: [],
    locks: new Map(),
    recent: [],
    tags: { value: Tags, before: [], shownFrom: now + TAGS_LATE_MILLIS },
    policy: { value: policy, before: undefined, shownFrom: now + UNKNOWN_MILLIS },
    // The policy of a CreateTable counts from the first request.
    enforced: unchanging(policy),
    timeToLive: unchanging(undefined),
    recovery: unchanging(false),
  };
  aws.state.tables.set(name, table);
  if (StreamSpecification?.StreamEnabled === true)
    openStream(aws, table, StreamSpecification.StreamViewType as ViewType);
  return { TableDescription: { ...descriptionOf(aws, table), TableStatus: 'CREATING' } };
}

/** DynamoDB limits how many tables are being created at once. */
function assertNotTooMany(aws: Aws, name: string): void {
  const isBusy = aws.state.tables.values().some((table) => statusOf(aws, table) === 'CREATING');
  if (!isBusy || aws.choose(2, `other tables are being created, so ${name} is refused`) === 0) return;
  throw dynamoError(
    'LimitExceededException',
    'Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted simultaneously',
  );
}

/** A table of which DescribeTable may not know yet. */
function describedTable(aws: Aws, nameOrArn: string | undefined): Table {
  const table = findTable(aws, nameOrArn);
  const isYoung = aws.now() < table.createdAt + UNKNOWN_MILLIS;
  if (isYoung && aws.choose(2, `${table.name} is not known everywhere yet`) === 1)
    throw tableNotFound(table.name);
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
