import type {
  DescribeTableCommandOutput,
  GlobalSecondaryIndexDescription,
  TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { Aws } from '../state.ts';
import { statusOf, type Table } from './table-state.ts';

/** Table and index descriptions as DescribeTable gives them; item counts are six hours old, so they say nothing. */
export function descriptionOf(aws: Aws, table: Table): TableDescription {
  const { settings, large } = table;
  const statedItems = large?.items ?? 0;
  const status = statusOf(aws, table);
  const isProvisioned = (settings.BillingMode ?? 'PROVISIONED') === 'PROVISIONED';
  const { GlobalSecondaryIndexes: global = [], LocalSecondaryIndexes: local = [] } = settings;
  const described: TableDescription = {
    TableName: table.name,
    TableArn: table.arn,
    TableId: table.id,
    TableStatus: status,
    CreationDateTime: new Date(table.createdAt),
    KeySchema: settings.KeySchema,
    AttributeDefinitions: settings.AttributeDefinitions,
    ItemCount: statedItems,
    TableSizeBytes: statedItems * STATED_ITEM_BYTES,
    DeletionProtectionEnabled: settings.DeletionProtectionEnabled ?? false,
    ProvisionedThroughput: throughputOf(isProvisioned ? settings.ProvisionedThroughput : undefined),
    ...(!isProvisioned && { BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' } }),
    ...(settings.OnDemandThroughput && { OnDemandThroughput: settings.OnDemandThroughput }),
    ...(settings.TableClass && { TableClassSummary: { TableClass: settings.TableClass } }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global.map((one) => indexOf(table, one, status)) }),
    ...(local.length > 0 && { LocalSecondaryIndexes: local.map((one) => indexOf(table, one, status)) }),
  };
  return { ...described, ...streamOf(aws, table) };
}

const STATED_ITEM_BYTES = 1_000;

function throughputOf(
  given: { ReadCapacityUnits?: number | undefined; WriteCapacityUnits?: number | undefined } = {},
) {
  const { ReadCapacityUnits = 0, WriteCapacityUnits = 0 } = given;
  return { ReadCapacityUnits, WriteCapacityUnits, NumberOfDecreasesToday: 0 };
}

function indexOf(
  table: Table,
  index: GlobalSecondaryIndexDescription,
  status: ReturnType<typeof statusOf>,
): GlobalSecondaryIndexDescription {
  return {
    ...index,
    IndexStatus: status === 'UPDATING' ? 'ACTIVE' : status,
    IndexArn: `${table.arn}/index/${index.IndexName}`,
    ItemCount: 0,
    IndexSizeBytes: 0,
    ProvisionedThroughput: throughputOf(index.ProvisionedThroughput),
  };
}

function streamOf({ state }: Aws, { streamArn = '' }: Table): Partial<TableDescription> {
  const stream = state.streams.get(streamArn);
  if (stream === undefined) return {};
  const isOn = stream.disabledAt === undefined;
  return {
    LatestStreamArn: stream.arn,
    LatestStreamLabel: stream.arn.split('/stream/')[1],
    ...(isOn && { StreamSpecification: { StreamEnabled: true, StreamViewType: stream.viewType } }),
  };
}

/** DescribeTable's answer. */
export type Described = Pick<DescribeTableCommandOutput, 'Table'>;
