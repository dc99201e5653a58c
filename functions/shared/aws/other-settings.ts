import type { TableDescription as DescribedTable } from '@aws-sdk/client-dynamodb';

/** The warm throughput that every new table has. */
const DEFAULT_WARM_READS = 12_000;
const DEFAULT_WARM_WRITES = 4_000;

/** Settings that DescribeTable does not show. A backup cannot say whether the table had them. */
export const unseenSettings =
  'auto scaling, contributor insights, Kinesis streaming, point-in-time recovery or a resource policy';

/**
 * The settings of a table that a restored one does not get, in words for a report; empty if there are none. A restored
 * table is not warmed up, because AWS charges for that. It gets no replicas and no stream, because its owner has to
 * decide on them.
 */
export function otherSettingsOf(table: DescribedTable): string[] {
  const {
    StreamSpecification: stream,
    SSEDescription: encryption,
    Replicas = [],
    VectorIndexes = [],
  } = table;
  const settings: readonly (string | false | undefined)[] = [
    stream?.StreamEnabled && `stream (${stream.StreamViewType ?? 'unknown view'})`,
    encryption?.KMSMasterKeyArn !== undefined && `encryption under ${encryption.KMSMasterKeyArn}`,
    table.DeletionProtectionEnabled && 'deletion protection',
    Replicas.length > 0 && `replicas in ${Replicas.map(({ RegionName = '?' }) => RegionName).join(', ')}`,
    VectorIndexes.length > 0 &&
      `vector indexes ${VectorIndexes.map(({ IndexName = '?' }) => IndexName).join(', ')}`,
    ...warmThroughputOf(table),
  ];
  return settings.filter((setting): setting is string => typeof setting === 'string');
}

function warmThroughputOf({ WarmThroughput, GlobalSecondaryIndexes = [] }: DescribedTable): string[] {
  const indexes = GlobalSecondaryIndexes.map((index) => ({
    of: ` of index ${index.IndexName ?? '?'}`,
    warm: index.WarmThroughput,
  }));
  return [{ of: '', warm: WarmThroughput }, ...indexes].flatMap(({ of, warm }) => {
    const { ReadUnitsPerSecond: reads = 0, WriteUnitsPerSecond: writes = 0 } = warm ?? {};
    if (reads <= DEFAULT_WARM_READS && writes <= DEFAULT_WARM_WRITES) return [];
    return [`warm throughput${of} (${reads} read and ${writes} write units a second)`];
  });
}
