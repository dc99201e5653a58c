import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { Shard, ShardState } from '../../../functions/shared/ledger/shard.ts';
import { isStateDone, type Progress, progressBeforeRun, progressOf } from '../../../workflow/cli/progress.ts';
import { progressView } from '../../../workflow/cli/progress-view.ts';
import type { Terminal } from '../../../workflow/cli/terminal.ts';
import { createScreen } from '../../support/screen.ts';
import { recordingTerminal } from './recording-terminal.ts';

const run = {
  runId: 'r1',
  plan: { segments: [0, 1], shards: [0, 1], workers: 2, estimatedProducts: 900 },
} as unknown as Run;

const shard = (state: ShardState, changes: Partial<Shard>): Shard =>
  ({
    state,
    shard: 0,
    done: false,
    counters: {},
    marks: [],
    startedAt: 0,
    updatedAt: 0,
    ...changes,
  }) as Shard;

const rehearsed = {
  ...run,
  backup: { items: 1_000 },
  rehearsal: { metadata: 990, variants: 3_010, quarantined: 10 },
} as Run;

describe('progressOf', () => {
  it('counts a Map against the estimate while it goes on', () => {
    const shards = new Map([
      [
        'BackupProducts',
        [shard('BackupProducts', { counters: { items: 300, throttles: 2 }, updatedAt: 3_000 })],
      ],
    ] as const);
    const progress = progressOf(run, shards, { state: 'BackupProducts', now: 3_000 });
    expect(progress.stages).toEqual([
      {
        state: 'BackupProducts',
        items: 300,
        itemsNow: 300,
        total: 900,
        isDone: false,
        // The second worker, which has not saved yet, counts like the first.
        itemsPerSecond: 200,
        secondsLeft: 3,
        seconds: 3,
      },
    ]);
    expect(progress).toMatchObject({ throttles: 2, quarantined: 0, state: 'BackupProducts' });
  });

  it('is done with a Map only when every shard is', () => {
    const done = shard('MigrateProducts', { done: true, counters: { items: 2_000 }, updatedAt: 4_000 });
    const one = new Map([['MigrateProducts', [done]]] as const);
    expect(progressOf(rehearsed, one, { state: undefined, now: 9_000 }).stages[0]).toMatchObject({
      isDone: false,
      total: 4_000,
    });
    const both = new Map([['MigrateProducts', [done, { ...done, shard: 1 }]]] as const);
    expect(progressOf(rehearsed, both, { state: undefined, now: 9_000 }).stages[0]).toMatchObject({
      isDone: true,
      items: 4_000,
      seconds: 4,
      itemsPerSecond: 1_000,
    });
  });

  it('takes the quarantine from the rehearsal as it grows, then from its result', () => {
    const growing = new Map([
      ['TransformProducts', [shard('TransformProducts', { counters: { products: 5, quarantined: 3 } })]],
    ] as const);
    expect(progressOf(run, growing, { state: undefined, now: 1 }).quarantined).toBe(3);
    expect(progressOf(rehearsed, growing, { state: undefined, now: 1 }).quarantined).toBe(10);
  });
});

describe('progress of a sync', () => {
  const sync = { ...run, kind: 'sync', status: 'SYNCING', executionArn: 'arn:2' } as Run;
  const compared = (basis: string, changes: Partial<Shard> = {}): readonly Shard[] =>
    [0, 1].map((index) =>
      shard('CompareSource', { shard: index, basis, done: true, counters: { sourceItems: 10 }, ...changes }),
    );
  const stagesOf = (of: Run, shards: readonly Shard[]) =>
    progressOf(of, new Map([['CompareSource', shards]] as const), { state: undefined, now: 1 }).stages;

  it('counts the shards of the present compare', () => {
    expect(stagesOf(sync, compared('arn:2#SYNCING'))).toMatchObject([{ isDone: true, items: 20 }]);
    const half = [...compared('arn:2#SYNCING').slice(0, 1), ...compared('arn:1#SYNCING').slice(1)];
    expect(stagesOf(sync, half)).toMatchObject([{ isDone: false, items: 10 }]);
  });

  it('takes nothing from an earlier compare: neither of another execution nor of the same cut over', () => {
    expect(stagesOf(sync, compared('arn:1#SYNCING'))).toEqual([]);
    expect(stagesOf(sync, compared('arn:2#SWITCHING'))).toEqual([]);
    expect(isStateDone(sync, 'CompareSource', compared('arn:2#SWITCHING'))).toBe(false);
  });

  it('still shows the compare after which the shop has switched, or which has ended', () => {
    const switched = { ...sync, status: 'SWITCHED' } as Run;
    expect(stagesOf(switched, compared('arn:2#SWITCHING'))).toMatchObject([{ isDone: true }]);
    const compare = { ...sync, kind: 'compare', status: 'SUCCEEDED' } as Run;
    expect(stagesOf(compare, compared('arn:2#RUNNING'))).toMatchObject([{ isDone: true }]);
  });

  it('expects as many items as the last compare has found, before that as the migration', () => {
    const known = { ...sync, compared: { sourceItems: 50 } } as Run;
    const going = compared('arn:2#SYNCING', { done: false });
    expect(stagesOf(known, going)).toMatchObject([{ items: 20, total: 50 }]);
    expect(stagesOf(sync, going)).toMatchObject([{ items: 20, total: 900 }]);
  });
});

