import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { changeSync } from '../../../functions/shared/ledger/sync.ts';
import { addToMinute } from '../../../functions/shared/ledger/sync-records.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { OperatorContext } from '../../../workflow/cli/context.ts';
import { isOpen, newestSync } from '../../../workflow/cli/sync/find-sync.ts';
import { watchSync } from '../../../workflow/cli/sync/watch-sync.ts';
import { createLedgerWorld, type LedgerWorld } from '../../support/ledger-world.ts';
import { begunRun, sampleHolder } from '../../support/sample-run.ts';
import { recordingTerminal } from './recording-terminal.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await createLedgerWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const FOLLOWS = {
  follows: { runId: 'm1', startedAt: '2026-03-01T12:00:00.000Z', tables: [{ name: 'products-enhanced' }] },
};

/** Only what a look at a sync takes. */
const context = (): OperatorContext =>
  ({ ledger: world.observer.ledger, bucket: 'bucket', stage: 'test' }) as OperatorContext;

const openSync = (runId = 's1'): Promise<Run> =>
  begunRun(world, runId, { kind: 'sync', isStarted: true, ...FOLLOWS });

async function end(run: Run, to: 'CANCELLED'): Promise<void> {
  const holder = sampleHolder(run.runId);
  const { ledger } = world.observer;
  const cancelling = await changeSync(ledger, { run, to: 'CANCELLING', step: 'cancelling', holder });
  if (cancelling === undefined) throw new Error('The sync was changed by somebody else.');
  await changeSync(ledger, { run: cancelling, to, step: 'cancelled', holder, releases: true });
}

describe('npm run sync', () => {
  it('shows the sync once where lines cannot be redrawn', async () => {
    const run = await openSync();
    const minute = { minute: '2026-03-01T12:05', conflicts: 0, quarantined: 0, pending: 0, lastAt: 0 };
    const done = { ...minute, records: 4, repaired: 3, lagMillis: 2_000, maxLagMillis: 900 };
    await addToMinute(world.observer.ledger, { syncId: 's1', writer: 'w' }, done);
    const { terminal, lines } = recordingTerminal();
    expect(await watchSync(context(), run, { terminal, signal: new AbortController().signal })).toBe(0);
    expect(lines.join('\n')).toContain(
      '▲ Syncing. products-enhanced follows every change of table products.',
    );
    expect(lines.join('\n')).toMatch(/Lag +0\.5 s on average, 0\.9 s at most at 12:05 UTC/);
    expect(lines.filter((line) => line.includes('Syncing'))).toHaveLength(1);
  });

  it('prints the report as the one document', async () => {
    const run = await openSync();
    const stdout: string[] = [];
    const { terminal } = recordingTerminal({ json: true });
    const recorded = { ...terminal, document: (value: unknown) => void stdout.push(JSON.stringify(value)) };
    await watchSync(context(), run, { terminal: recorded, signal: new AbortController().signal });
    expect(stdout.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { runId: 's1', kind: 'sync', status: 'SYNCING', follows: { tables: ['products-enhanced'] } },
    ]);
  });

  it('looks again on a terminal until the sync ends', async () => {
    vi.stubEnv('CI', undefined);
    vi.stubEnv('TERM', 'xterm');
    const run = await openSync();
    const { terminal, text } = recordingTerminal({ isTTY: true });
    const watching = watchSync(context(), run, { terminal, signal: new AbortController().signal });
    await expect.poll(text).toContain('Syncing');
    await end(run, 'CANCELLED');
    expect(await watching).toBe(0);
    expect(text().split('\u001b[J').at(-1)).toContain('Cancelled');
    vi.unstubAllEnvs();
  });

  it('ends with 130 on Ctrl-C, and leaves the sync alone', async () => {
    vi.stubEnv('CI', undefined);
    vi.stubEnv('TERM', 'xterm');
    const run = await openSync();
    const { terminal, text } = recordingTerminal({ isTTY: true });
    const interrupt = new AbortController();
    const watching = watchSync(context(), run, { terminal, signal: interrupt.signal });
    await expect.poll(text).toContain('Syncing');
    interrupt.abort();
    expect(await watching).toBe(130);
    expect(await newestSync(context())).toMatchObject({ status: 'SYNCING' });
    vi.unstubAllEnvs();
  });
});

describe('the sync that is shown', () => {
  it('is the open one, else the newest that has ended', async () => {
    expect(await newestSync(context())).toBeUndefined();
    await end(await openSync('s1'), 'CANCELLED');
    const ended = await newestSync(context());
    expect(ended).toMatchObject({ runId: 's1', status: 'CANCELLED' });
    expect(ended && isOpen(ended)).toBe(false);
    await openSync('s2');
    const open = await newestSync(context());
    expect(open).toMatchObject({ runId: 's2', status: 'SYNCING' });
    expect(open && isOpen(open)).toBe(true);
  });

  it('is none of the migrations and compares', async () => {
    await begunRun(world, 'm1');
    expect(await newestSync(context())).toBeUndefined();
  });
});
