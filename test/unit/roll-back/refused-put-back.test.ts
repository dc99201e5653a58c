import { type GlobalSecondaryIndexUpdate, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollBack as takeTurn } from '../../../functions/roll-back/roll-back.ts';
import { leftText } from '../../../functions/roll-back/left-items.ts';
import { type ItemsRolledBack, rollBackItems } from '../../../functions/roll-back/roll-back-items.ts';
import { stringAttribute } from '../../../functions/shared/items/wire-item.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import { keyIdentity, keyOf } from '../../support/shop.ts';
import { longTurn } from '../files/backup-bench.ts';
import {
  awsError,
  changeSource,
  failedInput,
  type MigrateBench,
  migrateBench,
  replacing,
  sizedProduct,
  sizedProducts,
  snapshot,
  targetName,
} from '../migrate/migrate-bench.ts';

let bench: MigrateBench;
afterEach(() => bench.stop());

const updateIndex = (update: GlobalSecondaryIndexUpdate) =>
  bench.runtime.clients.dynamo.send(
    new UpdateTableCommand({
      TableName: targetName,
      AttributeDefinitions: [
        { AttributeName: 'PK', AttributeType: 'S' },
        { AttributeName: 'SK', AttributeType: 'S' },
        { AttributeName: 'size', AttributeType: 'N' },
      ],
      GlobalSecondaryIndexUpdates: [update],
    }),
  );

/** A variant's size is a text, so DynamoDB takes no variant any more. Those that exist are just not in the index. */
const addIndex = () =>
  updateIndex({
    Create: {
      IndexName: 'bySize',
      KeySchema: [{ AttributeName: 'size', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    },
  });

const removeIndex = () => updateIndex({ Delete: { IndexName: 'bySize' } });

/** The engine does not compare an update with the indexes. @returns lets the item be updated again */
function refuseUpdates(of: string): () => void {
  let isRefusing = true;
  bench.runtime.clients.dynamo.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const isOfItem = isRefusing && JSON.stringify(args.input).includes(of);
        return commandName === 'UpdateItemCommand' && isOfItem
          ? Promise.reject(awsError('ValidationException', 'Type mismatch for Index Key size'))
          : next(args);
      },
    { step: 'initialize' },
  );
  return () => {
    isRefusing = false;
  };
}

const rollBack = async (markedAt: number): Promise<ItemsRolledBack> =>
  rollBackItems(bench.runtime, {
    run: { ...(await readRun(bench.runtime.ledger, 'run-2')), markedAt },
    tableName: targetName,
    deadline: Date.now() + 60_000,
    check: () => Promise.resolve(),
  });

const itemsOfRun = async (): Promise<number> =>
  [...(await bench.target()).values()].filter((item) => stringAttribute(item, 'migrationRun') === 'run-2')
    .length;

describe('old items that DynamoDB refuses, because the table has an index of another type by now', () => {
  let before: string;
  let allowUpdates: () => void;

  /** The run has replaced four variants of one product, removed two of another, and added a product. */
  beforeEach(async () => {
    bench = await migrateBench({ products: sizedProducts(3) });
    await bench.migrate();
    before = await snapshot(bench);
    await changeSource(bench, sizedProduct(1, { sizes: { L: [{ S: 'S' }, { S: 'M' }] } }));
    await changeSource(bench, sizedProduct(2, { price: { S: '170' } }));
    await changeSource(bench, sizedProduct(7));
    await bench.migrate(await bench.nextRun('run-2', replacing));
    await addIndex();
    allowUpdates = refuseUpdates('VARIANT#PRO-XL-P2-');
  });

  it('are named, and everything else is rolled back', async () => {
    const { done, deleted, restored, left } = await rollBack(1);
    expect({ done, deleted, restored }).toEqual({ done: true, deleted: 5, restored: 4 });
    expect(await itemsOfRun()).toBe(1);
    const keys = expect.arrayContaining([expect.stringContaining('PRODUCT#p-1 / VARIANT#')]);
    expect(left).toEqual({
      unrestored: { count: 1, keys: [expect.stringMatching('^PRODUCT#p-2 / VARIANT#PRO-XL-P2-')] },
      refused: { count: 2, keys },
    });
    expect(leftText('run-2', left)).toContain(
      '2 items that the run had removed and that DynamoDB refuses to take back, whose copies are below runs/run-2/undo/',
    );
    expect((await readRun(bench.runtime.ledger, 'run-2')).warnings).toEqual([
      expect.stringMatching(
        /^DynamoDB refused items that .* put back into table products-enhanced: ValidationException: .*Type mismatch/,
      ),
    ]);
  });

  it('keep the Cause from calling the table as it was before', async () => {
    allowUpdates();
    let turn = await takeTurn(bench.runtime, failedInput('run-2'), longTurn());
    while (!turn.done) turn = await takeTurn(bench.runtime, failedInput('run-2'), longTurn());
    expect(turn.cause).toContain(
      `there before, but it lacks 2 items now, with 5 items of this run deleted again, 5 put back: ${targetName}`,
    );
    expect(turn.cause).not.toMatch(/as it was before:|untouched/);
  });

  it('are put back by another roll back once DynamoDB takes them', async () => {
    await rollBack(1);
    await removeIndex();
    allowUpdates();
    expect(await rollBack(2)).toMatchObject({ done: true, left: {} });
    expect(await snapshot(bench)).toBe(before);
  });

  it('do not bring back with them what others have deleted since the first roll back', async () => {
    await rollBack(1);
    await removeIndex();
    allowUpdates();
    await rollBack(2);
    const sold = [...(await bench.target()).values()].find((item) =>
      stringAttribute(item, 'SK')?.startsWith('VARIANT#PRO-XL-P1-'),
    );
    const Key = keyOf(sold ?? {});
    await bench.runtime.items.deleteIf(targetName, Key, { expression: 'attribute_exists(PK)' });
    await rollBack(3);
    expect((await bench.target()).get(keyIdentity(Key))).toBeUndefined();
  });
});
