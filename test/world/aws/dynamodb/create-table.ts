import type {
  AttributeDefinition,
  CreateTableCommandInput,
  KeySchemaElement,
  Projection,
} from '@aws-sdk/client-dynamodb';
import type { ViewType } from '../../../../workflow/local/dynamodb/streams/stream-records.ts';
import { dynamoError, invalid } from '../errors.ts';
import { type Aws, nextUuid, unchanging } from '../state.ts';
import { descriptionOf } from './describe-table.ts';
import { policyOf } from './policies.ts';
import { openStream } from './streams.ts';
import { presentTable, statusOf, type Table, type TableIndex, type TableKey } from './table-state.ts';

/** How long it may take until a table is ACTIVE. The first is the ordinary way. */
const CREATING_MILLIS = [0, 3_000, 25_000, 120_000] as const;
/** Right after CreateTable, DescribeTable may not know the table yet, nor GetResourcePolicy its policy ... */
export const UNKNOWN_MILLIS = 2_000;
/** ... and its tags may not show. */
const TAGS_LATE_MILLIS = 30_000;

const NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const HIDDEN = new Set(['Tags', 'ResourcePolicy', 'StreamSpecification']);

/** @throws ValidationException, ResourceInUseException, LimitExceededException */
export function createTable(aws: Aws, input: CreateTableCommandInput): unknown {
  const { TableName: name = '', StreamSpecification } = input;
  if (!NAME.test(name))
    throw invalid(
      `Invalid table/index name. Table/index names must be between 3 and 255 characters: ${name}`,
    );
  checkDefinitions(input);
  const table = newTable(aws, input);
  if (presentTable(aws, name) !== undefined)
    throw dynamoError('ResourceInUseException', `Table already exists: ${name}`);
  assertNotTooMany(aws, name);
  aws.state.tables.set(name, table);
  if (StreamSpecification?.StreamEnabled === true)
    openStream(aws, table, StreamSpecification.StreamViewType as ViewType);
  return { TableDescription: { ...descriptionOf(aws, table), TableStatus: 'CREATING' } };
}

function newTable(aws: Aws, input: CreateTableCommandInput): Table {
  const { TableName: name = '', Tags = [], ResourcePolicy, KeySchema, AttributeDefinitions } = input;
  const arn = `arn:aws:dynamodb:${aws.region}:${aws.accountId}:table/${name}`;
  const policy = ResourcePolicy === undefined ? undefined : policyOf(aws, ResourcePolicy, arn);
  const now = aws.now();
  const creating = CREATING_MILLIS[aws.choose(CREATING_MILLIS.length, `how long ${name} is CREATING`)] ?? 0;
  const settings = Object.entries(input).filter(([field]) => !HIDDEN.has(field));
  return {
    name,
    id: nextUuid(aws),
    arn,
    key: keyOfSchema(KeySchema, AttributeDefinitions),
    indexes: indexesOf(input),
    settings: Object.fromEntries(settings) as Table['settings'],
    createdAt: now,
    activeAt: now + creating,
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
