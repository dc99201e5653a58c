import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { beginRestore } from '../../../functions/restore-from-backup/begin-restore.ts';
import { defaultTarget } from '../../../functions/restore-from-backup/new-target.ts';
import { planOf, prepareRestore } from '../../../functions/restore-from-backup/plan-restore.ts';
import { loadFiles } from '../../../functions/restore-from-backup/restore-files.ts';
import {
  parseRestoreInput,
  type RestoreInput,
} from '../../../functions/restore-from-backup/restore-input.ts';
import { readManifest } from '../../../functions/shared/files/backup-catalog.ts';
import { dataFileKey } from '../../../functions/shared/files/layout.ts';
import { readRun } from '../../../functions/shared/ledger/run.ts';
import type { Plan } from '../../../functions/shared/state.ts';
import { endingOf } from '../../../functions/shared/runs/ending.ts';
import { nextStepOf } from '../../../functions/shared/runs/next-step.ts';
import { addReplica } from '../../support/add-replica.ts';
import { type Bench, products, productsTable, sourceTable } from '../../unit/files/backup-bench.ts';
import { backedUp, begin, restore, startTime, tableNames } from './restore-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

describe('the plan of a restore', () => {
  it('has no more workers than the cap carries, or than there are files', async () => {
    ({ bench } = await backedUp(products(600)));
    const { plan: capped } = await prepareRestore(bench.runtime, { writeUnitsPerSecond: 60 }, startTime);
    expect(capped).toMatchObject({ workers: 2, shards: [0, 1], writeUnitsPerSecond: 60 });
    const { plan: free } = await prepareRestore(bench.runtime, { maxConcurrency: 500 }, startTime);
    expect(free.workers).toBeLessThanOrEqual(12);
  });
  it('is refused when it would take longer than an execution lasts', async () => {
    ({ bench } = await backedUp(products(600)));
    const slow = prepareRestore(bench.runtime, { writeUnitsPerSecond: 0.0001 }, startTime);
    await expect(slow).rejects.toMatchObject({
      name: 'RunTooLongError',
      message: expect.stringMatching(/ends after 7 days\. Nothing was created\. Start with higher caps\.$/),
    });
  });
  it('is refused when an INLINE history would not hold it, where a write takes units for each index as well', async () => {
    const sealed = await backedUp(products(60));
    ({ bench } = sealed);
    const read = await readManifest(bench.objects, sealed.backupId);
    const files = Array.from({ length: 40 }, () => read.files).flat();
    const manifest = { ...read, files, itemCount: 20_000_000, tableBytes: 2e10 };
    const planWith = (indexes: number): Plan => {
      const index = { IndexName: 'any', KeySchema: [], Projection: { ProjectionType: 'ALL' } } as const;
      const globalSecondaryIndexes = Array.from({ length: indexes }, () => ({ ...index, KeySchema: [] }));
      const table = { ...read.table, globalSecondaryIndexes };
      const input = { maxConcurrency: 40, writeUnitsPerSecond: 1_000 };
      return planOf(bench.runtime, input, { manifest: { ...manifest, table }, target: undefined });
    };
    expect(planWith(0).workers).toBe(40);
    expect(() => planWith(3)).toThrow(expect.objectContaining({ name: 'RunTooLongForInlineError' }));
  });
  it('says what the restore is expected to take, and is refused when that costs more than its limit', async () => {
    ({ bench } = await backedUp(products(600)));
    const { plan } = await prepareRestore(bench.runtime, { maxCost: 1 }, startTime);
    const { dollars = 0 } = plan.estimate;
    expect(dollars).toBeGreaterThan(0);
    const dear = prepareRestore(bench.runtime, { maxCost: dollars / 2 }, startTime);
    await expect(dear).rejects.toMatchObject({
      name: 'CostLimitError',
      message: expect.stringMatching(/^The restore is estimated at \$.*Nothing was created\./),
    });
  });
  it('has no dollars for a table of another class than Standard, and then no limit of them can be kept', async () => {
    ({ bench } = await backedUp(products(60), { TableClass: 'STANDARD_INFREQUENT_ACCESS' }));
    const { plan } = await prepareRestore(bench.runtime, {}, startTime);
    expect(plan).toMatchObject({ unpricedClass: 'STANDARD_INFREQUENT_ACCESS' });
    expect(plan.estimate).not.toHaveProperty('dollars');
    expect(plan.warnings).toEqual([expect.stringContaining('the table class STANDARD_INFREQUENT_ACCESS')]);
    await expect(prepareRestore(bench.runtime, { maxCost: 100 }, startTime)).rejects.toMatchObject({
      name: 'CostLimitError',
    });
  });
  it('compares bulk put and batch as a migration does, and refuses bulk put where something is in its way', async () => {
    ({ bench } = await backedUp(products(60)));
    const runtime = { ...bench.runtime, config: { ...bench.runtime.config, closeNewTables: true } };
    const auto = await prepareRestore(runtime, { writeEngine: 'auto' }, startTime);
    expect(auto.plan.writeEngine?.why).toMatch(/^nothing states the price in ap-southeast-2/);
    const { plan } = await prepareRestore(runtime, { writeEngine: 'bulk' }, startTime);
    expect(plan.warnings).toEqual([expect.stringContaining('bulk put in ap-southeast-2')]);
    await expect(
      prepareRestore(runtime, { writeEngine: 'bulk', writeUnitsPerSecond: 500 }, startTime),
    ).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('least cap is 1,024'),
    });
  });
  it('gives every file to exactly one shard, spread over the segments', async () => {
    const sealed = await backedUp(products(900));
    bench = sealed.bench;
    const { files } = await readManifest(bench.objects, sealed.backupId);
    const shards = [0, 1, 2].map((shard) => loadFiles(files, { shard, shardCount: 3 }));
    const keys = shards.flat().flatMap(({ parts }) => parts.map(({ key }) => key));
    expect(keys.toSorted()).toEqual(files.map(({ key }) => key).toSorted());
    const [group] = loadFiles(files, { shard: 0, shardCount: 1 });
    const together = new Set(group?.parts.map(({ key }) => key));
    const segments = files.filter(({ key }) => together.has(key)).map(({ segment }) => segment);
    expect(new Set(segments).size).toBe(2);
  });
});