describe('progressView on a terminal', () => {
  /** What is on the screen after each drawing: a bar a line, without colours and cursor movements. */
  const drawnAt = (
    columns: number,
    times: readonly number[],
    more: Partial<Progress> = {},
  ): readonly string[] => {
    let now = 0;
    let screen = '';
    const write = (text: string): boolean => ((screen += text), true);
    const stream = { isTTY: true, columns, write, on: () => stream, removeListener: () => stream };
    const terminal: Terminal = {
      ...recordingTerminal().terminal,
      isLive: true,
      width: columns,
      stream: stream as unknown as NodeJS.WriteStream,
    };
    const view = progressView(terminal, () => now);
    const shards = [0, 1].map((index) =>
      shard('MigrateProducts', { shard: index, counters: { items: 500 }, updatedAt: 10_000 }),
    );
    const progress = progressOf(rehearsed, new Map([['MigrateProducts', shards]] as const), {
      state: 'MigrateProducts',
      now: 10_000,
    });
    return times.map((time) => {
      now = time;
      screen = '';
      view.show({ ...progress, step: { number: 7, of: 9 }, startedAt: -20_000, ...more });
      view.end();
      return stripVTControlCharacters(screen);
    });
  };

  it('says which step of how many it is, and for how long it has gone on', () => {
    expect(drawnAt(120, [10_000])[0]).toContain(
      'MigrateProducts, step 7 of 9, 30 s so far, 10 in quarantine',
    );
  });

  it('says first that it is paused, because the end of the line may not fit', () => {
    expect(drawnAt(60, [10_000], { paused: 'paused since 2026-03-01 12:00:05 UTC by alice' })[0]).toContain(
      'MigrateProducts, paused since 2026-03-01 12:00:05 UTC b…',
    );
  });

  it('shows a bar, the items and the time left, and on a narrow terminal the percentage', () => {
    expect(drawnAt(120, [10_000])[0]).toMatch(/MigrateProducts +━+─+ 1,000 of 4,000 +100\/s, 30 s left/);
    const [narrow = ''] = drawnAt(60, [10_000]);
    expect(narrow).toMatch(/MigrateProducts +━━━─────── +25 % 30 s left/);
    const lengths = narrow.split('\n').map((line) => line.trimEnd().length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(60);
  });

  it('leaves the bar out on a terminal that is too narrow for it', () => {
    const [narrow = ''] = drawnAt(40, [10_000]);
    expect(narrow).toMatch(/● MigrateProducts +25 % 30 s left/);
    const lengths = narrow.split('\n').map((line) => line.trimEnd().length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(40);
  });
});

describe('a remark while bars are drawn', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('stays above them, and nothing of an older drawing is left behind', () => {
    vi.stubEnv('CI', undefined);
    vi.stubEnv('TERM', 'xterm');
    const { terminal, text } = recordingTerminal({ isTTY: true });
    const view = progressView(terminal, () => 0);
    const shown = { ...progressBeforeRun('TestConnection'), startedAt: 0 };
    view.show(shown);
    terminal.complain('No answer. The run goes on; looking again ...');
    view.show({ ...shown, state: 'BeginRun' });
    view.show({ ...shown, state: 'Migrated', endedAfter: 61 });
    view.end();
    terminal.complain('Stopping ...');
    const screen = createScreen(80);
    screen.write(text());
    expect(screen.lines()).toEqual([
      'No answer. The run goes on; looking again ...',
      '  Migrated, ended after 1 min 1 s',
      'Stopping ...',
      '',
    ]);
  });
});

describe('progressView without a terminal', () => {
  it('writes a line for each state, for each Map that ends, and now and then for the one that goes on', () => {
    const { terminal, lines } = recordingTerminal();
    let now = 0;
    const view = progressView(terminal, () => now);
    const going = (items: number, done: boolean) =>
      new Map([
        [
          'BackupProducts',
          [0, 1].map((index) =>
            shard('BackupProducts', { shard: index, done, counters: { items }, updatedAt: now }),
          ),
        ],
      ] as const);
    view.show(progressBeforeRun('TestConnection'));
    view.show(progressOf(run, going(50, false), { state: 'BackupProducts', now: 1_000 }));
    now = 2_000;
    view.show(progressOf(run, going(100, false), { state: 'BackupProducts', now: 2_000 }));
    now = 6_000;
    view.show(progressOf(run, going(300, false), { state: 'BackupProducts', now: 6_000 }));
    now = 8_000;
    view.show(progressOf(run, going(450, true), { state: 'TransformProducts', now: 8_000 }));
    view.end();
    expect(lines).toEqual([
      '00:00:00  TestConnection',
      '00:00:00  BackupProducts',
      '00:00:06  BackupProducts   600 of 900 items, 100/s, 3.0 s left',
      '00:00:08  BackupProducts   900 items, done in 8.0 s',
      '00:00:08  TransformProducts',
    ]);
  });

  it('writes no comma after the items of a Map that has no pace yet', () => {
    let now = 0;
    const { terminal, lines } = recordingTerminal();
    const view = progressView(terminal, () => now);
    const paused = {
      ...run,
      status: 'RUNNING',
      paused: { at: '2026-03-01T12:00:00.000Z', by: 'me' },
    } as unknown as Run;
    const shards = new Map([
      ['BackupProducts', [shard('BackupProducts', { counters: { items: 50 } })]],
    ] as const);
    view.show(progressOf(paused, shards, { state: 'BackupProducts', now }));
    now = 6_000;
    view.show(progressOf(paused, shards, { state: 'BackupProducts', now }));
    expect(lines.at(-1)).toBe('00:00:06  BackupProducts   50 of 900 items');
  });

  it('writes the states of a loop once, and those that follow it', () => {
    const { terminal, lines } = recordingTerminal();
    const view = progressView(terminal, () => 0);
    const turn = ['Drain', 'SettlePending', 'WaitForQuiet'];
    for (const state of [...turn, ...turn, 'Drain', 'BeginSwitching', 'CompareSource'])
      view.show(progressBeforeRun(state));
    expect(lines.map((line) => line.slice(10))).toEqual([...turn, 'BeginSwitching', 'CompareSource']);
  });
});
