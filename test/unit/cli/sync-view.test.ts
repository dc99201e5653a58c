import { describe, expect, it } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import { sayCutOver } from '../../../workflow/cli/sync/cutover-view.ts';
import { noSyncSentence } from '../../../workflow/cli/sync/find-sync.ts';
import { exitCodeOfSync } from '../../../workflow/cli/sync/finish-sync.ts';
import { outcomeOfSync } from '../../../functions/shared/runs/sync-outcome.ts';
import { recordsPerSecond, syncRows } from '../../../workflow/cli/sync/sync-rows.ts';
import { redraw } from '../../../workflow/cli/sync/watch-sync.ts';
import { recordingTerminal } from './recording-terminal.ts';
import {
  checkedReportOf,
  compareReportOf,
  comparedOf,
  minuteOf,
  NOW,
  syncReportOf,
} from './sync-fixtures.ts';

const outcome = (report: SyncReport, failure: Parameters<typeof outcomeOfSync>[0]['failure'] = null) =>
  outcomeOfSync({ report, failure });

const GAP = { at: Date.parse('2026-03-01T13:30:00Z'), reason: 'The stream was trimmed.' };

describe('the headline of a sync', () => {
  it('is good while the target follows and nothing is left to do', () => {
    expect(outcome(syncReportOf())).toEqual({
      tone: 'good',
      word: 'Syncing',
      sentence: 'products-enhanced follows every change of table products.',
      nextStep: 'Watch it:\nnpm run sync -- --stage prod',
    });
  });

  it.each([
    ['a key is pending', { pending: { count: 1, keys: ['id 7'], reasons: ['It changed at every look.'] } }],
    [
      'a target item was changed by others',
      { conflicts: { count: 1, keys: ['id 7'], reasons: ['It changed at every look.'] } },
    ],
    [
      'a source item cannot be transformed',
      { quarantined: { count: 1, keys: ['id 7'], reasons: ['It changed at every look.'] } },
    ],
    ['it has not been compared yet', { compared: null }],
    ['the last compare left differences', { compared: comparedOf({ differing: 1 }) }],
    ['changes may have been missed and no compare began since', { gap: GAP }],
  ])('is worth a look when %s', (_what, changes) => {
    expect(outcome(syncReportOf(changes)).tone).toBe('notice');
  });

  it('is good again when a compare began after the gap', () => {
    const compared = comparedOf({ startedAt: GAP.at + 1 });
    expect(outcome(syncReportOf({ gap: GAP, compared })).tone).toBe('good');
  });

  it('is bad for a compare without a sync that has found differences, because nothing repairs them', () => {
    expect(outcome(compareReportOf())).toMatchObject({ tone: 'bad', word: 'Compared' });
    expect(outcome(compareReportOf({ compared: comparedOf() })).tone).toBe('good');
  });

  it('says that the execution failed, and what is true of the sync all the same', () => {
    const failure = { error: 'SyncRefusedError', cause: 'A writer is not frozen.' };
    expect(outcome(syncReportOf(), failure)).toMatchObject({
      tone: 'bad',
      word: 'Failed',
      sentence: 'The last execution failed. products-enhanced follows every change of table products.',
    });
  });

  it('counts the checks that stand in the way of a cut over', () => {
    expect(outcome(checkedReportOf(true))).toMatchObject({
      tone: 'good',
      sentence: 'Nothing stands in the way of a cut over: all 2 checks are good. Nothing was changed.',
    });
    expect(outcome(checkedReportOf(false))).toMatchObject({
      tone: 'bad',
      sentence: '1 check of 2 stands in the way of a cut over. Nothing was changed.',
    });
  });
});