describe('the input of a restore', () => {
  it.each([
    ['abc', 'must be a JSON object'],
    [[], 'must be a JSON object'],
    [{ backup: '1' }, 'unknown field "backup"'],
    [{ backupId: 'newest' }, '"backupId"'],
    [{ targetTable: 'a b' }, '"targetTable"'],
    [{ writeUnitsPerSecond: 0 }, '"writeUnitsPerSecond"'],
  ])('%j is refused, naming what is wrong', (typed, sentence) => {
    expect(() => parseRestoreInput(typed)).toThrow(
      expect.objectContaining({ name: 'InvalidInputError', message: expect.stringContaining(sentence) }),
    );
  });
  it('may be empty, and what the console fills in is ignored', () => {
    expect(parseRestoreInput({ Comment: 'Insert your JSON here' })).toEqual({
      Comment: 'Insert your JSON here',
    });
    expect(defaultTarget('products', startTime)).toBe('products-restored-20260304T050607Z');
  });
});

describe('a restore into a table that it may not write to', () => {
  it.each<readonly [RestoreInput, string]>([
    [{ targetTable: 'products', confirm: 'products' }, ''],
    [{ targetTable: 'cart', maxCost: 5 }, ' --max-cost 5'],
  ])('is refused for %j, with the command for a new table', async (input, options) => {
    ({ bench } = await backedUp(products(5)));
    const refused = prepareRestore(bench.runtime, input, startTime);
    await expect(refused).rejects.toMatchObject({
      name: 'RestoreTargetError',
      message: expect.stringContaining(
        `\nTo restore into a new table:\nnpm run restore -- --stage test${options}\n`,
      ),
    });
  });
});

describe('a restore of a table with a very long name', () => {
  it('says that its new table needs a shorter one', async () => {
    ({ bench } = await backedUp(products(5)));
    const config = { ...bench.runtime.config, sourceTable: 'p'.repeat(240) };
    await expect(prepareRestore({ ...bench.runtime, config }, {}, startTime)).rejects.toMatchObject({
      name: 'RestoreTargetError',
      message: expect.stringMatching(/at most 255 characters.*Name a shorter targetTable/),
    });
  });
});

describe('a restore into a source table that is gone', () => {
  it('is refused before anything begins, with the command for a new table', async () => {
    const sealed = await backedUp(products(5));
    ({ bench } = sealed);
    await bench.runtime.clients.dynamo.send(new DeleteTableCommand({ TableName: sourceTable }));
    const config = { ...bench.runtime.config, restoreIntoSource: true };
    const { backupId } = sealed;
    const input = { targetTable: sourceTable, confirm: sourceTable, backupId, maxCost: 5 };
    await expect(prepareRestore({ ...bench.runtime, config }, input, startTime)).rejects.toMatchObject({
      name: 'RestoreTargetError',
      message: expect.stringMatching(
        new RegExp(
          `^Table ${sourceTable} does not exist, .* Nothing was changed\\.\nTo restore into a new table:\nnpm run restore -- --stage test --backup ${backupId} --max-cost 5\n`,
        ),
      ),
    });
    const into = await prepareRestore(bench.runtime, { backupId }, startTime);
    expect(into.order.targetTable).toBe(defaultTarget(sourceTable, startTime));
  });
});

