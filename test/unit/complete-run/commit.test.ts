import { DeleteItemCommand, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { completeRun } from '../../../functions/complete-run/complete-run.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { ordersTable } from '../../../functions/migrations/shop/tables/orders.ts';
import { catalogueTable } from '../../support/shop.ts';
import type { Bench } from '../files/backup-bench.ts';
import { shopItem, sizedProducts } from '../migrate/migrate-bench.ts';
import { commitBench, deleteTable, driveRun, ledgerHand, type Stage, whileItWaits } from './commit-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const products = sizedProducts(40);
const NOTHING = { S: '' };

async function begun(existing?: Parameters<typeof commitBench>[1]) {
  const started = await commitBench(products, existing);
  bench = started.bench;
  return started.run;
}

const statusNow = async () => (await readRun(bench.runtime.ledger, 'run-1')).status;

/** Drives a run with one deed before one stage; expects that it does not succeed. @returns the error's sentence */
async function refused(at: Stage, deed: () => Promise<void>, options?: Parameters<typeof begun>[0]) {
  const run = await begun(options);
  const ended = driveRun(bench, run, (stage) => (stage === at ? deed() : Promise.resolve()));
  const error = await ended.then(() => undefined, String);
  expect(await statusNow()).toBe('RUNNING');
  return error;
}

describe('a run is committed', () => {
  it('where everything is there, into new tables', async () => {
    const run = await begun();
    const report = await driveRun(bench, run);
    expect(report).toMatchObject({
      status: 'SUCCEEDED',
      migrated: { products: 40, items: 200 },
      verification: { expected: 200, found: 200, missing: 0, different: 0, extra: 0 },
    });
  });
  it('where everything is there, into an existing table', async () => {
    const run = await begun({ existing: [shopItem] });
    const report = await driveRun(bench, run);
    expect(report).toMatchObject({
      status: 'SUCCEEDED',
      migrated: { products: 40, items: 200, alreadyPresent: 1 },
      verification: { expected: 200, found: 200, missing: 0, presentDifferent: 1 },
    });
  });
  it('as a plan, when the backup and its rehearsal are whole', async () => {
    const parameters = {
      dryRun: true,
      onFailure: 'rollback',
      maxQuarantined: 0,
      onExisting: 'keep',
      maxConcurrency: 4,
    } as const;
    const run = await begun({ run: { parameters } });
    expect(await driveRun(bench, run)).toMatchObject({ status: 'PLANNED', tables: [] });
  });
});

describe('a second call of the last step that waits for late requests', () => {
  it('returns what the first one has committed meanwhile', async () => {
    const run = await begun();
    const reports: Report[] = [];
    const report = await driveRun(bench, run, async (stage) => {
      if (stage !== 'CompleteRun') return;
      reports.push(await whileItWaits(bench, run, completeRun, () => completeRun(bench.runtime, run)));
    });
    expect(reports).toEqual([report]);
  });

  it('changes nothing of a run that is rolled back by then', async () => {
    const run = await begun();
    const rolledBack = () =>
      ledgerHand(bench).set({ PK: 'RUN#run-1', SK: 'RUN' }, ['status'], 'ROLLING_BACK');
    const ended = driveRun(bench, run, async (stage) => {
      if (stage === 'CompleteRun') await whileItWaits(bench, run, completeRun, rolledBack);
    });
    await expect(ended).rejects.toMatchObject({
      name: 'RunClosedError',
      message: expect.stringContaining('Run run-1 is ROLLING_BACK'),
    });
    expect(await statusNow()).toBe('ROLLING_BACK');
  });
});

describe('a run is not committed', () => {
  const removing = (prefix: string) => async () => {
    const hand = ledgerHand(bench);
    const [first] = await hand.items(prefix);
    if (first === undefined) throw new Error(`The ledger has no ${prefix}.`);
    await hand.remove(first);
  };

  it.each(['CreateTables', 'MigrateProducts', 'VerifyMigration', 'CompleteRun'] as const)(
    'when one FILE# record is missing before %s',
    async (at) => {
      expect(await refused(at, removing('FILE#'))).toMatch(/the list of files holds \d+, not 40/);
    },
  );
  it('when one FILE# record is missing before MigrateProducts and the table existed before', async () => {
    const error = await refused('MigrateProducts', removing('FILE#'), { existing: [] });
    expect(error).toMatch(/the list of files holds \d+, not 40/);
  });
  it.each([
    ['the run made the table', {}, /MigrateProducts counts \d+ metadata, TransformProducts 40/],
    [
      'the table was there before',
      { existing: [] },
      /written, replaced and present are together \d+, not 200/,
    ],
  ])('when one TARGET# record is missing before MigrateProducts and %s', async (_, options, problem) => {
    expect(await refused('MigrateProducts', removing('TARGET#'), options)).toMatch(problem);
  });
  it('when one TARGET# record is missing before SealBackup, and no table exists then', async () => {
    expect(await refused('SealBackup', removing('TARGET#'))).toContain('BackupDamagedError');
    const { TableNames } = await bench.runtime.clients.dynamo.send(new ListTablesCommand({}));
    expect(TableNames?.toSorted()).toEqual(['ledger', 'products']);
  });
  it('when one FILE# record is missing before SealBackup, and no table exists then', async () => {
    expect(await refused('SealBackup', removing('FILE#'))).toContain('BackupDamagedError');
    const { TableNames } = await bench.runtime.clients.dynamo.send(new ListTablesCommand({}));
    expect(TableNames?.toSorted()).toEqual(['ledger', 'products']);
  });
  it.each([
    ['SHARD#BackupProducts#1', 'CompleteRun'],
    ['SHARD#TransformProducts#0', 'CompleteRun'],
    ['SHARD#MigrateProducts#1', 'CompleteRun'],
    ['SHARD#MigrateProducts#0', 'VerifyMigration'],
    ['SHARD#VerifyMigration#0', 'CompleteRun'],
  ] as const)('when %s is missing before %s', async (shard, at) => {
    const [, state] = shard.split('#');
    expect(await refused(at, removing(shard))).toContain(
      `1 of the 2 shards of ${state} are not there and done`,
    );
  });
  it('when a shard of the comparison is missing', async () => {
    const error = await refused('CompleteRun', removing('SHARD#CompareByKey#1'), { existing: [] });
    expect(error).toContain('1 of the 2 shards of CompareByKey are not there and done (1)');
  });
  it.each(['orders', catalogueTable.name])('when somebody deletes %s before the commit', async (name) => {
    expect(await refused('CompleteRun', () => deleteTable(bench, name))).toContain(`table ${name} is gone`);
  });
  it('when an item is gone from the target, which time to live may have deleted', async () => {
    const error = await refused('VerifyMigration', async () => {
      const { dynamo } = bench.runtime.clients;
      const TableName = catalogueTable.name;
      const { Items: [item] = [] } = await dynamo.send(new ScanCommand({ TableName, Limit: 1 }));
      const { PK = NOTHING, SK = NOTHING } = item ?? {};
      await dynamo.send(new DeleteItemCommand({ TableName, Key: { PK, SK } }));
    });
    expect(error).toMatch(
      /missing: 1, not 0.* Time to live also deletes what has expired: if it is on for \S+, switch it off/s,
    );
  });
  it('when somebody has replaced a table', async () => {
    const error = await refused('CompleteRun', async () => {
      await deleteTable(bench, 'orders');
      await bench.createTable(createTableInput(ordersTable, { name: 'orders', tags: {} }));
    });
    expect(error).toContain('table orders is not the one that the run has worked with');
  });
  it('when the ledger has no record of a table', async () => {
    expect(await refused('CompleteRun', removing('TABLE#cart'))).toContain('no record of table cart');
  });
  it('when the manifest is gone', async () => {
    const error = await refused('CompleteRun', async () => {
      for (const key of bench.objects.bodies.keys())
        if (key.endsWith('migration-manifest.json')) bench.objects.bodies.delete(key);
    });
    expect(error).toContain('BackupDamagedError');
  });
  it.each(['/data/', 'manifest-summary.json'])(
    'when somebody has deleted %s of the backup, though everything is in the target',
    async (part) => {
      const error = await refused('CompleteRun', async () => {
        for (const key of bench.objects.bodies.keys())
          if (key.includes(part)) bench.objects.bodies.delete(key);
      });
      expect(error).toMatch(/is missing from the bucket/);
    },
  );
  it('when more are in quarantine than the input allows', async () => {
    const started = await commitBench([...products, { id: { S: 'bad' }, price: { S: '1' } }], {
      run: {
        parameters: {
          dryRun: false,
          onFailure: 'rollback',
          maxQuarantined: 1,
          onExisting: 'keep',
          maxConcurrency: 4,
        },
      },
    });
    bench = started.bench;
    const run = started.run;
    const lower = async (stage: Stage) => {
      const hand = ledgerHand(bench);
      const [record] = await hand.items('RUN');
      if (stage === 'CompleteRun' && record) await hand.set(record, ['parameters', 'maxQuarantined'], 0);
    };
    await expect(driveRun(bench, run, lower)).rejects.toThrow(
      '1 are quarantined where maxQuarantined allows 0',
    );
  });
});
