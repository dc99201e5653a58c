import { describe, expect, it } from 'vitest';
import { type MapMode, readMigrate } from '../../../workflow/simulate/definition.ts';
import { runMachine } from '../../../workflow/simulate/run-machine.ts';
import type { Json } from '../../../workflow/simulate/state-data.ts';

interface Cut {
  readonly shards: number;
  readonly turns?: number;
  readonly mode?: MapMode;
  readonly existing?: boolean;
}

/** Runs the definition with functions that answer at once; every worker needs so many turns. */
async function runWith({ shards, turns = 1, mode = 'INLINE', existing = false }: Cut) {
  const indexes = Array.from({ length: shards }, (_, index) => index);
  const answers: Record<string, (payload: Json) => Json> = {
    testConnection: () => ({ segments: indexes, shards: indexes, workers: 2 }),
    beginRun: (payload) => {
      const { machine, input, execution } = payload as Record<string, Json>;
      const run = {
        outcome: 'BEGUN',
        runId: 'r',
        dryRun: false,
        segments: indexes,
        shards: indexes,
        workers: 2,
      };
      return { machine, input, execution, run };
    },
    completeRun: () => ({ status: 'SUCCEEDED' }),
  };
  const invoke = async (key: string, payload: Json): Promise<Json> => {
    if (answers[key] !== undefined) return answers[key](payload);
    const { action, worker = payload } = payload as { action?: string; worker?: Json };
    if (action === 'judge') return { byKey: existing };
    const { turn = 0 } = worker as { turn?: number };
    return { ...(worker as object), turn: turn + 1, done: turn + 1 >= turns };
  };
  const nothing = (): Promise<void> => Promise.resolve();
  return runMachine(await readMigrate(mode), {
    invoke,
    transit: nothing,
    wait: nothing,
    execution: { Id: 'arn', Name: 'r', StartTime: 'now', Input: {} },
  });
}

describe('the history of migrate', () => {
  it('ends with the report as its output', async () => {
    const { output } = await runWith({ shards: 3 });

    expect(output).toEqual({ status: 'SUCCEEDED' });
  });

  it('grows by 7 events a turn', async () => {
    const [once, twice] = await Promise.all([
      runWith({ shards: 5, turns: 1 }),
      runWith({ shards: 5, turns: 2 }),
    ]);

    expect(twice.tally.ownEvents - once.tally.ownEvents).toBe(4 * 5 * 7);
  });

  it('grows by 4 events an iteration beside its turns', async () => {
    const [few, more] = await Promise.all([runWith({ shards: 5 }), runWith({ shards: 6 })]);

    expect(more.tally.ownEvents - few.tally.ownEvents).toBe(4 * (7 + 4));
  });

  it('does not grow with the turns of a DISTRIBUTED Map, whose iterations have histories of their own', async () => {
    const [once, often] = await Promise.all([
      runWith({ shards: 5, mode: 'DISTRIBUTED' }),
      runWith({ shards: 9, turns: 4, mode: 'DISTRIBUTED' }),
    ]);

    expect(often.tally.ownEvents).toBe(once.tally.ownEvents);
    expect(often.tally.childExecutions).toBe(4 * 9);
    expect(often.tally.longestChildEvents).toBe(2 + 4 * 7 + 2);
  });

  it('has one Map more where every key is compared', async () => {
    const [plain, compared] = await Promise.all([
      runWith({ shards: 5 }),
      runWith({ shards: 5, existing: true }),
    ]);

    expect(compared.tally.ownEvents - plain.tally.ownEvents).toBe(4 + 5 * (7 + 4));
  });
});
