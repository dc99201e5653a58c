import { describe, expect, it } from 'vitest';
import type { Run, Verification } from '../../../functions/shared/ledger/run.ts';
import type { Shard, ShardState } from '../../../functions/shared/ledger/shard.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { reportedVerification } from '../../../functions/shared/runs/report-counts.ts';

const drift = { added: 0, changed: 0, removed: 0 };
const none = { expected: 10, found: 0, missing: 0, different: 0, extra: 0, changedSince: 0, drift };

const reported = (
  noted: Partial<Verification>,
  compared: readonly { done: boolean; found: number }[] = [],
) => {
  const shards = compared.map(
    ({ done, found }, shard) => ({ shard, done, counters: { found } }) as unknown as Shard,
  );
  const run = {
    plan: { ...SINGLE_PLAN, shards: [0, 1] },
    verification: { ...none, ...noted },
  } as unknown as Run;
  return reportedVerification(run, new Map<ShardState, readonly Shard[]>([['CompareByKey', shards]]));
};

describe('what a report says of the verification', () => {
  it('is what the digests say where they agree', () => {
    expect(reported({ found: 10 })).toMatchObject({ found: 10, missing: 0 });
  });

  it('is what the comparison by key has counted once it has come to its end', () => {
    const done = [
      { done: true, found: 6 },
      { done: true, found: 3 },
    ];
    expect(reported({}, done)).toMatchObject({ found: 9, missing: 1 });
  });

  it('is nothing while it has not, because what nobody has looked for is not missing', () => {
    const halfway = [
      { done: true, found: 5 },
      { done: false, found: 1 },
    ];
    expect(reported({}, halfway)).toBeUndefined();
    expect(reported({}, halfway.slice(0, 1))).toBeUndefined();
  });

  it('is nothing where the comparison has not begun', () => {
    expect(reported({ found: 0 })).toBeUndefined();
    expect(reported({ found: 8 })).toBeUndefined();
  });
});
