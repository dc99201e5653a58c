import { afterEach, describe, expect, it } from 'vitest';
import { backupSegment } from '../../../functions/backup-products/backup-segment.ts';
import { beginMigration } from '../../../functions/begin-run/begin-run.ts';
import {
  transformWithoutFiles,
  transformShard,
} from '../../../functions/shared/copy/transform/transform-shard.ts';
import { backupLayout, RUN_LAYOUT } from '../../../functions/shared/files/layout.ts';
import { resumeRun } from '../../../functions/shared/ledger/begin.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { findExecution } from '../../../functions/shared/ledger/execution-record.ts';
import { findLockOf } from '../../../functions/shared/ledger/lock.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import {
  readRun,
  type Run,
  type RunParameters,
  type RunStatus,
} from '../../../functions/shared/ledger/run.ts';
import { findShard } from '../../../functions/shared/ledger/shard.ts';
import { listTransformed } from '../../../functions/shared/ledger/transformed-file.ts';
import { switchedPut } from '../../../functions/shared/ledger/sync.ts';
import { transact } from '../../../functions/shared/ledger/transact.ts';
import { isEndStatus, transition } from '../../../functions/shared/ledger/transition.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { Plan } from '../../../functions/shared/state.ts';
import {
  type Bench,
  drive,
  longTurn,
  products,
  productsTable,
  shortTurn,
  sourceTable,
  startBench,
} from '../files/backup-bench.ts';
import { targetName } from '../migrate/migrate-bench.ts';
import { removeByHand } from '../../support/sample-run.ts';
import { sealedBench } from '../files/sealed-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const parameters = {
  dryRun: true,
  onFailure: 'rollback',
  maxQuarantined: 0,
  onExisting: 'keep',
  maxConcurrency: 4,
} as const;
const plan = { itemsPerFile: 20 };

/** A dry run that has come to its end. */
async function planned(more: Partial<RunParameters> = {}): Promise<Run> {
  const made = await sealedBench(products(60), { plan, run: { parameters: { ...parameters, ...more } } });
  bench = made.bench;
  return end(made.run.runId, 'PLANNED');
}

async function end(runId: string, to: 'PLANNED' | 'SUCCEEDED' | 'HELD'): Promise<Run> {
  const { ledger } = bench.runtime;
  const run = await readRun(ledger, runId);
  const lock = to === 'HELD' ? 'keep' : 'release';
  const finishedAt = new Date().toISOString();
  const ended = await transition(ledger, { run, to, lock, writer: `end:${runId}`, facts: { finishedAt } });
  if (ended === undefined) throw new Error('The run could not be ended.');
  return ended;
}

/** BeginRun, as an execution calls it that resumes `run-1`. */
function resume(input: object = {}, runtime: Runtime = bench.runtime, name = 'resumer') {
  return beginMigration(runtime, {
    machine: 'migrate',
    input: { resume: 'run-1', ...input },
    execution: { id: `arn:aws:${name}`, name, startTime: '2026-02-01T00:00:00.000Z' },
    tested: { plan: { ...SINGLE_PLAN, sourceTableId: found } },
  });
}

const resumer = { name: 'resumer', id: 'arn:aws:resumer' };

/** TableId of the source that TestConnection finds; absent where the engine gives none. */
let found: string | undefined;
afterEach(() => {
  found = undefined;
});

/** The run is a plan as before, free of lock and execution. */
async function expectUntouched(run: Run): Promise<void> {
  const { ledger } = bench.runtime;
  const now = await readRun(ledger, run.runId);
  expect(now).toMatchObject({ status: 'PLANNED', parameters: run.parameters, finishedAt: run.finishedAt });
  expect(await findLockOf(ledger, run)).toBeUndefined();
  expect(await findExecution(ledger, resumer)).toBeUndefined();
}

/** A sync of the source, begun now and ended in this way. */
async function followedUntil(statuses: readonly RunStatus[]): Promise<void> {
  const { ledger } = bench.runtime;
  await bench.begin('sync', {}, { kind: 'sync', startedAt: new Date().toISOString() });
  for (const to of statuses) {
    const run = await readRun(ledger, 'sync');
    const isEnd = isEndStatus(to);
    const facts = isEnd ? { finishedAt: new Date().toISOString() } : {};
    await transition(ledger, { run, to, lock: isEnd ? 'release' : 'keep', writer: `sync:${to}`, facts });
  }
}