describe('a restore of another table’s backup into the source', () => {
  it('is refused, because its items could not be told from the live ones', async () => {
    const sealed = await backedUp(products(5));
    ({ bench } = sealed);
    await bench.createTable({ ...productsTable, TableName: 'products-now' });
    const config = { ...bench.runtime.config, sourceTable: 'products-now', restoreIntoSource: true };
    const input = { backupId: sealed.backupId, targetTable: 'products-now', confirm: 'products-now' };
    await expect(prepareRestore({ ...bench.runtime, config }, input, startTime)).rejects.toMatchObject({
      name: 'RestoreTargetError',
      message: expect.stringMatching(
        /^The backup is one of table products, .* Nothing was changed\.\nTo restore into a new table:/,
      ),
    });
  });
});

describe('a restore into a table with replicas', () => {
  it('is refused, because a condition does not see what the shop writes in another Region', async () => {
    const sealed = await backedUp(products(5));
    ({ bench } = sealed);
    const targetTable = 'products-restored-mine';
    await restore(bench, { targetTable });
    addReplica(bench.runtime.clients.dynamo, targetTable);
    await expect(prepareRestore(bench.runtime, { targetTable }, startTime)).rejects.toMatchObject({
      name: 'GlobalTableError',
      message: expect.stringMatching(
        /^Table products-restored-mine is a global table .* not touched\.\nTo restore into a new table:\nnpm run restore -- --stage test\n/,
      ),
    });
  });
});

describe('a restore that has failed', () => {
  /** The command to start it again, as its report has it. */
  async function commandAfter(input: RestoreInput): Promise<string> {
    const config = { ...bench.runtime.config, restoreIntoSource: true };
    const runtime = { ...bench.runtime, config };
    const tested = await prepareRestore(runtime, input, startTime);
    const execution = { id: 'arn:restore-1', name: 'restore-1', startTime };
    const { run } = await beginRestore(runtime, { machine: 'restore', input, execution, tested });
    const ending = endingOf(await readRun(runtime.ledger, run.runId), 'ROLLED_BACK');
    return nextStepOf(ending, { stage: 'test', region: 'ap-southeast-2' })?.split('\n')[1] ?? '';
  }

  it.each<readonly [string, RestoreInput, string]>([
    [
      'into the source, confirmed and with its limits',
      { targetTable: 'products', confirm: 'products', maxCost: 3, writeUnitsPerSecond: 50 },
      ' --target products --confirm products --write-units-per-second 50 --max-cost 3',
    ],
    [
      'into the table that was named',
      { targetTable: 'products-restored-mine' },
      ' --target products-restored-mine',
    ],
    [
      'into another new table where none was named, with its limits',
      { maxCost: 3, writeEngine: 'auto', note: 'x' },
      ' --max-cost 3 --write-engine auto',
    ],
  ])('is started again %s', async (_, input, options) => {
    const sealed = await backedUp(products(60));
    bench = sealed.bench;
    expect(await commandAfter(input)).toBe(
      `npm run restore -- --stage test --backup ${sealed.backupId}${options}`,
    );
  });
});

describe('a damaged backup', () => {
  it('is refused for its manifests before a run begins', async () => {
    const sealed = await backedUp(products(100));
    bench = sealed.bench;
    bench.objects.bodies.delete(dataFileKey(sealed.backupId, { segment: 0, sequence: 0 }));
    await expect(begin(bench)).rejects.toMatchObject({ name: 'BackupDamagedError' });
  });
  it('is refused for one flipped byte before a table is created', async () => {
    const sealed = await backedUp(products(100));
    bench = sealed.bench;
    const key = dataFileKey(sealed.backupId, { segment: 0, sequence: 0 });
    const body = bench.objects.bodies.get(key) ?? Buffer.from('');
    bench.objects.bodies.set(key, Buffer.from(body.map((byte, at) => (at === 50 ? byte ^ 1 : byte))));
    await expect(restore(bench)).rejects.toMatchObject({
      name: 'BackupDamagedError',
      message: expect.stringContaining(key),
    });
    expect(await tableNames(bench)).toEqual(['ledger', 'products']);
  });
  it('or none at all is told as such', async () => {
    ({ bench } = await backedUp(products(1)));
    await expect(begin(bench, { backupId: '00000000000001-00000000' })).rejects.toMatchObject({
      name: 'BackupNotFoundError',
    });
  });
});
