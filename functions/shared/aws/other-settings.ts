import type { TableDescription as DescribedTable } from '@aws-sdk/client-dynamodb';

/** What every table is warm for, and new tables as well. */
const DEFAULT_WARM_READS = 12_000;
const DEFAULT_WARM_WRITES = 4_000;

/** What DescribeTable does not show, so that a backup cannot say whether the table had it. */
export const unseenSettings =
  'auto scaling, contributor insights, Kinesis streaming, point-in-time recovery, resource policy';

/**
 * The settings of a table that a restored one does not get, in the words of a report; empty where there are none.
 * A restored table is not warmed up, because AWS charges for that, and gets no replicas and no stream, because
 * somebody would have to want them for the new table.
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
