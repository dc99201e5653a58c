import type { CreateGlobalSecondaryIndexAction } from '@aws-sdk/client-dynamodb';
import { indexInput } from '../shared/aws/create-table-input.ts';
import { keyOfDescription, type TableDescription } from '../shared/aws/table-description.ts';
import { awsCommandsOf, type AwsPlace } from '../shared/commands.ts';
import { addTo } from '../shared/copy/load/load-window.ts';
import type { Tally } from '../shared/copy/verify/tally.ts';
import { counted } from '../shared/counted.ts';
import { keyText } from '../shared/items/item-key.ts';
import { fitsIndex } from '../shared/items/key-value.ts';
import { attribute, type WireItem } from '../shared/items/wire-item.ts';
import type { Shard } from '../shared/ledger/shard.ts';
import { shownSamples } from '../shared/runs/report-samples.ts';

type Index = TableDescription['globalSecondaryIndexes'][number];
type Definitions = Pick<TableDescription, 'attributeDefinitions'>;

/** An index of the backed up table that the new table does not get. */
export interface LeftOutIndex {
  readonly index: Index;
  /** Items of the backup that cannot be in it. */
  readonly itemCount: number;
  /** Keys of the first of them. */
  readonly firstItems: readonly string[];
}

/** The counter of a shard of ProveBackup, and its kind of samples. */
const counterOf = ({ IndexName }: Index): string => `notIn:${IndexName}`;

/** Looks at every item of a backup for the indexes that cannot hold it. */
export interface IndexLook {
  readonly counters: readonly string[];
  see(item: WireItem, tally: Pick<Tally, 'counters' | 'sample'>): void;
}

/**
 * DynamoDB adds an index to a table whose items do not fit it: they stay, and the index does not hold them. Into a table
 * that has the index it writes no such item. Local indexes are as old as their table, so that every item fits them.
 */
export function lookAtIndexes(table: TableDescription): IndexLook {
  const tableKey = keyOfDescription(table);
  const indexes = table.globalSecondaryIndexes.map((index) => ({
    counter: counterOf(index),
    key: keyOfDescription({ ...table, keySchema: index.KeySchema }),
  }));
  return {
    counters: indexes.map(({ counter }) => counter),
    see(item, tally) {
      for (const { counter, key } of indexes) {
        if (key.every(({ name, type }, at) => fitsIndex(attribute(item, name), type, at))) continue;
        addTo(tally.counters, { [counter]: 1 });
        tally.sample(counter, keyText(item, tableKey));
      }
    },
  };
}

/** The indexes that some items of the backup do not fit, by what the shards of ProveBackup have counted. */
export function leftOutIndexes(table: TableDescription, proved: readonly Shard[]): readonly LeftOutIndex[] {
  return table.globalSecondaryIndexes.flatMap((index) => {
    const counter = counterOf(index);
    const itemCount = proved.reduce((sum, { counters }) => sum + (counters[counter] ?? 0), 0);
    const firstItems = proved.flatMap(({ samples }) => samples?.[counter] ?? []);
    return itemCount === 0 ? [] : [{ index, itemCount, firstItems }];
  });
}

/** The backed up table without them. */
export function withoutIndexes(table: TableDescription, leftOut: readonly LeftOutIndex[]): TableDescription {
  const names = new Set(leftOut.map(({ index }) => index.IndexName));
  const kept = table.globalSecondaryIndexes.filter(({ IndexName }) => !names.has(IndexName));
  return { ...table, globalSecondaryIndexes: kept };
}

const MAX_NAMED = 3;

/** What the report says of one, with the command that adds it. */
export function leftOutWarning(
  place: AwsPlace,
  { index, itemCount, firstItems }: LeftOutIndex,
  created: { readonly name: string; readonly arn: string; readonly backedUp: Definitions },
): string {
  const { name, arn, backedUp } = created;
  const items = counted(itemCount, 'item');
  const named = shownSamples(firstItems).slice(0, MAX_NAMED).join(', ');
  return `${name} was created without index ${index.IndexName}, because ${items} of the backup cannot be in it. First of them: ${named}. Their values of ${keyNames(index)} are of another type, empty or too long for its key, and DynamoDB writes no such item to a table that has the index. It adds the index to a table that holds them, and leaves them out of it: ${awsCommandsOf(place).addIndex(arn, additionOf(index, backedUp)).line}.`;
}

const keyNames = ({ KeySchema }: Index): string =>
  KeySchema.map(({ AttributeName }) => AttributeName).join(' or ');

function additionOf(index: Index, { attributeDefinitions }: Definitions) {
  const used = new Set(index.KeySchema.map(({ AttributeName }) => AttributeName));
  const { OnDemandThroughput } = index;
  const create: CreateGlobalSecondaryIndexAction = {
    ...indexInput(index),
    ...(OnDemandThroughput && { OnDemandThroughput }),
  };
  return {
    attributeDefinitions: attributeDefinitions.filter(({ AttributeName }) => used.has(AttributeName)),
    create,
  };
}
