import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { announceTable, listTables } from '../../../functions/shared/ledger/table-record.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { createLedgerWorld, type Gate, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun } from '../../support/sample-run.ts';

/** Cancels the first transactions for these reasons, as DynamoDB words them. */
function cancelling(times: number, ...codes: readonly string[]): { readonly gate: Gate; cancelled: number } {
  const seen = {
    cancelled: 0,
    gate: async (operation: string, send: () => Promise<unknown>): Promise<unknown> => {
      if (!operation.startsWith('TransactWrite') || seen.cancelled >= times) return send();
      seen.cancelled += 1;
      throw new TransactionCanceledException({
        message: `Transaction cancelled [${codes.join(', ')}]`,
        $metadata: {},
        CancellationReasons: codes.map((Code) => ({ Code })),
      });
    },
  };
  return seen;
}

describe('a transaction on the ledger', () => {
  let world: LedgerWorld;
  beforeAll(async () => void (world = await createLedgerWorld()));
  beforeEach(() => world.reset());
  afterAll(() => world.stop());

  const announce = async (gate: Gate): Promise<void> => {
    const { runId, executionArn } = await begunRun(world, 'a');
    const { ledger } = world.runtime(gate);
    await announceTable(ledger, { runId, executionArn, name: 'cart', now: 1, outcome: 'INTENT' });
  };

  it('is made again when another branch checks the same run just then', async () => {
    const seen = cancelling(3, 'TransactionConflict', 'None');
    await announce(seen.gate);
    expect(seen.cancelled).toBe(3);
    expect(await listTables(world.observer.ledger, 'a')).toMatchObject([{ name: 'cart', outcome: 'INTENT' }]);
  });

  it('that was throttled is no refusal: the run is committed all the same', async () => {
    const run = await begunRun(world, 'a');
    const { gate } = cancelling(1, 'None', 'ThrottlingError');
    const change = { run, to: 'SUCCEEDED', lock: 'release', writer: 'me' } as const;
    expect(await transition(world.runtime(gate).ledger, change)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('whose condition does not hold is not made again', async () => {
    const seen = cancelling(9, 'ConditionalCheckFailed', 'TransactionConflict');
    await expect(announce(seen.gate)).rejects.toMatchObject({ name: 'TransientError' });
    expect(seen.cancelled).toBe(1);
  });

  it('that can never be made is thrown as it is', async () => {
    const seen = cancelling(9, 'ValidationError', 'None');
    await expect(announce(seen.gate)).rejects.toMatchObject({ name: 'TransactionCanceledException' });
    expect(seen.cancelled).toBe(1);
  });
});
