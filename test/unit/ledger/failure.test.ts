import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFirstFailure, recordFailure } from '../../../functions/shared/ledger/failure.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { executionArn } from '../../support/sample-run.ts';

describe('the failures of a run', () => {
  let world: LedgerWorld;
  beforeAll(async () => void (world = await createLedgerWorld()));
  beforeEach(() => world.reset());
  afterAll(() => world.stop());

  const record = (execution: string, error: string): Promise<void> =>
    recordFailure(world.observer.ledger, 'a', {
      executionArn: executionArn(execution),
      error,
      cause: `${error}.`,
      state: 'MigrateProducts',
      at: '2026-05-01T00:00:00.000Z',
    });
  const first = async (execution: string): Promise<string | undefined> => {
    const failure = await findFirstFailure(world.observer.ledger, {
      runId: 'a',
      executionArn: executionArn(execution),
    });
    return failure?.error;
  };

  it('have the first recorded one as their root cause', async () => {
    expect(await first('a')).toBeUndefined();
    await record('a', 'One');
    await record('a', 'Two');
    expect(await first('a')).toBe('One');
  });
  it('cost two requests each, however many workers have failed before', async () => {
    const send = vi.spyOn(world.observer.ledger.client, 'send');
    for (let worker = 0; worker < 5; worker += 1) await record('a', `Error${worker}`);
    expect(send).toHaveBeenCalledTimes(9);
    send.mockRestore();
    expect(await first('a')).toBe('Error0');
  });
  it('are told apart by execution: a resumed run fails for reasons of its own', async () => {
    await record('a', 'One');
    expect(await first('resumed')).toBeUndefined();
    await record('resumed', 'Two');
    expect(await first('resumed')).toBe('Two');
    expect(await first('a')).toBe('One');
  });
});
