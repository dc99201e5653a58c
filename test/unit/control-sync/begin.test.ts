import { CreateTableCommand, DeleteTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { indexesTo } from '../../../functions/shared/runs/cut-work.ts';
import type { Plan } from '../../../functions/shared/state.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginSync } from '../../../functions/control-sync/begin-sync.ts';
import { NEW } from '../../../functions/shared/ledger/actions.ts';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import {
  announceTable,
  findTableRecord,
  noteTable,
  recordTable,
} from '../../../functions/shared/ledger/table-record.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { catalogueTable } from '../../support/shop.ts';
import { refuseSharedTargets } from '../../../functions/shared/runs/shared-targets.ts';
import { rely } from '../../../functions/shared/ledger/reliant.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { findRun, readRun } from '../../../functions/shared/ledger/run.ts';
import { putIf, updateIf } from '../../../functions/shared/ledger/store.ts';
import { addReplica } from '../../support/add-replica.ts';
import { createSyncWorld, streamOf, switchStreamOff, type SyncWorld } from '../../support/sync-world.ts';
import { begunRun, executionArn, sampleExecution } from '../../support/sample-run.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(() => world.again());
afterAll(() => world.stop());

const lock = () => findLock(world.observer.ledger, 'products');

async function deleteTarget(): Promise<void> {
  await world.observer.clients.dynamo.send(new DeleteTableCommand({ TableName: 'products-enhanced' }));
}

/** As the roll back of run `a` does it, which had created the table before `m` began. */
async function deleteTargetByRollBack(): Promise<void> {
  const { ledger } = world.observer;
  const table = { runId: 'a', name: 'products-enhanced' };
  const { tableId = '' } = (await findTableRecord(ledger, { ...table, runId: 'm' })) ?? {};
  const { executionArn: arn } = await begunRun(world, 'a');
  const now = world.clock.now();
  await announceTable(ledger, { ...table, executionArn: arn, now, outcome: 'INTENT' });
  await noteTable(ledger, table, { deleting: { markedAt: now, remark: '' } });
  await deleteTarget();
  await recordTable(ledger, 'a', { name: table.name, outcome: 'DELETED', tableId });
  const run = await readRun(ledger, 'a');
  const facts = { markedAt: now };
  const marked = await transition(ledger, { run, to: 'ROLLING_BACK', lock: 'keep', writer: 'mark', facts });
  if (marked === undefined) throw new Error('Run a was not marked.');
  await transition(ledger, { run: marked, to: 'ROLLED_BACK', lock: 'release', writer: 'end' });
}

/** Says of the migration that its source has a million items. */
async function enlarge(more: Partial<Plan> = {}): Promise<void> {
  const { ledger } = world.observer;
  const { plan } = await readRun(ledger, 'm');
  const large = { ...plan, estimatedProducts: 1_000_000, estimatedBytes: 400_000_000, ...more };
  await updateIf(ledger, runKey('m'), { set: { plan: large } });
}

/** Migration `n`, which has worked on the table of migration `m`. */
async function laterMigration(): Promise<void> {
  const { ledger } = world.observer;
  const later = await begunRun(world, 'n');
  const tables = [{ name: 'products-enhanced' }];
  const committedAt = new Date(world.clock.now()).toISOString();
  const actions = await rely(ledger, { runId: 'n', committedAt }, new Map([['m', tables]]));
  await transition(ledger, { run: later, to: 'SUCCEEDED', lock: 'release', writer: 'test' }, actions);
}

describe('the start of a sync', () => {
  it('begins SYNCING, under the lock of the source, with what the migration began with', async () => {
    const begun = await world.begin('s');
    expect(begun).toMatchObject({ outcome: 'START', runId: 's', action: 'start', segments: [0] });
    expect(await world.sync()).toMatchObject({
      kind: 'sync',
      status: 'SYNCING',
      follows: { runId: 'm', tables: [{ name: 'products-enhanced' }] },
      settings: { migration: { defaultStockQuantity: 50 } },
    });
    expect(await lock()).toMatchObject({ runId: 's' });
  });

  it('remembers the keys of the deployment that it begins with, not those of the migration', async () => {
    const keys = { sourceKmsKeyArn: 'arn:source', targetKmsKeyArn: 'arn:target' };
    const runtime = world.runtime();
    const execution = sampleExecution('s', 'sync');
    world.stepFunctions.executions.set(execution.id, 'RUNNING');
    await beginSync({ ...runtime, config: { ...runtime.config, ...keys } }, { input: {}, execution });
    expect(await world.sync()).toMatchObject({
      settings: { migration: { defaultStockQuantity: 50 }, ...keys },
    });
  });

  it('is noted in the run that it follows, whose counts do not know of it, once', async () => {
    await world.begin('s');
    await world.step('startMapping', 's');
    await world.step('startMapping', 's');
    const { warnings } = (await findRun(world.observer.ledger, 'm')) ?? {};
    expect(warnings).toEqual([expect.stringMatching(/^Sync s has kept the tables in step with products/)]);
  });

  it('follows the newest migration that has succeeded, however many compares have begun since', async () => {
    const { ledger } = world.observer;
    const later = { ...(await readRun(ledger, 'm')), kind: 'compare', startedAt: '2027-01-01T00:00:00.000Z' };
    const ids = Array.from({ length: 201 }, (_, number) => `c${number}`);
    for (const runId of ids)
      await putIf(ledger, runKey(runId), { item: { ...later, ...runKey(runId), runId }, if: NEW });

    expect(await world.begin('s')).toMatchObject({ outcome: 'START', runId: 's' });
    expect(await world.sync()).toMatchObject({ follows: { runId: 'm' } });
  });

  it('is the same start when an answer was lost', async () => {
    await world.begin('s');
    expect(await world.begin('s')).toMatchObject({ outcome: 'START', runId: 's' });
  });

  it.each([
    // A cut over that does not switch: twice 2,937 turns of 7 events, and 6,300 events of waiting.
    ['start', 'a higher readUnitsPerSecond', 30_000_000],
    // 120,000,000 units at 500 a second: 2.8 days, in which 20 workers take 5,794 turns of 7 events.
    ['compare', 'mapMode=DISTRIBUTED', 60_000_000],
  ])(
    'of which a %s would not fit into one history at its caps is refused, with what helps',
    async (action, help, estimatedProducts) => {
      const large = { estimatedProducts, workers: 40, segments: indexesTo(40) };
      await enlarge(large);
      expect(await world.begin('s', { action, readUnitsPerSecond: 2_000 })).toMatchObject({ runId: 's' });
      await world.again();
      await enlarge(large);
      await expect(world.begin('s', { action, readUnitsPerSecond: 500 })).rejects.toMatchObject({
        name: 'RunTooLongForInlineError',
        message: expect.stringContaining(help),
      });
      expect(await findRun(world.observer.ledger, 's')).toBeUndefined();
      expect(await lock()).toBeUndefined();
    },
  );

  it.each([
    // Twice 2,000,000 units: at 6.7 a second in 6.9 days.
    ['start', 'A cut over, which compares twice if it does not switch,', 6.7, 6.5],
    ['compare', 'A compare', 3.4, 3.2],
  ])(
    'of which a %s would take longer than an execution lasts is refused',
    async (action, what, enough, tooLow) => {
      await enlarge();
      await expect(world.begin('s', { action, readUnitsPerSecond: tooLow })).rejects.toMatchObject({
        name: 'RunTooLongError',
        message: expect.stringMatching(
          new RegExp(
            `^${what} would take about 8 days at the present caps, .* 7 days\\. Nothing was begun\\.`,
          ),
        ) as string,
      });
      expect(await findRun(world.observer.ledger, 's')).toBeUndefined();
      expect(await world.begin('s', { action, readUnitsPerSecond: enough })).toMatchObject({ runId: 's' });
    },
  );

  it('is refused without a stream, with the command that switches it on', async () => {
    await switchStreamOff(world);
    await expect(world.begin('s')).rejects.toThrow(
      /no stream[^]*\naws dynamodb update-table --table-name arn:\S+:table\/products --stream-specification .* --region ap-southeast-2\n/,
    );
    expect(await findRun(world.observer.ledger, 's')).toBeUndefined();
    expect(await lock()).toBeUndefined();
  });

  it('is refused where there is no such source, with how to deploy for another one', async () => {
    world.deployFor('goods');
    await expect(world.begin('s')).rejects.toThrow(
      /There is no table goods [^]*deploy again with --param sourceTable=<table>[^]*\nnpm run sync -- --stage test --start\n/,
    );
  });

  it('is refused where a table that it would write into has replicas', async () => {
    const restore = addReplica(world.runtime().clients.tables, 'products-enhanced');
    await expect(world.begin('s')).rejects.toMatchObject({
      name: 'GlobalTableError',
      message: expect.stringMatching(/products-enhanced is a global table with replicas \(us-east-1\)/),
    });
    expect(await findRun(world.observer.ledger, 's')).toBeUndefined();
    restore();
    expect(await world.begin('s')).toMatchObject({ outcome: 'START' });
  });

  it('is refused when two others read the stream', async () => {
    const streamArn = await streamOf(world);
    const reader = (mappingId: string) => ({
      mappingId,
      functionArn: `arn:aws:lambda:ap-southeast-2:123456789012:function:${mappingId}`,
      state: 'Enabled',
      streamArn,
    });
    world.mappings.found.push(reader('one'), reader('two'));
    await expect(world.begin('s')).rejects.toThrow(
      /has 2 readers already .*throttles more than two[^]*\naws lambda list-event-source-mappings --event-source-arn \S+ --region \S+\n/,
    );
    world.mappings.found.pop();
    expect(await world.begin('s')).toMatchObject({ outcome: 'START' });
  });

  it('is refused when no migration has succeeded', async () => {
    await expect(world.begin('s', { runId: 'x' })).rejects.toThrow(/knows no run x/);
    await begunRun(world, 'half');
    await expect(world.begin('s', { runId: 'half' })).rejects.toThrow(/half .*RUNNING.* cannot be followed/);
  });

  it('is refused for a migration whose tables a later one has worked on', async () => {
    await laterMigration();
    await expect(world.begin('s', { runId: 'm' })).rejects.toThrow(/run n has worked on its tables since/);
  });

  it('is refused when somebody has deleted the target', async () => {
    await deleteTarget();
    await expect(world.begin('s')).rejects.toMatchObject({
      name: 'TableUnavailableError',
      message: expect.stringMatching(
        /^Table products-enhanced of run m is gone: somebody has deleted it\. Nothing was changed\.[^]*\nnpm run migrate -- --stage test\n/,
      ),
    });
  });

  it.each(['start', 'compare'])(
    'as a %s is refused with the run whose roll back has deleted the target, or has made way for another',
    async (action) => {
      await deleteTargetByRollBack();
      await expect(world.begin('s', { action })).rejects.toThrow(
        /^Table products-enhanced of run m is gone: the roll back of run a has deleted it\./,
      );
      await world.observer.clients.dynamo.send(
        new CreateTableCommand(createTableInput(catalogueTable, { name: 'products-enhanced', tags: {} })),
      );
      await expect(world.begin('s', { action })).rejects.toThrow(
        /^Table products-enhanced is not the one of run m any more: the roll back of run a has deleted that one, and another has its name/,
      );
    },
  );

  it.each([
    ['a text', 'abc', /must be a JSON object/],
    ['an unknown action', { action: 'stop' }, /"action"/],
    ['an unknown field', { forzen: true }, /unknown field "forzen"/],
  ])('is refused for %s', async (_, input, message) => {
    await expect(world.begin('s', input)).rejects.toThrow(message);
  });
});

describe('the time to live of the source', () => {
  const switchTo = async (Enabled: boolean): Promise<void> => {
    const TimeToLiveSpecification = { Enabled, AttributeName: 'endsAt' };
    const { dynamo } = world.observer.clients;
    await dynamo.send(new UpdateTimeToLiveCommand({ TableName: 'products', TimeToLiveSpecification }));
  };
  const attribute = async () => (await world.sync()).plan.timeToLiveAttribute;

  it('is as it is when a sync starts and when it is compared, not as it was when the source was migrated', async () => {
    expect((await readRun(world.observer.ledger, 'm')).plan.timeToLiveAttribute).toBeUndefined();
    await switchTo(true);
    await world.open();
    expect(await attribute()).toBe('endsAt');
    await switchTo(false);
    await world.begin('c', { action: 'compare' });
    expect(await attribute()).toBeUndefined();
  });
});

describe('a compare without a sync, of a source that is gone', () => {
  it('is refused for that at once, with the command for when it is there', async () => {
    await world.observer.clients.dynamo.send(new DeleteTableCommand({ TableName: 'products' }));
    await expect(world.begin('c', { action: 'compare' })).rejects.toThrow(
      /^There is no table products in account [^]*\nWhen the table is there, compare:\nnpm run compare -- --stage test\n/,
    );
  });
});

describe('the mapping of a start', () => {
  const creating = (): void => void (world.mappings.found[0] = { ...found(), state: 'Creating' });
  const found = () => {
    const [mapping] = world.mappings.found;
    if (mapping === undefined) throw new Error('There is no mapping.');
    return mapping;
  };

  it('has ten minutes from when it is asked for, however long a dead run before it took to be recovered', async () => {
    await world.begin('s');
    world.clock.advance(3_600_000);
    await world.step('startMapping', 's');
    creating();
    expect(await world.step('startMapping', 's')).toMatchObject({ done: false });
    world.clock.advance(600_001);
    await expect(world.step('startMapping', 's')).rejects.toThrow(/still Creating after 10 minutes/);
  });
});

describe('a start that died', () => {
  it('goes on under another execution that asks for the same', async () => {
    await world.begin('s', { readUnitsPerSecond: 100 });
    world.end('s', 'ABORTED');
    const same = { runId: 'm', readUnitsPerSecond: 100 };
    expect(await world.begin('t', same)).toMatchObject({ outcome: 'START', runId: 's' });
  });

  it.each([
    ['another migration', { runId: 'another' }, '--run another'],
    ['other caps', { readUnitsPerSecond: 5 }, '--read-units-per-second 5'],
  ])('does not go on for a start that asks for %s', async (_, input, option) => {
    await world.begin('s', { readUnitsPerSecond: 100 });
    world.end('s', 'ABORTED');
    await expect(world.begin('t', input)).rejects.toThrow(
      new RegExp(
        `^Sync s, which follows run m, was not started to its end[^]*\\nnpm run sync -- --stage test --cancel\\n[^]*\\nnpm run sync -- --stage test --start ${option}\\n`,
      ),
    );
    expect(await world.sync()).toMatchObject({ status: 'SYNCING', executionArn: executionArn('s', 'sync') });
  });

  it('is not brought to its end by a compare without the mapping', async () => {
    await world.begin('s');
    world.end('s', 'ABORTED');
    expect(await world.begin('c', { action: 'compare' })).toMatchObject({ outcome: 'START', runId: 's' });
  });

  it('lets neither a start nor a compare go on while it is being cancelled', async () => {
    await world.begin('s');
    await world.begin('k', { action: 'cancel' });
    await world.step('cancel', 'k');
    await expect(world.begin('t')).rejects.toThrow(
      /Sync s is being cancelled[^]*\nnpm run sync -- --stage test$/,
    );
    world.end('k', 'ABORTED');
    await expect(world.begin('c', { action: 'compare' })).rejects.toThrow(/Sync s is being cancelled/);
  });
});

describe('a second execution', () => {
  it('cannot start a sync that is open', async () => {
    await world.open();
    await expect(world.begin('other')).rejects.toThrow(
      /Sync s of table products into products-enhanced is open already [^]*\nnpm run sync -- --stage test --cancel\n/,
    );
  });

  it('cannot take a sync that another execution works on', async () => {
    await world.begin('s');
    await expect(world.begin('c', { action: 'compare' })).rejects.toThrow(
      /worked on by .*:s now[^]*\nnpm run follow -- --stage test s\nOr stop it:\naws stepfunctions stop-execution .*:s /,
    );
  });

  it('goes on with a start whose execution died', async () => {
    await world.begin('s');
    world.end('s', 'ABORTED');
    expect(await world.begin('t')).toMatchObject({ outcome: 'START', runId: 's' });
    expect((await world.sync()).executionArn).toBe(executionArn('t', 'sync'));
  });

  it('takes the open sync to compare it', async () => {
    await world.open();
    expect(await world.begin('c', { action: 'compare' })).toMatchObject({ outcome: 'COMPARE', runId: 's' });
  });

  it('cannot compare it at other caps than those of its start, which it would keep to', async () => {
    await world.begin('s', { readUnitsPerSecond: 100 });
    await world.step('startMapping', 's');
    await world.finish('s');
    world.end('s');
    const compare = (caps: object) => world.begin('c', { action: 'compare', ...caps });
    await expect(compare({ readUnitsPerSecond: 5 })).rejects.toThrow(
      /^Sync s is open, and its compares keep to the caps of its start \(reads capped at 100 units a second, no cap on writes\)\. Nothing was changed\.[^]*\nnpm run compare -- --stage test\n[^]*\nnpm run sync -- --stage test --cancel\n/,
    );
    expect(await compare({ readUnitsPerSecond: 100 })).toMatchObject({ outcome: 'COMPARE' });
  });

  it('is told which sync is open when it names another', async () => {
    await world.open();
    await expect(world.begin('c', { action: 'compare', runId: 'x' })).rejects.toThrow(
      /Sync s .* is open, not x[^]*\nnpm run sync -- --stage test$/,
    );
  });
});

describe('a sync whose tables a run of another source works in', () => {
  /** A run that fills the sync's table, of a source that the stage was deployed with before. */
  async function otherRun(): Promise<void> {
    await begunRun(world, 'o', { sourceTable: 'other-products' });
    const by = { runId: 'o', executionArn: executionArn('o'), name: 'products-enhanced' };
    await announceTable(world.observer.ledger, { ...by, now: world.clock.now(), outcome: 'EXISTED' });
  }

  it('does not begin, and is told what to wait for', async () => {
    await otherRun();
    await expect(world.begin('s')).rejects.toThrow(
      /^Run o of table other-products is RUNNING and works in table products-enhanced as well\..*Wait until it ends/s,
    );
    expect(await findRun(world.observer.ledger, 's')).toBeUndefined();
    expect(await lock()).toBeUndefined();
  });

  it('stops before changes are delivered, if that run has announced the table since', async () => {
    await world.begin('s');
    await otherRun();
    await expect(world.step('startMapping', 's')).rejects.toThrow('Run o of table other-products is RUNNING');
    expect(world.mappings.found).toEqual([]);
  });

  it('keeps such a run from beginning while it is open, which is told how to end the sync', async () => {
    await world.open();
    const names = ['products-enhanced'];
    const run = { runId: 'o', sourceTable: 'other-products' };
    const runtime = {
      ...world.observer,
      config: { ...world.observer.config, sourceTable: 'other-products' },
    };
    await expect(refuseSharedTargets(runtime, { run, names })).rejects.toMatchObject({
      name: 'LockHeldError',
      message: expect.stringMatching(
        /^Sync s of table products is SYNCING and works in table products-enhanced as well\..*Cancel that sync:\n.*sync -- --stage test --cancel --run s$/ms,
      ) as string,
    });
    const sync = await world.sync();
    await transition(world.observer.ledger, { run: sync, to: 'CANCELLED', lock: 'release', writer: 'end' });
    await refuseSharedTargets(runtime, { run, names });
  });
});

describe('a compare without a sync', () => {
  it('is a run with a lock of its own', async () => {
    expect(await world.begin('c', { action: 'compare' })).toMatchObject({ outcome: 'COMPARE', runId: 'c' });
    expect(await findRun(world.observer.ledger, 'c')).toMatchObject({ kind: 'compare', status: 'RUNNING' });
    expect(await lock()).toBeUndefined();
    expect(await findLock(world.observer.ledger, 'products#compare')).toMatchObject({ runId: 'c' });
  });

  it('compares an older migration as well, and warns of the later one', async () => {
    await laterMigration();
    await world.begin('c', { action: 'compare', runId: 'm' });
    expect(await findRun(world.observer.ledger, 'c')).toMatchObject({
      follows: { runId: 'm' },
      warnings: [expect.stringMatching(/^Run n has worked on the tables of run m since\./)],
    });
  });

  it.each(['SWITCHED', 'CANCELLED'] as const)(
    'compares what a sync has followed that is named and %s',
    async (status) => {
      const { ledger } = world.observer;
      const change = { lock: 'release', writer: 'test' } as const;
      await transition(ledger, { ...change, run: await world.open(), to: 'CANCELLED' });
      await updateIf(ledger, runKey('s'), { set: { status } });
      await world.begin('c', { action: 'compare', runId: 's' });
      expect(await findRun(ledger, 'c')).toMatchObject({ follows: { runId: 'm' }, warnings: [] });
    },
  );

  it('is refused for a run that is no migration, with the list of runs', async () => {
    await begunRun(world, 'half');
    await expect(world.begin('c', { action: 'compare', runId: 'half' })).rejects.toThrow(
      /half .*RUNNING.* cannot be followed[^]*\nnpm run runs -- --stage test$/,
    );
  });

  it('leaves nothing locked when it fails', async () => {
    await world.begin('c', { action: 'compare' });
    expect(await world.fail('c')).toMatchObject({ done: true, end: 'FAILED', error: 'SomethingError' });
    expect(await findRun(world.observer.ledger, 'c')).toMatchObject({ status: 'CANCELLED' });
    expect(await findLock(world.observer.ledger, 'products#compare')).toBeUndefined();
  });
});

describe('a migration', () => {
  it('cannot begin while a sync is open, and is told how to end it', async () => {
    await world.open();
    await expect(begunRun(world, 'n')).rejects.toThrow('s has the lock');
  });
});