async function commitAnother(runId = 'another'): Promise<void> {
  await bench.begin(runId, {}, { startedAt: new Date().toISOString() });
  await end(runId, 'SUCCEEDED');
}

describe('a planned run that is resumed', () => {
  it('goes on under its own id, takes the lock, and is no dry run any more', async () => {
    const run = await planned();
    expect(await resume({ maxQuarantined: 3 })).toMatchObject({
      run: { outcome: 'RESUMED', runId: 'run-1', dryRun: false },
    });
    expect(await readRun(bench.runtime.ledger, 'run-1')).toMatchObject({
      status: 'RUNNING',
      executionArn: 'arn:aws:resumer',
      plannedAt: run.finishedAt,
      parameters: { dryRun: false, maxQuarantined: 3 },
    });
    expect(await findLockOf(bench.runtime.ledger, run)).toMatchObject({ runId: 'run-1' });
  });

  it('has its files proved again, and none of them written', async () => {
    await planned();
    await resume();
    const { runId, executionArn } = await readRun(bench.runtime.ledger, 'run-1');
    const before = new Map(bench.objects.bodies);
    const writes = bench.objects.written.length;
    const worker = { runId, executionArn, shard: 0 };
    const fetched: string[] = [];
    const objects = {
      ...bench.objects,
      get: (key: string) => {
        fetched.push(key);
        return bench.objects.get(key);
      },
    };
    await drive((input, turn) => transformShard({ ...bench.runtime, objects }, input, turn), worker);
    const files = await listTransformed(bench.runtime.ledger, { runId, making: 0 });
    const parts = files.flatMap(({ targets }) => targets.flatMap((target) => target.parts));
    expect(parts.length).toBeGreaterThanOrEqual(3);
    expect(fetched).toEqual(expect.arrayContaining(parts.map(({ key }) => key)));
    expect(bench.objects.written).toHaveLength(writes);
    expect(bench.objects.bodies).toEqual(before);
    expect((await findShard(bench.runtime.ledger, runId, 'TransformProducts', 0))?.counters).toMatchObject({
      products: 60,
      metadata: 60,
      variants: 60,
    });
  });

  it('fails before any table exists where a target file has been changed since', async () => {
    await planned();
    await resume();
    const { runId, executionArn } = await readRun(bench.runtime.ledger, 'run-1');
    const [first] = await listTransformed(bench.runtime.ledger, { runId, making: 0 });
    const key = first?.targets[0]?.parts[0]?.key ?? '';
    const body = bench.objects.bodies.get(key) ?? Buffer.from('');
    bench.objects.bodies.set(key, Buffer.from(body.map((byte, at) => (at === 40 ? byte ^ 1 : byte))));
    await expect(
      transformShard(bench.runtime, { runId, executionArn, shard: 0 }, longTurn()),
    ).rejects.toMatchObject({ name: 'BackupDamagedError', message: expect.stringContaining(key) });
  });

  it('is refused once another run of its source has been committed', async () => {
    const run = await planned();
    await commitAnother();
    await expect(resume()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(/run another of table products was committed.*Nothing was changed/),
    });
    await expectUntouched(run);
  });

  it.each<readonly [string, readonly RunStatus[]]>([
    ['is still open', []],
    ['was cancelled', ['CANCELLING', 'CANCELLED']],
    ['has switched', ['SWITCHING', 'SWITCHED']],
  ])('is refused once a sync that %s has followed its source', async (_, statuses) => {
    const run = await planned();
    await followedUntil(statuses);
    const { ledger } = bench.runtime;
    const switched = { syncId: 'sync', switchedAt: new Date().toISOString() };
    if (statuses.includes('SWITCHED')) await transact(ledger, [switchedPut(ledger, targetName, switched)]);
    await expect(resume()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(/because sync sync followed table products after.*Nothing was changed/),
    });
    expect(await readRun(ledger, 'run-1')).toMatchObject({ status: 'PLANNED', finishedAt: run.finishedAt });
  });

  it('is refused with commands that ask for the same once more, and for what was typed since', async () => {
    await planned({ onExisting: 'replace', writeUnitsPerSecond: 50, maxCost: 3 });
    await commitAnother();
    const same = '--on-existing replace --write-units-per-second 50 --max-cost 5';
    await expect(resume({ maxCost: 5 })).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`--stage test --dry-run ${same}\n[^]*--stage test ${same}\n`),
      ),
    });
  });

  it('is refused once an older plan has been applied since', async () => {
    const run = await planned();
    const { ledger } = bench.runtime;
    const aWeekAgo = new Date(Date.now() - 7 * 86_400_000).toISOString();
    await bench.begin('older', {}, { parameters, startedAt: aWeekAgo });
    const older = await end('older', 'PLANNED');
    const startTime = new Date().toISOString();
    await resumeRun(ledger, older, { executionName: 'apply', executionArn: 'arn:apply', startTime });
    await end('older', 'SUCCEEDED');
    await expect(resume()).rejects.toMatchObject({ message: expect.stringContaining('run older') });
    await expectUntouched(run);
  });

  it('is refused, and a plan as before, where another run is committed between the look and the lock', async () => {
    const run = await planned();
    let isCommitted = false;
    const objects = {
      ...bench.objects,
      async list(prefix: string) {
        if (!isCommitted) {
          isCommitted = true;
          await commitAnother();
        }
        return bench.objects.list(prefix);
      },
    };
    await expect(resume({}, { ...bench.runtime, objects })).rejects.toMatchObject({
      name: 'InvalidInputError',
    });
    await expectUntouched(run);
  });

  it('is refused once another table has the name of its source', async () => {
    const run = await planned();
    found = 'another-table';
    await expect(resume()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(
        /because table products was deleted and created again.*Nothing was changed/,
      ),
    });
    await expectUntouched(run);
  });

  it('is not applied where a dry run is asked for', async () => {
    const run = await planned();
    await expect(resume({ dryRun: true })).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('"dryRun" asks for the opposite'),
    });
    await expectUntouched(run);
  });

  it('is no plan any more once it was applied and held, whoever was committed since', async () => {
    await planned();
    const { ledger } = bench.runtime;
    await resume();
    const run = await readRun(ledger, 'run-1');
    await transition(ledger, { run, to: 'HELD', lock: 'release', writer: 'hold' });
    await commitAnother();
    expect(await resume({}, bench.runtime, 'again')).toMatchObject({ run: { outcome: 'RESUMED' } });
    expect(await readRun(ledger, 'run-1')).toMatchObject({
      status: 'RUNNING',
      parameters: { dryRun: false },
    });
  });

  it('is refused where a restore has put items back into its source', async () => {
    await planned();
    await bench.begin(
      'restore',
      {},
      { kind: 'restore', lockTable: sourceTable, startedAt: new Date().toISOString() },
    );
    await end('restore', 'SUCCEEDED');
    await expect(resume()).rejects.toMatchObject({
      message: expect.stringContaining('run restore of table'),
    });
  });

  it('is not refused because of a compare, or a restore into another table', async () => {
    await planned();
    for (const [kind, lockTable] of [
      ['compare', `${sourceTable}#compare`],
      ['restore', `${sourceTable}-restored-x`],
    ] as const) {
      await bench.begin(kind, {}, { kind, lockTable, startedAt: new Date().toISOString() });
      await end(kind, 'SUCCEEDED');
    }
    expect(await resume()).toMatchObject({ run: { outcome: 'RESUMED' } });
  });

  it('is not refused because of a sync that had ended before', async () => {
    const run = await planned();
    const before = new Date(Date.parse(run.finishedAt ?? '') - 60_000).toISOString();
    await bench.begin('sync', {}, { kind: 'sync', startedAt: before });
    const sync = await readRun(bench.runtime.ledger, 'sync');
    const facts = { finishedAt: before };
    await transition(bench.runtime.ledger, {
      run: sync,
      to: 'CANCELLED',
      lock: 'release',
      writer: 'end',
      facts,
    });
    expect(await resume()).toMatchObject({ run: { outcome: 'RESUMED' } });
  });

  it('is not refused because of a run that was planned, or of steps that change no item', async () => {
    await planned();
    await bench.begin('other-plan', {}, { parameters, startedAt: new Date().toISOString() });
    await end('other-plan', 'PLANNED');
    for (const step of ['backupProducts', 'createCartTable']) {
      await bench.begin(step, {}, { kind: 'manual', step, startedAt: new Date().toISOString() });
      await end(step, 'SUCCEEDED');
    }
    expect(await resume()).toMatchObject({ run: { outcome: 'RESUMED' } });
  });

  it.each([
    ['a target file', (run: Run) => RUN_LAYOUT.targets({ runId: run.runId, making: 0 })],
    ['a data file of its backup', (run: Run) => backupLayout(run.backupId).dataPrefix],
    ['the backup’s seal', (run: Run) => backupLayout(run.backupId).manifestSummary],
  ])('is refused where %s is gone', async (_, prefixOf) => {
    const run = await planned();
    const key = [...bench.objects.bodies.keys()].find(
      (one) => one.startsWith(prefixOf(run)) && !one.endsWith('/manifest.json'),
    );
    bench.objects.bodies.delete(key ?? '');
    await expect(resume()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining(`${key ?? '?'} is gone`),
    });
    await expectUntouched(run);
  });

  it('waits for nobody: another run’s lock refuses it', async () => {
    const run = await planned();
    await bench.begin('busy', {}, { startedAt: new Date().toISOString() });
    await expect(resume()).rejects.toMatchObject({
      name: 'LockHeldError',
      message: expect.stringContaining('npm run follow -- --stage test busy'),
    });
    expect(await readRun(bench.runtime.ledger, run.runId)).toMatchObject({ status: 'PLANNED' });
  });

  it.each(['PLANNED', 'HELD'] as const)(
    'is told to resume with what was typed, where it is %s',
    async (to) => {
      await planned();
      const { ledger } = bench.runtime;
      const typed = { maxQuarantined: 3, maxCost: 5 };
      const again = 'npm run migrate -- --stage test --resume run-1 --max-quarantined 3 --max-cost 5';
      if (to === 'HELD') {
        await resume();
        const run = await readRun(ledger, 'run-1');
        await transition(ledger, { run, to, lock: 'release', writer: 'hold' });
      }
      await bench.begin('busy', {}, { startedAt: new Date().toISOString() });
      await expect(resume(typed)).rejects.toThrow(`Then resume:\n${again}\n`);
      await bench.createTable(createTableInput(productsEnhancedTable, { name: targetName, tags: {} }));
      const switched = { syncId: 'sync', switchedAt: new Date().toISOString() };
      await transact(ledger, [switchedPut(ledger, targetName, switched)]);
      await expect(resume(typed)).rejects.toThrow(`\n${again} --confirm sync\n`);
    },
  );

  it('removes a lock whose run somebody has removed from the ledger', async () => {
    await planned();
    await bench.begin('gone', {}, { startedAt: new Date().toISOString() });
    await removeByHand(bench.runtime.ledger, runKey('gone'));
    await resume();
    const { status, warnings } = await readRun(bench.runtime.ledger, 'run-1');
    expect({ status, warnings: warnings.join() }).toEqual({
      status: 'RUNNING',
      warnings: expect.stringContaining('named run gone'),
    });
  });
});

