import {
  type AttributeDefinition,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type GlobalSecondaryIndex,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leftOutWarning } from '../../../functions/restore-from-backup/left-out-indexes.ts';
import { restoreAlone } from '../../../functions/restore-from-backup/restore-alone.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import {
  type Bench,
  longTurn,
  product,
  productsTable,
  shortTurn,
  sourceTable,
  startBench,
} from '../../unit/files/backup-bench.ts';
import { backUpAndTransform } from '../../unit/files/sealed-bench.ts';
import { backupPlan, restore, tableItems, tableNames } from './restore-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.stop());

const attributes: AttributeDefinition[] = ['id', 'brand', 'season'].map((AttributeName) => ({
  AttributeName,
  AttributeType: 'S',
}));
const hash = (AttributeName: string) => ({ AttributeName, KeyType: 'HASH' as const });
const seasonIndex: GlobalSecondaryIndex = {
  IndexName: 'SeasonIndex',
  KeySchema: [hash('season')],
  Projection: { ProjectionType: 'ALL' },
};
const brandIndex: GlobalSecondaryIndex = {
  IndexName: 'BrandIndex',
  KeySchema: [hash('brand'), { AttributeName: 'season', KeyType: 'RANGE' }],
  Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name'] },
};

const valid = Array.from({ length: 150 }, (_, index) =>
  product(index, index % 3 === 0 ? { season: { S: 'summer' } } : { brand: { S: 'B' }, season: { S: 'x' } }),
);
/** Each was written before there was an index on its attributes. */
const unindexable: readonly WireItem[] = [
  product(900, { brand: { N: '7' } }),
  product(901, { brand: { S: '' } }),
  product(902, { brand: { NULL: true } }),
  product(903, { brand: { S: 'b'.repeat(2_049) } }),
  // Short enough for the partition key of the other index.
  product(904, { brand: { S: 'B' }, season: { S: 's'.repeat(1_025) } }),
];
const all = [...valid, ...unindexable];

/** Backs up a table whose BrandIndex was added after its items. */
async function backUp(table: Partial<CreateTableCommandInput> = {}): Promise<void> {
  const { dynamo } = bench.runtime.clients;
  const isProvisioned = table.BillingMode === 'PROVISIONED';
  const throughput = isProvisioned
    ? { ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 4 } }
    : {};
  await bench.createTable({
    ...productsTable,
    AttributeDefinitions: attributes.filter(({ AttributeName }) => AttributeName !== 'brand'),
    GlobalSecondaryIndexes: [{ ...seasonIndex, ...throughput }],
    ...table,
  });
  await bench.fill(sourceTable, all);
  const Create = { ...brandIndex, ...throughput } as typeof brandIndex & { IndexName: string };
  await dynamo.send(
    new UpdateTableCommand({
      TableName: sourceTable,
      AttributeDefinitions: attributes,
      GlobalSecondaryIndexUpdates: [{ Create }],
    }),
  );
  const run = await bench.begin('run-1', backupPlan);
  await backUpAndTransform(bench, run);
  await sealBackup(bench.runtime, run);
  await transition(bench.runtime.ledger, { run, to: 'SUCCEEDED', lock: 'release', writer: 'test' });
}

const tableOf = async (TableName: string) =>
  (await bench.runtime.clients.dynamo.send(new DescribeTableCommand({ TableName }))).Table;
const indexNames = async (name: string) =>
  (await tableOf(name))?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName);
const allTexts = all.map(canonicalJson).toSorted();

