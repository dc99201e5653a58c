import { describe, expect, it } from 'vitest';
import { parseSyncInput } from '../../../functions/control-sync/sync-input.ts';

describe('a field that the action would ignore', () => {
  it.each([
    [{ dryRun: true }, '"dryRun" is for "action": "cutover" only, and the action is "start"'],
    [{ frozen: true }, '"frozen" is for "action": "cutover" only, and the action is "start"'],
    [
      { action: 'compare', dryRun: true },
      '"dryRun" is for "action": "cutover" only, and the action is "compare"',
    ],
    [{ action: 'cancel', note: 'n' }, '"note" is for "action": "start" and "compare" only'],
    [{ action: 'cutover', frozen: true, confirm: 's1' }, '"confirm" is for "action": "start" only'],
    [{ action: 'compare', maxQuarantined: 3 }, '"maxQuarantined" is for "action": "cutover" only'],
    [{ recover: true }, '"recover" is for "action": "cancel" only'],
  ])('is refused, because something else would be done than was asked for: %j', (typed, problem) => {
    expect(() => parseSyncInput(typed)).toThrow(`The input of the sync cannot be used: ${problem}`);
  });

  it.each([
    [{}],
    [{ dryRun: false, frozen: false }],
    [{ action: 'start', runId: 'm', confirm: 's1', allowEmpty: true, note: 'n', maxConcurrency: 2 }],
    [{ action: 'compare', readUnitsPerSecond: 5, allowEmpty: true }],
    [{ action: 'cutover', frozen: true, maxQuarantined: 3 }],
    [{ action: 'cancel', runId: 's1', recover: true, Comment: 'console' }],
  ])('is none of %j', (typed) => {
    expect(parseSyncInput(typed)).toMatchObject({ maxQuarantined: expect.any(Number) as number });
  });
});