describe('the lines about a sync', () => {
  const linesOf = (report: SyncReport): Record<string, string> => Object.fromEntries(syncRows(report, NOW));

  it('say lag, records a second, what is pending and repaired, and when it was compared', () => {
    expect(linesOf(syncReportOf())).toEqual({
      Source: 'products into products-enhanced, as migration migrate-20260301T120000Z-4f2a9c made it',
      Since: '2026-03-01 13:00:00 UTC',
      Lag: '0.2 s on average, 1.4 s at most in this minute; 2.5 s at most since the start',
      Records: '20/s in the last two minutes, 3,000 since the start',
      Repaired: '2,300 source items brought up to date by changes',
      Pending: '0',
      Compared:
        '1 h ago: 5,000 source items and 24,995 target items were compared: 7 repaired, 0 still differ, 0 changed by others, 0 cannot be transformed.',
      Conflicts: '0',
      Quarantined: '0',
    });
  });

  it('speak of one thing that differs as such', () => {
    const compared = comparedOf({ differing: 1, repaired: 1 });
    expect(linesOf(syncReportOf({ compared }))['Compared']).toContain('1 repaired, 1 still differs, ');
  });

  it('name the keys that wait and why, and say that there are more', () => {
    const pending = {
      count: 12,
      keys: ['id 7', 'id 8'],
      reasons: ['It changed at every look.', 'It changed at every look.'],
    };
    const rows = syncRows(syncReportOf({ pending }), NOW);
    const at = rows.findIndex(([label]) => label === 'Pending');
    expect(rows.slice(at, at + 3)).toEqual([
      ['Pending', '12: id 7, id 8 and 10 more'],
      ['', 'id 7: It changed at every look.'],
      ['', 'id 8: It changed at every look.'],
    ]);
  });

  it('say when changes may have been missed, and whether a compare has looked since', () => {
    const open = linesOf(syncReportOf({ gap: GAP }));
    expect(open['Gap']).toBe(
      'Changes may have been missed at 2026-03-01 13:30:00 UTC. The stream was trimmed. No compare has looked for them since.',
    );
    const compared = comparedOf({ startedAt: GAP.at + 1 });
    expect(linesOf(syncReportOf({ gap: GAP, compared }))['Gap']).toContain('A compare has looked');
  });

  it('say so where nothing was followed or compared yet', () => {
    const fresh = syncReportOf({ compared: null, minutes: [] });
    expect(linesOf(fresh)).toMatchObject({ Lag: 'no change has been followed yet', Compared: 'not yet' });
  });

  it('leave out what a compare without a sync does not have', () => {
    const lines = linesOf(compareReportOf());
    expect(lines).toMatchObject({ Differing: '3: id 7, id 8, id 9' });
    expect(Object.keys(lines)).not.toEqual(expect.arrayContaining(['Lag']));
  });

  it('count records a second over this minute and the one before, not since long ago', () => {
    expect(recordsPerSecond(syncReportOf(), NOW)).toBe(1_800 / 90);
    expect(recordsPerSecond(syncReportOf(), NOW + 600_000)).toBe(0);
  });

  it('count records a second since the look before, where there was one', () => {
    const before = { at: NOW - 2_000, records: 2_990 };
    const rows = syncRows(syncReportOf(), NOW, before);
    expect(rows).toContainEqual(['Records', '5.0/s now, 3,000 since the start']);
  });

  it('say how long ago the last minute with changes was', () => {
    const [[, lag] = []] = syncRows(syncReportOf(), NOW + 600_000).filter(([label]) => label === 'Lag');
    expect(lag).toContain('1.4 s at most at 14:05 UTC, 9 min 30 s ago;');
  });

  it('count the first records of a young sync over its age', () => {
    const young = {
      startedAt: '2026-03-01T14:05:20.000Z',
      minutes: [minuteOf('2026-03-01T14:05', { records: 50 })],
    };
    expect(recordsPerSecond(syncReportOf(young), NOW)).toBe(5);
  });
});