describe('a backup of a table with an index that does not hold all of its items', () => {
  it.each([
    ['in one turn', longTurn],
    ['in many short turns', shortTurn],
  ])('is restored into a new table without that index, which the report names, %s', async (_, turnOf) => {
    await backUp();
    const { restored, warnings = [] } = await restore(bench, {}, { turnOf });
    const { targetTable } = restored;
    expect(restored).toMatchObject({ mode: 'NEW', written: all.length });
    expect(await tableItems(bench, targetTable)).toEqual(allTexts);
    expect(await indexNames(targetTable)).toEqual(['SeasonIndex']);
    const told = warnings.filter((warning) => warning.includes('BrandIndex'));
    expect(told).toEqual([
      expect.stringContaining(
        `${targetTable} was created without index BrandIndex, because 5 items of the backup cannot be in it.`,
      ),
    ]);
    expect(told[0]).toMatch(/First of them: p-90\d, p-90\d, p-90\d\./);
  });

  it('is restored, and the report has the command that adds the index to the new table', async () => {
    await backUp();
    const { restored, warnings = [] } = await restore(bench);
    const command =
      /aws dynamodb update-table --table-name (\S+) --attribute-definitions '([^']*)' --global-secondary-index-updates '([^']*)' --region \S+\.$/.exec(
        warnings.find((warning) => warning.includes('BrandIndex')) ?? '',
      );
    expect(command?.[1]).toContain(restored.targetTable);
    await bench.runtime.clients.dynamo.send(
      new UpdateTableCommand({
        TableName: restored.targetTable,
        AttributeDefinitions: JSON.parse(command?.[2] ?? ''),
        GlobalSecondaryIndexUpdates: JSON.parse(command?.[3] ?? ''),
      }),
    );
    const table = await tableOf(restored.targetTable);
    expect(table?.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === 'BrandIndex')).toMatchObject(
      brandIndex,
    );
  });

  it('is restored with the provisioned capacity of the indexes that came back', async () => {
    await backUp({
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 500, WriteCapacityUnits: 6 },
    });
    const updates: unknown[] = [];
    bench.runtime.clients.dynamo.middlewareStack.add(
      (next) => (args) => {
        if ('BillingMode' in args.input && 'GlobalSecondaryIndexUpdates' in args.input)
          updates.push(args.input.GlobalSecondaryIndexUpdates);
        return next(args);
      },
      { step: 'initialize' },
    );
    const { warnings = [] } = await restore(bench);
    const ProvisionedThroughput = { ReadCapacityUnits: 3, WriteCapacityUnits: 4 };
    expect(updates).toEqual([[{ Update: { IndexName: 'SeasonIndex', ProvisionedThroughput } }]]);
    expect(warnings.join('\n')).not.toContain('could not be restored');
  });

  it('is restored by restoreFromBackup called alone, which names the index as well', async () => {
    await backUp();
    let outcome = await restoreAlone(bench.runtime, shortTurn());
    while (!outcome.done) outcome = await restoreAlone(bench.runtime, shortTurn());
    const warnings = outcome.result['warnings'] as readonly string[];
    expect(warnings.filter((warning) => warning.includes('BrandIndex'))).toHaveLength(1);
    const targetTable = String(outcome.result['targetTable']);
    expect(await tableItems(bench, targetTable)).toEqual(allTexts);
    expect((await tableNames(bench)).filter((name) => name.includes('restored'))).toEqual([targetTable]);
  });

  it('cannot be restored into an existing table with that index, and the error names the way out', async () => {
    await backUp();
    const targetTable = 'products-restored-mine';
    await bench.runtime.clients.dynamo.send(
      new CreateTableCommand({
        ...productsTable,
        TableName: targetTable,
        AttributeDefinitions: attributes,
        GlobalSecondaryIndexes: [seasonIndex, brandIndex],
      }),
    );
    await expect(restore(bench, { targetTable })).rejects.toMatchObject({
      name: 'ItemRefusedError',
      message: expect.stringMatching(
        /^Table products-restored-mine refuses item p-90\d: .*Items written before it stay\. .*\nTo restore into a new table.*:\nnpm run restore -- --stage test[^\n]* --backup \S+\n/s,
      ),
    });
    await expect(restore(bench, { targetTable })).rejects.not.toThrow('Correct the item');
  });
});

describe('the command that adds an index that was left out', () => {
  it('gives it the capacity that it had', () => {
    const ProvisionedThroughput = { ReadCapacityUnits: 3, WriteCapacityUnits: 4 };
    const index = {
      IndexName: 'BrandIndex',
      KeySchema: [hash('brand')],
      Projection: { ProjectionType: 'ALL' as const },
    };
    const backedUp = { attributeDefinitions: [{ AttributeName: 'brand', AttributeType: 'S' as const }] };
    const created = { name: 'restored', arn: 'arn:restored', backedUp };
    const warningOf = (more: object) =>
      leftOutWarning(
        { region: 'eu-west-1' },
        { index: { ...index, ...more }, itemCount: 1, firstItems: ['p-1'] },
        created,
      );
    expect(warningOf({ ProvisionedThroughput })).toContain(
      '"ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4}',
    );
    const OnDemandThroughput = { MaxReadRequestUnits: 7 };
    expect(warningOf({ OnDemandThroughput })).toContain('"OnDemandThroughput":{"MaxReadRequestUnits":7}');
  });
});
