import { describe, expect, it } from 'vitest';
import type { Compared } from '../../../functions/shared/ledger/sync-facts.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { CompareResult, ComparedKeys } from '../../../workflow/cli/compare-result.ts';
import { sayCompare } from '../../../workflow/cli/compare-view.ts';
import { recordingTerminal } from './recording-terminal.ts';

const NOTHING: ComparedKeys = {
  repaired: [],
  differing: [],
  conflicts: [],
  quarantined: [],
  expired: [],
  foreign: [],
};

function resultOf(
  found: Partial<Compared>,
  { keys = {}, kind = 'sync' }: { keys?: Partial<ComparedKeys>; kind?: Run['kind'] } = {},
): CompareResult {
  const run = {
    runId: 'sync-1',
    kind,
    status: kind === 'sync' ? 'SYNCING' : 'SUCCEEDED',
    sourceTable: 'products',
    follows: { runId: 'run-1', startedAt: '', tables: [{ name: 'products-enhanced' }] },
    parameters: { writeUnitsPerSecond: 20 },
  } as unknown as Run;
  const compared: Compared = {
    executionArn: 'arn:aws:states:::execution:sync:one',
    startedAt: 1_000,
    finishedAt: 13_000,
    repairs: kind === 'sync',
    sourceItems: 1_000,
    targetItems: 5_000,
    repaired: 0,
    differing: 0,
    conflicts: 0,
    quarantined: 0,
    expired: 0,
    ...found,
  };
  return { run, compared, keys: { ...NOTHING, ...keys } };
}

function said(result: CompareResult): string {
  const { terminal, text } = recordingTerminal();
  sayCompare(terminal, result, { stage: 'prod', region: 'ap-southeast-2' });
  return text();
}

const COMPARED = '1,000 products of products and 5,000 items of products-enhanced compared in 12 s';

describe('what a compare prints', () => {
  it('is one line where nothing differs', () => {
    expect(said(resultOf({})).trim()).toBe(`✔ ${COMPARED}: nothing differs.`);
  });

  it('names what was repaired and what stays', () => {
    const found = { repaired: 2, conflicts: 1, quarantined: 1, foreign: 1 };
    const keys = {
      repaired: ['p-1', 'p-2'],
      conflicts: ['products-enhanced: PRODUCT#p-7 / METADATA'],
      quarantined: ['p-6'],
      foreign: ['products-enhanced: BANNER / 1'],
    };
    const text = said(resultOf(found, { keys }));
    expect(text).toContain(`▲ ${COMPARED}: all that differed was repaired.`);
    expect(text).toContain('Repaired     2 products with items written or deleted: p-1, p-2');
    expect(text).toContain(
      'Conflicts    1 item changed or added by others, left alone: products-enhanced: PRODUCT#p-7 / METADATA',
    );
    expect(text).toContain('Quarantined  1 product impossible to transform, left alone: p-6');
    expect(text).toContain('Foreign      1 item of no product: no difference');
    expect(text).not.toContain('Now');
  });

  it.each([
    ['sync', true, 'They changed at every look'],
    ['compare', false, 'npm run sync -- --stage prod --start --run run-1 --write-units-per-second 20'],
    ['sync', false, 'because the sync is switching'],
  ] as const)('says what to do where something differs: %s that repairs: %s', (kind, repairs, next) => {
    const text = said(resultOf({ differing: 1, repairs }, { kind, keys: { differing: ['p-3'] } }));
    expect(text).toContain(`✖ ${COMPARED}: 1 of the products differs.`);
    expect(text).toContain(next);
  });

  it.each([
    [1, 'again, which writes them again', 'changed at every look'],
    [2, 'The others changed at every look', 'They changed'],
  ] as const)('says which of %i that differ only a person can change', (differing, next, unsaid) => {
    const text = said(resultOf({ differing, byHand: 1 }));
    expect(text).toContain('1 target item has more attributes than a condition can name');
    expect(text).toContain('Delete each of them from the target by hand');
    expect(text).toContain(next);
    expect(text).not.toContain(unsaid);
  });

  it('counts target items that only a person can change as such, and no product twice', () => {
    const text = said(resultOf({ differing: 3, byHand: 1 }));
    expect(text).toMatch(/: 2 of the products differ, 1 target item differs\./);
    expect(text).toContain('3 keys not in step with the target');
    expect(said(resultOf({ differing: 2, byHand: 2 }))).toContain(': 2 target items differ.');
  });

  it('lists ten keys of a kind, and says that there are more', () => {
    const keys = { differing: Array.from({ length: 12 }, (_, index) => `p-${index}`) };
    expect(said(resultOf({ differing: 12 }, { keys }))).toContain('p-9, …');
  });

  it('obeys no control character of a key', () => {
    expect(said(resultOf({ differing: 1 }, { keys: { differing: ['p\u001b[2J'] } }))).toContain(
      'p\\u001b[2J',
    );
  });
});
