import { describe, expect, it } from 'vitest';
import { estimateRun } from '../../../functions/shared/cost/estimate.ts';
import { sizeOfPlan } from '../../../functions/shared/cost/run-size.ts';
import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { checkTime } from '../../../functions/test-connection/check-time.ts';
import { sizeRun } from '../../../functions/test-connection/size-run.ts';

const place = { stage: 'prod', region: 'us-east-1' };

/** What is said of a table of 300,000 items and 300 MB. */
function check(typed: object) {
  const input = parseMigrateInput(typed);
  const plan = sizeRun({
    source: { ItemCount: 300_000, TableSizeBytes: 300_000_000 },
    probe: { items: 500, bytes: 500_000, isWhole: false },
    input,
    config: { maxConcurrency: 4, mapMode: 'INLINE', region: place.region },
    quotaWorkers: undefined,
    targets: [],
  });
  return checkTime(input, estimateRun(sizeOfPlan(plan, { region: place.region })), place);
}

describe('a run that its execution has no time for', () => {
  it('is refused before it has begun, with the estimate, the limit and what to do', () => {
    const [found] = check({ writeUnitsPerSecond: 1, maxQuarantined: 2 });
    expect(found).toMatchObject({ name: 'time', outcome: 'stop', error: { name: 'RunTooLongError' } });
    expect(found?.sentence).toMatch(
      /^The migration is estimated at \d+ h \d+ min, and an execution ends after 168 h 0 min: it would be rolled back then\. Nothing was created\. Start it with more workers/,
    );
    expect(found?.error?.message).toContain(
      'npm run migrate -- --stage prod --region us-east-1 --max-quarantined 2 --write-units-per-second 1 --on-failure hold',
    );
  });

  it('is only warned where it is to be held, because it goes on when it is resumed', () => {
    expect(check({ writeUnitsPerSecond: 1, onFailure: 'hold' })).toEqual([
      {
        name: 'time',
        outcome: 'warning',
        sentence: expect.stringContaining('it is held then. Resume it as often as it takes.') as string,
      },
    ]);
  });

  it('is not judged by the whole run where it is a dry one, or is resumed', () => {
    expect(check({ writeUnitsPerSecond: 1, dryRun: true })).toEqual([]);
    expect(check({ writeUnitsPerSecond: 1, resume: 'r1' })).toEqual([]);
  });
});

describe('a run that its execution has time for', () => {
  it('is not mentioned', () => {
    expect(check({})).toEqual([]);
    expect(check({ writeUnitsPerSecond: 10 })).toEqual([]);
  });
});
