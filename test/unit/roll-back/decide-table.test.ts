import { describe, expect, it } from 'vitest';
import { decideTable, isIntentWaitOver, type TableFacts } from '../../../functions/roll-back/decide-table.ts';

type Existing = NonNullable<TableFacts['existing']>;

const ours: Existing = { tableId: 'id-1', runTag: 'run-a', status: 'ACTIVE' };
const decide = (facts: Partial<TableFacts>) =>
  decideTable({
    runId: 'run-a',
    recorded: { outcome: 'CREATED', tableId: 'id-1' },
    isIntentWaitOver: true,
    ...facts,
  });

describe('what becomes of a table when its run is rolled back', () => {
  it.each(['EXISTED', 'DELETED'] as const)(
    'does nothing about one recorded as %s, whatever exists there',
    (outcome) => {
      expect(decide({ recorded: { outcome, tableId: 'id-1' }, existing: ours })).toEqual({
        action: 'nothing',
      });
    },
  );

  it('looks inside before it deletes anything', () => {
    expect(decide({ existing: ours })).toEqual({ action: 'look inside' });
  });

  it('deletes where intent, tag and TableId agree and nothing of the shop is inside', () => {
    expect(decide({ existing: ours, contents: 'nothing of the shop' })).toEqual({ action: 'delete' });
  });

  it('keeps a table that holds something of the shop, and says so', () => {
    expect(decide({ existing: ours, contents: 'something of the shop' })).toEqual({
      action: 'keep',
      remark: 'it holds items that are not as this run wrote them',
    });
  });

  it('keeps a table with replicas before it is closed or looked into, and names their Regions', () => {
    expect(decide({ existing: { ...ours, replicas: 'us-east-1' } })).toEqual({
      action: 'keep',
      remark: 'it is a global table (us-east-1)',
    });
  });

  it('keeps a table of the same name with another TableId, even when it carries the tag', () => {
    const existing = { ...ours, tableId: 'id-2' };
    expect(decide({ existing, contents: 'nothing of the shop' })).toEqual({
      action: 'keep',
      remark: 'somebody else has since created a table of this name',
    });
  });

  it.each([undefined, 'run-b'])('keeps a created table whose tag says %s', (runTag) => {
    const decision = decide({ existing: { ...ours, runTag }, contents: 'nothing of the shop' });
    expect(decision).toEqual({
      action: 'keep',
      remark: 'its tag migration:run is not run-a, so nothing shows that this run created it',
    });
  });

  it('waits for the tags of a created table, which may show late', () => {
    const existing = { ...ours, runTag: undefined };
    expect(decide({ existing, isIntentWaitOver: false })).toEqual({ action: 'wait' });
  });

  it('notes a created table that is gone', () => {
    expect(decide({})).toEqual({ action: 'note deleted' });
  });

  it.each(['CREATING', 'DELETING'])('waits for one that is %s, whatever is known of it', (status) => {
    const existing = { ...ours, status, runTag: undefined };
    for (const outcome of ['INTENT', 'CREATED', 'KEPT'] as const)
      expect(decide({ recorded: { outcome }, existing })).toEqual({ action: 'wait' });
    expect(decide({ recorded: { outcome: 'EXISTED' }, existing })).toEqual({ action: 'nothing' });
  });

  it('decides again about a table that an earlier roll back kept', () => {
    const recorded = { outcome: 'KEPT', tableId: 'id-1' } as const;
    expect(decide({ recorded, existing: ours })).toEqual({ action: 'look inside' });
    expect(decide({ recorded })).toEqual({ action: 'note deleted' });
  });
});

describe('a table that was announced, and no more is known', () => {
  const recorded = { outcome: 'INTENT' } as const;

  it('may still appear, so it is looked for again until the wait is over', () => {
    expect(decide({ recorded, isIntentWaitOver: false })).toEqual({ action: 'wait' });
    expect(decide({ recorded, isIntentWaitOver: true })).toEqual({ action: 'note deleted' });
  });

  it('may show its tags late, so without any nothing is decided before the wait is over', () => {
    const existing = { ...ours, runTag: undefined };
    expect(decide({ recorded, existing, isIntentWaitOver: false })).toEqual({ action: 'wait' });
    expect(decide({ recorded, existing, isIntentWaitOver: true })).toEqual({ action: 'note existed' });
  });

  it("existed before, or is another run's, when another tag stands on it", () => {
    const existing = { ...ours, runTag: 'run-b' };
    expect(decide({ recorded, existing, isIntentWaitOver: false })).toEqual({ action: 'note existed' });
  });

  it("is the run's when its tag says so, although no answer ever told its TableId", () => {
    expect(decide({ recorded, existing: ours, isIntentWaitOver: false })).toEqual({ action: 'look inside' });
    expect(decide({ recorded, existing: ours, contents: 'nothing of the shop' })).toEqual({
      action: 'delete',
    });
    expect(decide({ recorded, existing: ours, contents: 'something of the shop' })).toMatchObject({
      action: 'keep',
    });
  });
});

describe('the time within which an announced table and its tags may still appear', () => {
  it.each([
    [59_999, undefined, false],
    [60_000, undefined, true],
    [60_000, 50_000, false],
    [109_999, 50_000, false],
    [110_000, 50_000, true],
  ])('at %d ms, with the table created at %s ms, is over: %s', (now, createdAt, isOver) => {
    expect(isIntentWaitOver({ markedAt: 0, createdAt, now }, 60_000)).toBe(isOver);
  });
});
