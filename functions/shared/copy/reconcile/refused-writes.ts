import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { canonicalJson } from '../../items/canonical-json.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { findRefusedWrite, noteRefusedWrite } from '../../ledger/refused-write.ts';
import { markOf } from '../../ledger/sync-records.ts';
import type { Runtime } from '../../runtime.ts';
import { describeKnown } from '../../tables/known-table.ts';
import type { PlannedWrite } from './reconcile-io.ts';

/** A put or a change of one item of a target. */
export interface ItemWrite extends PlannedWrite {
  /** Name of the table. */
  readonly table: string;
  /** Key of the source item that becomes the item. */
  readonly sourceKey: WireItem;
}

/** What is known of writes that DynamoDB refuses for good. */
export interface RefusedWrites {
  /** Notes that DynamoDB has just refused this write. @param reason a sentence */
  readonly note: (write: ItemWrite, reason: string) => Promise<void>;
  /**
   * Why DynamoDB has refused this very write; `undefined` where it has not, or where the table's indexes have changed
   * since. Nobody can tell without writing whether DynamoDB takes it now because other items of its partition are gone.
   */
  readonly find: (write: ItemWrite) => Promise<string | undefined>;
}

/** How long a look at the indexes of a table counts. */
const LOOK_MILLIS = 5_000;

/** What a sync knows, in its ledger: refused by one worker, a write is known to all. */
export function refusedWrites(
  runtime: Pick<Runtime, 'ledger' | 'clients' | 'clock'>,
  syncId: string,
): RefusedWrites {
  const { ledger, clock } = runtime;
  const looks = new Map<string, { readonly at: number; readonly indexes: Promise<string> }>();
  const indexesOf = (table: string): Promise<string> => {
    const known = looks.get(table);
    if (known !== undefined && clock.now() < known.at + LOOK_MILLIS) return known.indexes;
    const indexes = describeKnown(runtime, table).then(indexText);
    looks.set(table, { at: clock.now(), indexes });
    return indexes;
  };
  const markOfWrite = async ({ table, from, to }: ItemWrite): Promise<string> =>
    markOf(
      [table, await indexesOf(table), from === undefined ? '' : canonicalJson(from), canonicalJson(to)].join(
        '\n',
      ),
    );
  const placeOf = ({ sourceKey }: ItemWrite) => ({ syncId, identity: canonicalJson(sourceKey) });
  return {
    async note(write, reason) {
      await noteRefusedWrite(ledger, placeOf(write), { mark: await markOfWrite(write), reason });
    },
    async find(write) {
      const known = await findRefusedWrite(ledger, placeOf(write));
      return known !== undefined && known.mark === (await markOfWrite(write)) ? known.reason : undefined;
    },
  };
}

/** The indexes with the types of their keys: the rules that a table's owner may change. */
function indexText({
  AttributeDefinitions = [],
  GlobalSecondaryIndexes = [],
  LocalSecondaryIndexes = [],
}: TableDescription): string {
  const types = new Map(
    AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
  );
  const texts = [...GlobalSecondaryIndexes, ...LocalSecondaryIndexes].map(({ IndexName, KeySchema = [] }) =>
    JSON.stringify([
      IndexName,
      ...KeySchema.map(({ AttributeName }) => [AttributeName, types.get(AttributeName)]),
    ]),
  );
  return texts.toSorted().join();
}
