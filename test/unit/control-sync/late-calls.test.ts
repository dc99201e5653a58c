import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { switchSync } from '../../../functions/control-sync/switch.ts';
import { saveShard } from '../../../functions/shared/ledger/shard.ts';
import { createSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

let world: SyncWorld;
beforeAll(async () => void (world = await createSyncWorld()));
beforeEach(async () => {
  await world.again();
  await world.open();
});
afterAll(() => world.stop());

const FROZEN = { action: 'cutover', frozen: true } as const;

describe('the wait before the compare', () => {
  it('is long enough for what a worker of a stopped compare may have sent', async () => {
    const now = world.clock.now();
    const shard = {
      state: 'CompareSource',
      shard: 0,
      done: false,
      turns: 1,
      counters: {},
      digests: {},
      startedAt: now,
      updatedAt: now,
      marks: [],
      quietAt: now + 55_000,
    } as const;
    await saveShard(world.observer.ledger, { runId: 's', shard, previousVersion: 0, writer: 'w' });
    await world.begin('x', FROZEN);
    expect(await world.step('switching', 'x')).toEqual({ waitSeconds: 55 });
  });
});

describe('a cut over that another execution goes on with', () => {
  it('is not sent back to following by a late call of the execution before', async () => {
    await world.begin('x', FROZEN);
    await world.step('switching', 'x');
    await world.compare('x');
    const runtime = world.runtime();
    const { client } = runtime.ledger;
    const send = async (command: Parameters<typeof client.send>[0]): Promise<unknown> => {
      if (command instanceof TransactWriteCommand) {
        world.end('x', 'ABORTED');
        await world.begin('y', FROZEN);
      }
      return client.send(command);
    };
    const ledgerOfX = {
      ...runtime.ledger,
      client: Object.assign(Object.create(client) as typeof client, { send }),
    };
    const run = { runId: 's', executionArn: (await world.sync()).executionArn };
    await expect(switchSync({ ...runtime, ledger: ledgerOfX }, run)).rejects.toThrow(/worked on by .*:y now/);
    expect(await world.sync()).toMatchObject({ status: 'SWITCHING' });
  });
});