describe('exit codes of the machine sync', () => {
  const codeOf = (report: SyncReport, input: unknown, failed = false): number =>
    exitCodeOfSync(
      { report, failure: failed ? { error: 'E', cause: 'c' } : null },
      { input: JSON.stringify(input) },
    );

  it('are 0 for what is done and 1 for what failed', () => {
    expect(codeOf(syncReportOf({ status: 'SWITCHED' }), { action: 'cutover', frozen: true })).toBe(0);
    expect(codeOf(syncReportOf(), { action: 'cutover', frozen: true }, true)).toBe(1);
  });

  it('are 6 for a compare that leaves differences, and 0 where it repaired them', () => {
    expect(codeOf(compareReportOf(), { action: 'compare' })).toBe(6);
    expect(codeOf(syncReportOf(), { action: 'compare' })).toBe(0);
  });

  it('are 0 for a sync that has begun, although a busy key still differs', () => {
    expect(codeOf(syncReportOf({ compared: comparedOf({ differing: 1 }) }), {})).toBe(0);
  });

  it('are 3 for a dry run whose checks would refuse the cut over', () => {
    expect(codeOf(checkedReportOf(false), { action: 'cutover', dryRun: true })).toBe(3);
    expect(codeOf(checkedReportOf(true), { action: 'cutover', dryRun: true })).toBe(0);
  });
});

describe('a dry run of a cut over', () => {
  const said = (): readonly string[] => {
    const { terminal, lines } = recordingTerminal();
    const report = checkedReportOf(false);
    const { checks = [], freeze } = report;
    sayCutOver(terminal, report, { checks, freeze });
    return lines;
  };

  it('marks every check with what it means', () => {
    expect(said()).toEqual(
      expect.arrayContaining([
        '  ✔ The event source mapping 0f5d is Enabled.',
        '  ✖ 2 keys wait to be reconciled (id 7, id 8).',
      ]),
    );
  });

  it('prints the commands that freeze, cut over and undo, each whole on a line of its own and in that order', () => {
    const lines = said();
    const commands = [
      "aws dynamodb put-resource-policy --resource-arn arn:products --policy '{}' --expected-revision-id NO_POLICY",
      'npm run cutover -- --stage prod --frozen',
      'aws dynamodb delete-resource-policy --resource-arn arn:products',
    ];
    expect(lines.map((line) => line.trim()).filter((line) => commands.includes(line))).toEqual(commands);
    const own = lines.findIndex((line) => line.includes('Switch the shop to read-only'));
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThan(lines.findIndex((line) => line.includes('put-resource-policy')));
  });

  it('says what a cut over does before it says how to freeze', () => {
    const lines = said();
    expect(lines.indexOf('What a cut over does')).toBeLessThan(lines.indexOf('How to freeze products'));
    expect(lines.join('\n')).toContain('SWITCHED, if nothing differs and nothing has arrived since');
  });
});

const PROD = { stage: 'prod', region: 'ap-southeast-2' } as const;

describe('where no sync is open', () => {
  const sync = { runId: 's1', startedAt: '2026-03-01T13:00:00.000Z', finishedAt: '2026-03-01T14:00:00.000Z' };

  it('the command that starts one is said', () => {
    expect(noSyncSentence(undefined, PROD)).toBe(
      'No sync is open.\nStart one:\nnpm run sync -- --stage prod --start\nIn the console, start sync with {}',
    );
    const cancelled = { ...sync, status: 'CANCELLED' } as Run;
    expect(noSyncSentence(cancelled, PROD)).toContain(
      's1, has been CANCELLED since 2026-03-01T14:00:00.000Z',
    );
  });

  it('nobody who has switched is told to start another', () => {
    const sentence = noSyncSentence({ ...sync, status: 'SWITCHED' } as Run, PROD);
    expect(sentence).toContain('The shop uses the target.');
    expect(sentence).not.toContain('--start');
  });
});

describe('redraw', () => {
  it('writes over what it has written, counting the rows that a long line takes', () => {
    const { terminal, text } = recordingTerminal({ isTTY: true });
    const draw = redraw(terminal);
    draw(['short', 'x'.repeat(81)]);
    draw(['again']);
    expect(text()).toBe(`short\n${'x'.repeat(81)}\n\u001b[3A\u001b[Jagain\n`);
  });
});