describe('a held run that is resumed', () => {
  /** Held after this many files were transformed. */
  async function heldAfter(fileCount: number, change: Partial<Plan> = plan): Promise<Run> {
    bench = await startBench();
    await bench.createTable(productsTable);
    await bench.fill(sourceTable, products(60));
    const { TableId = '' } = (await describeTable(bench.runtime.clients.tables, sourceTable)) ?? {};
    const facts = { parameters: { ...parameters, dryRun: false }, sourceTableId: TableId };
    const run = await bench.begin('run-1', change, facts);
    const worker = { runId: run.runId, executionArn: run.executionArn, shard: 0 };
    await drive((input, turn) => backupSegment(bench.runtime, input, turn), worker);
    for (let file = 0; file < fileCount; file += 1) await transformShard(bench.runtime, worker, shortTurn());
    return end(run.runId, 'HELD');
  }

  it('makes every target file again under another folder where some were missing', async () => {
    await heldAfter(1);
    const made = [...bench.objects.bodies.keys()].filter((key) => key.includes('/target/'));
    expect(made).toHaveLength(1);
    await resume();
    const { runId, executionArn, targetMaking } = await readRun(bench.runtime.ledger, 'run-1');
    expect(targetMaking).toBe(1);
    await drive((input, turn) => transformShard(bench.runtime, input, turn), {
      runId,
      executionArn,
      shard: 0,
    });
    const again = [...bench.objects.bodies.keys()].filter((key) => key.includes('/target-1/'));
    expect(again).toHaveLength(3);
    const records = await listTransformed(bench.runtime.ledger, { runId, making: 1 });
    expect(records).toHaveLength(3);
    const shard = await findShard(bench.runtime.ledger, runId, 'TransformProducts', 0);
    expect(shard?.counters).toMatchObject({ products: 60 });
  });

  it('makes them again where one shard was complete only by the code before the last resumption', async () => {
    await heldAfter(0, { ...plan, shards: [0, 1] });
    const { runId } = await readRun(bench.runtime.ledger, 'run-1');
    const work = async (shard: number): Promise<void> => {
      const { executionArn } = await readRun(bench.runtime.ledger, runId);
      await drive((input, turn) => transformShard(bench.runtime, input, turn), {
        runId,
        executionArn,
        shard,
      });
    };
    const hold = (): Promise<Run> => end(runId, 'HELD');
    await resume({}, bench.runtime, 'first');
    await work(1);
    await hold();
    await resume({}, bench.runtime, 'second');
    expect((await readRun(bench.runtime.ledger, runId)).targetMaking).toBe(1);
    await work(0);
    await hold();
    await resume({}, bench.runtime, 'third');
    expect((await readRun(bench.runtime.ledger, runId)).targetMaking).toBe(2);
  });

  it('is refused where another table has the name of its source and its backup is not complete', async () => {
    const { sourceTableId } = await heldAfter(0);
    found = 'another-table';
    await expect(resume()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(
        new RegExp(
          `TableId another-table, and it was ${sourceTableId}[^]*items of two tables[^]*\nnpm run rollback -- --stage test run-1\n`,
        ),
      ),
    });
    expect(await readRun(bench.runtime.ledger, 'run-1')).toMatchObject({ status: 'HELD' });
    expect(await findExecution(bench.runtime.ledger, resumer)).toBeUndefined();
  });

  it('goes on with its sealed backup, and says that the source is another table now', async () => {
    const { run, ...made } = await sealedBench(products(3), { plan });
    bench = made.bench;
    await end(run.runId, 'HELD');
    found = 'another-table';
    expect(await resume()).toMatchObject({ run: { outcome: 'RESUMED' } });
    const { warnings } = await readRun(bench.runtime.ledger, 'run-1');
    expect(warnings.join(' ')).toMatch(/TableId another-table.*holds the items of the earlier one/);
  });

  it.each([
    ['none was begun', 0],
    ['all were complete', 3],
  ])('keeps its target files where %s', async (_, fileCount) => {
    await heldAfter(fileCount);
    await resume();
    expect((await readRun(bench.runtime.ledger, 'run-1')).targetMaking).toBeUndefined();
  });
});

describe('a run that is still at work', () => {
  it('is to be followed, because a new run would meet its lock', async () => {
    bench = await startBench();
    await bench.createTable(productsTable);
    await bench.begin('run-1');
    await expect(resume()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(/run-1 is RUNNING[^]*\nnpm run follow -- --stage test run-1$/),
    });
  });
});

describe('a run that only backs up', () => {
  it('transforms every item and writes no target file', async () => {
    const made = await sealedBench(products(3));
    bench = made.bench;
    await end(made.run.runId, 'SUCCEEDED');
    const run = await bench.begin('backup', {}, { kind: 'manual', backupId: made.run.backupId });
    const worker = { runId: run.runId, executionArn: run.executionArn, shard: 0 };
    await drive((input, turn) => transformWithoutFiles(bench.runtime, input, turn), worker);
    expect((await findShard(bench.runtime.ledger, 'backup', 'TransformProducts', 0))?.counters).toMatchObject(
      {
        products: 3,
        metadata: 3,
      },
    );
    expect([...bench.objects.bodies.keys()].filter((key) => key.startsWith('runs/backup/'))).toEqual([]);
  });
});
