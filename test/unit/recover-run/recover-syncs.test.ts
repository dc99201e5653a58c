import type { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SyncRuntime } from '../../../functions/control-sync/sync-runtime.ts';
import { recoverRuns } from '../../../functions/recover-run/recover-run.ts';
import { EXISTING } from '../../../functions/shared/ledger/actions.ts';
import { noteDeleting } from '../../../functions/shared/ledger/deleting-call.ts';
import { lockKey, runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { deleteIf, updateIf } from '../../../functions/shared/ledger/store.ts';
import { readRun, type RunStatus } from '../../../functions/shared/ledger/run.ts';
import { removeByHand, longTurn } from '../../support/sample-run.ts';
import { createSyncWorld, switchStreamOff, type SyncWorld } from '../../support/sync-world.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(() => world.again());
afterAll(() => world.stop());

const recover = (runtime: SyncRuntime = world.runtime()) => recoverRuns(runtime, longTurn);

/** Something happens while recoverRun asks for an execution. */
function whileAsking(act: () => Promise<unknown>): SyncRuntime {
  const runtime = world.runtime();
  let isDue = true;
  const send = async (command: Parameters<typeof world.stepFunctions.send>[0]): Promise<unknown> => {
    if (isDue) {
      isDue = false;
      await act();
    }
    return world.stepFunctions.send(command);
  };
  return { ...runtime, clients: { ...runtime.clients, sfn: { send } as unknown as SFNClient } };
}

describe('a sync that comes to the end of its start while the schedule looks', () => {
  it('is not cancelled, although its execution has ended and the list still said that it had not started', async () => {
    await world.begin('s');
    await world.step('startMapping', 's');
    const runtime = whileAsking(async () => {
      await world.compare('s');
      await world.finish('s');
      world.end('s');
    });
    expect(await recover(runtime)).toMatchObject({ started: [] });
    expect(await world.sync()).toMatchObject({ status: 'SYNCING', isStarted: true });
  });

  it('is not cancelled when another execution goes on with its start', async () => {
    await world.begin('s');
    world.end('s', 'ABORTED');
    const runtime = whileAsking(() => world.begin('t'));
    expect(await recover(runtime)).toMatchObject({ started: [] });
  });

  it('is not cancelled by a recovery that was started before another execution went on with it', async () => {
    await world.begin('s');
    world.end('s', 'ABORTED');
    expect(await recover()).toMatchObject({ started: ['recover-s-1'] });
    await world.begin('t');
    const input = JSON.parse(world.stepFunctions.started[0]?.input ?? '') as unknown;
    await expect(world.begin('recover-s-1', input)).rejects.toThrow(/worked on by .*:t now/);
    await world.step('startMapping', 't');
    await world.compare('t');
    await world.finish('t');
    world.end('t');
    await expect(world.begin('recover-s-1', input)).rejects.toThrow(/Sync s follows its source/);
    expect(await world.sync()).toMatchObject({ status: 'SYNCING', isStarted: true });
  });
});

describe('the run that a sync has followed until the shop switched', () => {
  /** More runs have begun since than recoverRun lists, and the tables of this one are not open yet. */
  async function switched(status: RunStatus): Promise<void> {
    const { ledger } = world.observer;
    await world.open();
    await updateIf(ledger, runKey('s'), { if: EXISTING, set: { status } });
    await updateIf(ledger, runKey('m'), { if: EXISTING, set: { opening: 'PENDING' }, remove: ['entity'] });
  }

  it('has its tables opened, although it is older than the newest runs', async () => {
    await switched('SWITCHED');
    await recover();
    expect(await readRun(world.observer.ledger, 'm')).toMatchObject({ opening: 'DONE' });
  });

  it('is left to the version that began it, and the others are recovered', async () => {
    await switched('SWITCHED');
    await updateIf(world.observer.ledger, runKey('m'), { if: EXISTING, set: { ledgerVersion: 1 } });
    expect(await recover()).toMatchObject({ examined: 1 });
  });

  it('is not looked at while the sync goes on', async () => {
    await switched('SYNCING');
    expect(await recover()).toMatchObject({ examined: 1 });
  });
});

describe('the mapping of an open sync', () => {
  it('is not deleted when the sync began while recoverRun was at work', async () => {
    const runtime = world.runtime();
    const mappings = {
      ...runtime.mappings,
      list: async (of: Parameters<typeof runtime.mappings.list>[0]) => {
        await world.open();
        return runtime.mappings.list(of);
      },
    };
    await recover({ ...runtime, mappings });
    expect(world.mappings.found).toHaveLength(1);
  });

  it('is not deleted while its start has made another one that is not noted yet', async () => {
    await world.begin('s');
    await world.step('startMapping', 's');
    world.mappings.found.splice(0);
    const { stream } = await world.sync();
    await world.mappings.ensure(
      { streamArn: stream?.arn ?? '', functionName: 'products-migration-test-syncProducts' },
      'queue',
    );
    world.mappings.found[0] = { ...world.mappings.found[0], mappingId: 'second' } as never;
    await recover();
    expect(world.mappings.found).toMatchObject([{ mappingId: 'second' }]);
  });

  it('is not deleted by another version of this service, which cannot read the sync', async () => {
    await world.open();
    await updateIf(world.observer.ledger, runKey('s'), { if: EXISTING, set: { ledgerVersion: 1 } });
    world.clock.advance(3_600_000);
    await recover();
    expect(world.mappings.found).toHaveLength(1);
  });

  it('is missed by each look for as long as it is gone, in the line that an alarm counts', async () => {
    await world.open();
    const lines: string[] = [];
    const runtime = world.runtime();
    const logger = Object.assign(Object.create(runtime.logger) as typeof runtime.logger, {
      error: (message: string) => void lines.push(message),
    });
    await recover({ ...runtime, logger });
    expect(lines).toEqual([]);
    world.mappings.found.splice(0);
    for (let look = 1; look <= 2; look += 1) {
      world.clock.advance(900_000);
      await recover({ ...runtime, logger });
    }
    expect(lines).toEqual(Array.from({ length: 2 }, () => 'A sync is not delivered all changes'));
  });
});

describe('the mapping of an open sync that is Enabled and cannot deliver', () => {
  const DENIED = 'PROBLEM: Lambda is not authorized to perform dynamodb:GetRecords';
  const set = (lastResult: string): void => {
    world.mappings.found.splice(0, 1, { ...world.mappings.found[0], lastResult } as never);
  };
  async function lookLater(minutes = 15) {
    world.clock.advance(minutes * 60_000);
    await recover();
    return (await world.sync()).gap?.reason;
  }
  beforeEach(async () => void (await world.open()));

  it('is a gap when two looks of the schedule in a row have found it so, in the words of Lambda', async () => {
    set(DENIED);
    expect(await lookLater()).toBeUndefined();
    const since = new Date(world.clock.now()).toISOString();
    expect(await lookLater()).toBe(
      `The event source mapping of the sync has not delivered since ${since}: ${DENIED}.`,
    );
  });

  it('is no gap when it has delivered in between, as after one failed batch', async () => {
    set('PROBLEM: Function call failed');
    expect(await lookLater()).toBeUndefined();
    set('OK');
    expect(await lookLater()).toBeUndefined();
    set('PROBLEM: Function call failed');
    expect(await lookLater()).toBeUndefined();
  });

  it('is no gap when the looks were only seconds apart, because executions have ended', async () => {
    set('PROBLEM: Function call failed');
    for (let look = 1; look <= 3; look += 1) expect(await lookLater(1)).toBeUndefined();
  });
});

describe('the stream of an open sync', () => {
  it('is missed as soon as the source no longer writes to it', async () => {
    await world.open();
    await switchStreamOff(world);
    await recover();
    expect((await world.sync()).gap?.reason).toMatch(/no longer writes its changes to the stream/);
  });
});

describe('an open sync of a source that the stage is no longer deployed for', () => {
  it('has a gap that says how to go on with it', async () => {
    await world.open();
    world.deployFor('other-products');
    await recover();
    expect((await world.sync()).gap?.reason).toMatch(
      /^This stage is deployed for table other-products now, so nothing follows table products\. .*--param sourceTable=products /,
    );
  });

  it('is cancelled if its execution died while it started', async () => {
    await world.begin('s');
    world.deployFor('other-products');
    world.end('s', 'ABORTED');
    expect(await recover()).toMatchObject({ started: ['recover-s-1'] });
    const input = JSON.parse(world.stepFunctions.started[0]?.input ?? '') as unknown;
    expect(await world.begin('recover-s-1', input)).toMatchObject({ outcome: 'CANCEL', runId: 's' });
  });
});

describe('a sync whose lock was removed from the ledger by hand', () => {
  beforeEach(async () => {
    await world.open();
    await removeByHand(world.observer.ledger, lockKey('products'));
  });

  it('is ended, because nothing follows the source any more, and its mapping goes', async () => {
    await recover();
    expect(await world.sync()).toMatchObject({
      status: 'CANCELLED',
      failure: { error: 'LockRemoved', cause: expect.stringContaining('removed') as string },
    });
    world.clock.advance(3_600_000);
    await recover();
    expect(world.mappings.found).toEqual([]);
  });

  it('warns of that, and of a call that has died while it deleted items', async () => {
    const call = { call: 'dead', tables: ['products-enhanced'] };
    await noteDeleting(world.observer.ledger, { syncId: 's', batch: '1' }, call);
    await recover();
    expect((await world.sync()).warnings).toEqual([
      expect.stringContaining("DynamoDB's answer to a deletion in products-enhanced"),
      expect.stringContaining('The lock of table products was removed from the ledger by hand.'),
    ]);
  });

  it('leaves the mapping to the sync that has begun since', async () => {
    await world.begin('t');
    await world.step('startMapping', 't', 't');
    await recover();
    world.clock.advance(3_600_000);
    await recover();
    expect(await world.sync()).toMatchObject({ status: 'CANCELLED' });
    expect(await readRun(world.observer.ledger, 't')).toMatchObject({ status: 'SYNCING' });
    expect(world.mappings.found).toHaveLength(1);
  });
});

describe('a compare whose lock was removed from the ledger by hand', () => {
  it('is ended as well', async () => {
    await world.begin('c', { action: 'compare' });
    await deleteIf(world.observer.ledger, lockKey('products#compare'), EXISTING);
    world.end('c', 'ABORTED');
    await recover();
    expect(await readRun(world.observer.ledger, 'c')).toMatchObject({ status: 'CANCELLED' });
  });
});

describe('a sync whose record was removed from the ledger by hand', () => {
  it('leaves neither mapping nor lock behind when another one starts', async () => {
    await world.open();
    await deleteIf(world.observer.ledger, runKey('s'), EXISTING);
    world.end('s', 'ABORTED');
    await recover();
    expect(world.mappings.found).toEqual([]);
    expect(await world.begin('t')).toMatchObject({ outcome: 'START', runId: 't' });
  });
});
