import {
  DescribeTimeToLiveCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { ensureTable } from '../../../functions/shared/tables/ensure-table.ts';
import { createLedgerWorld, type Gate, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, executionArn } from '../../support/sample-run.ts';

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
beforeEach(() => world.reset());
afterAll(() => world.stop());

const ensure = (gate?: Gate) =>
  ensureTable(world.runtime(gate), { spec: cartTable, runId: 'a', executionArn: executionArn('a') });
const dynamo = () => world.observer.clients.dynamo;

/** What an owner does to a table on an afternoon. */
async function addIndex(): Promise<void> {
  await dynamo().send(
    new UpdateTableCommand({
      TableName: 'cart',
      AttributeDefinitions: ['PK', 'SK', 'productId'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName: 'ProductIndex',
            KeySchema: [{ AttributeName: 'productId', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        },
      ],
    }),
  );
}

interface Described {
  readonly output: { readonly Table?: Record<string, unknown> };
}

/** An engine whose table stays in a state that the real one leaves at once. */
const staysIn =
  (status: string): Gate =>
  async (operation, send) => {
    const answer = await send();
    if (operation !== 'DescribeTable') return answer;
    const { output } = answer as Described;
    return {
      ...(answer as object),
      output: { ...output, ...(output.Table && { Table: { ...output.Table, TableStatus: status } }) },
    };
  };

/** Time goes on by four minutes with each look at the table. */
const fourMinutesALook =
  (gate: Gate): Gate =>
  (operation, send, attempt) => {
    if (operation === 'DescribeTable') world.clock.advance(240_000);
    return gate(operation, send, attempt);
  };

describe('a table that the run created and its owner has worked on since', () => {
  it('serves a retried or resumed run with the index that was added to it', async () => {
    await begunRun(world, 'a');
    await ensure();
    await addIndex();
    expect(await ensure()).toEqual({ name: 'cart', outcome: 'CREATED' });
    const table = await describeTable(dynamo(), 'cart');
    expect(table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual(['ProductIndex']);
  });

  it('keeps the time to live that its owner has switched off', async () => {
    await begunRun(world, 'a');
    await ensure();
    await dynamo().send(
      new UpdateTimeToLiveCommand({
        TableName: 'cart',
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: false },
      }),
    );
    await ensure();
    const { TimeToLiveDescription } = await dynamo().send(
      new DescribeTimeToLiveCommand({ TableName: 'cart' }),
    );
    expect(TimeToLiveDescription?.TimeToLiveStatus).not.toBe('ENABLED');
  });

  it('is used at once while it is UPDATING, for as long as that lasts', async () => {
    await begunRun(world, 'a');
    await ensure();
    const before = world.clock.now();
    expect(await ensure(staysIn('UPDATING'))).toEqual({ name: 'cart', outcome: 'CREATED' });
    expect(world.clock.now()).toBe(before);
  });
});

describe('time to live of a new table', () => {
  it('is asked for again when the answer was lost and DynamoDB still shows it as off', async () => {
    await begunRun(world, 'a');
    let changes = 0;
    let isLagging = true;
    const gate: Gate = async (operation, send) => {
      if (operation === 'UpdateTimeToLive') {
        changes += 1;
        if (changes > 1) {
          isLagging = false;
          throw Object.assign(new Error('TimeToLive is already enabled'), { name: 'ValidationException' });
        }
        await send();
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      }
      const answer = await send();
      if (operation !== 'DescribeTimeToLive' || !isLagging) return answer;
      const { output } = answer as { readonly output: object };
      return {
        ...(answer as object),
        output: { ...output, TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } },
      };
    };
    expect(await ensure(gate)).toEqual({ name: 'cart', outcome: 'CREATED' });
    expect(changes).toBe(2);
  });

  it('is asked for again where the tags that permit it do not show yet', async () => {
    await begunRun(world, 'a');
    let changes = 0;
    const gate: Gate = async (operation, send) => {
      if (operation !== 'UpdateTimeToLive') return send();
      changes += 1;
      if (changes > 2) return send();
      throw Object.assign(new Error('not authorized to perform: dynamodb:UpdateTimeToLive'), {
        name: 'AccessDeniedException',
      });
    };
    expect(await ensure(gate)).toEqual({ name: 'cart', outcome: 'CREATED' });
    expect(changes).toBe(3);
  });
});

describe('a wait for a table', () => {
  it('ends after ten minutes for good when the table stays CREATING, so that the state does not wait again', async () => {
    await begunRun(world, 'a');
    const startedAt = world.clock.now();
    await expect(ensure(fourMinutesALook(staysIn('CREATING')))).rejects.toMatchObject({
      name: 'TableUnavailableError',
      message: expect.stringContaining('still CREATING after 10 minutes'),
    });
    expect(world.clock.now() - startedAt).toBeLessThan(1_200_000);
  });

  it('ends after ten minutes for good when a table of that name is DELETING all the time', async () => {
    await begunRun(world, 'a');
    await ensure();
    await begunAgain();
    await expect(ensureOther(fourMinutesALook(staysIn('DELETING')))).rejects.toMatchObject({
      name: 'TableUnavailableError',
      message: expect.stringContaining('still being deleted after 10 minutes'),
    });
  });

  it('is not begun for a table that nobody can use', async () => {
    await begunRun(world, 'a');
    await ensure();
    await expect(ensure(staysIn('INACCESSIBLE_ENCRYPTION_CREDENTIALS'))).rejects.toMatchObject({
      name: 'TableUnavailableError',
      message: expect.stringContaining('INACCESSIBLE_ENCRYPTION_CREDENTIALS'),
    });
  });
});

async function begunAgain(): Promise<void> {
  await begunRun(world, 'b', { sourceTable: 'other' });
}
const ensureOther = (gate: Gate) =>
  ensureTable(world.runtime(gate), { spec: cartTable, runId: 'b', executionArn: executionArn('b') });

const limit = (message: string): Error =>
  Object.assign(new Error(message), { name: 'LimitExceededException' });

/** CreateTable is refused each time, four minutes after the last. */
function refusing(message: string) {
  const attempts = { count: 0 };
  const gate: Gate = (operation, send) => {
    if (operation !== 'CreateTable') return send();
    attempts.count += 1;
    world.clock.advance(240_000);
    throw limit(message);
  };
  return { gate, attempts };
}

describe('a table that DynamoDB refuses to create', () => {
  it.each([
    'Subscriber limit exceeded: There is a limit of 2500 tables per subscriber',
    'Account limit exceeded: the maximum number of tables is 2500',
  ])('fails the run at once when the account has no room for it: %s', async (message) => {
    await begunRun(world, 'a');
    const { gate, attempts } = refusing(message);
    await expect(ensure(gate)).rejects.toMatchObject({
      name: 'TableQuotaError',
      message: expect.stringMatching(
        /Table cart .*2500[^]*\naws service-quotas request-service-quota-increase .* --region ap-southeast-2/,
      ),
    });
    expect(attempts.count).toBe(1);
  });

  it.each([
    'Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously',
    'Subscriber limit exceeded: Only 1 table with local secondary index can be created simultaneously',
    'Too many operations for a given subscriber',
  ])(
    'fails the run for good after one budget of ten minutes when others are in creation: %s',
    async (message) => {
      await begunRun(world, 'a');
      const { gate, attempts } = refusing(message);
      await expect(ensure(gate)).rejects.toMatchObject({
        name: 'TableUnavailableError',
        message: expect.stringContaining('refused it for 10 minutes'),
      });
      expect(attempts.count).toBe(3);
    },
  );

  it('is created once there is room again', async () => {
    await begunRun(world, 'a');
    let refusals = 0;
    const gate: Gate = (operation, send) => {
      if (operation !== 'CreateTable' || refusals === 3) return send();
      refusals += 1;
      throw limit('Subscriber limit exceeded: Only 10 tables can be created simultaneously');
    };
    expect(await ensure(gate)).toEqual({ name: 'cart', outcome: 'CREATED' });
  });
});
