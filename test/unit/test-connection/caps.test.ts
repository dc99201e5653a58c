import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { parseRestoreInput } from '../../../functions/restore-from-backup/restore-input.ts';
import { estimateRun } from '../../../functions/shared/cost/estimate.ts';
import { mapEvents } from '../../../functions/shared/cost/history.ts';
import { sizeOfPlan } from '../../../functions/shared/cost/run-size.ts';
import { isNamed } from '../../../functions/shared/errors.ts';
import { migration } from '../../../functions/migrations/shop/index.ts';
import { planSchema } from '../../../functions/shared/state.ts';
import { sizeRun } from '../../../functions/test-connection/size-run.ts';

interface Sizing {
  readonly source?: TableDescription;
  readonly target?: TableDescription;
  readonly input?: object;
  readonly products?: number;
}

function plan({ source = {}, target, input = {}, products = 100 }: Sizing) {
  const probe = { items: products, bytes: products * 1_000, isWhole: true };
  const config = { maxConcurrency: 20, mapMode: 'INLINE', region: 'ap-southeast-2' } as const;
  const facts = { source, probe, config, quotaWorkers: undefined, targets: [target] };
  return sizeRun({ ...facts, input: parseMigrateInput(input) });
}
const provisioned = (units: number): TableDescription => ({
  ProvisionedThroughput: { ReadCapacityUnits: units, WriteCapacityUnits: units },
});
const onDemand = (units: number): TableDescription => ({
  ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
  OnDemandThroughput: { MaxReadRequestUnits: units, MaxWriteRequestUnits: units },
});

describe('the read cap of a run', () => {
  it.each([
    ['no cap for an on-demand source', onDemand(-1), 0],
    ['half the maximum of an on-demand source', onDemand(40), 20],
    ['half a unit of an on-demand source with a maximum of 1', onDemand(1), 0.5],
    ['half of what is provisioned', provisioned(500), 250],
    ['half a unit of a source with 1 provisioned unit, not all it has', provisioned(1), 0.5],
  ])('is %s', (_, source, cap) => {
    expect(plan({ source }).readUnitsPerSecond).toBe(cap);
  });

  it('is what the input says, a fraction too', () => {
    expect(plan({ source: provisioned(500), input: { readUnitsPerSecond: 0.25 } }).readUnitsPerSecond).toBe(
      0.25,
    );
  });

  it('of a fraction runs one worker, and the estimate goes by it', () => {
    const { workers, estimate } = plan({ source: provisioned(1) });
    expect(workers).toBe(1);
    // 100 KB are some 25 units, read twice at half a unit a second.
    expect(estimate.seconds).toBeGreaterThan(100);
    expect(planSchema.parse(plan({ source: provisioned(1) })).readUnitsPerSecond).toBe(0.5);
  });
});

describe('the write cap of a run', () => {
  it.each([
    ['none for a target that is created', undefined, 0],
    ['none for an on-demand target that exists', onDemand(-1), 0],
    ['half the maximum of an on-demand target that exists', onDemand(40), 20],
    ['half of what is provisioned for a target that exists', provisioned(5), 2.5],
  ])('is %s', (_, target, cap) => {
    expect(plan({ ...(target && { target }) }).writeUnitsPerSecond).toBe(cap);
  });
});

describe('caps in an input', () => {
  it('may be fractions, but not 0 or less', () => {
    expect(parseMigrateInput({ readUnitsPerSecond: 0.5, writeUnitsPerSecond: 0.1 })).toMatchObject({
      readUnitsPerSecond: 0.5,
      writeUnitsPerSecond: 0.1,
    });
    expect(parseRestoreInput({ writeUnitsPerSecond: 0.5 }).writeUnitsPerSecond).toBe(0.5);
    expect(() => parseMigrateInput({ readUnitsPerSecond: 0 })).toThrow('readUnitsPerSecond');
  });
});

interface Large {
  readonly products: number;
  readonly input: object;
  readonly mapMode?: 'INLINE' | 'DISTRIBUTED';
  readonly indexes?: number;
}

/** The plan of a table of products of 1,000 bytes. */
function planLarge({ products, input, mapMode = 'INLINE', indexes = 0 }: Large) {
  return sizeRun({
    source: { ItemCount: products, TableSizeBytes: products * 1_000 },
    probe: { items: 0, bytes: 0, isWhole: false },
    input: parseMigrateInput(input),
    config: { maxConcurrency: 20, mapMode, region: 'ap-southeast-2' },
    quotaWorkers: undefined,
    targets: [],
    indexes,
  });
}

describe('a run that takes longer than an execution lasts', () => {
  const slow = { products: 1_000_000, mapMode: 'DISTRIBUTED' } as const;

  it('is refused, because it would be rolled back after seven days', () => {
    expect(() => planLarge({ ...slow, input: { readUnitsPerSecond: 0.5 } })).toThrow(
      expect.objectContaining({
        name: 'RunTooLongError',
        message: expect.stringMatching(
          /^This would take about 23 days .* ends after 7 days\. Nothing was created\. .* "onFailure": "hold"/,
        ),
      }),
    );
    expect(planLarge({ ...slow, input: { readUnitsPerSecond: 5 } }).warnings).toEqual([]);
  });

  it('is accepted with a warning where it is held instead, and can be resumed', () => {
    const { warnings } = planLarge({ ...slow, input: { readUnitsPerSecond: 0.5, onFailure: 'hold' } });
    expect(warnings.join(' ')).toContain('It is held then, and goes on when it is resumed.');
  });
});

describe('a plan of a run that takes longer than an execution lasts', () => {
  const slow = { products: 1_000_000, mapMode: 'DISTRIBUTED' } as const;

  it('is made with a warning, because a dry run itself is done in time', () => {
    const { warnings } = planLarge({ ...slow, input: { writeUnitsPerSecond: 5, dryRun: true } });
    expect(warnings.join(' ')).toMatch(
      /about \d+ days .* A run like this is refused\. .*"onFailure": "hold"/,
    );
  });

  it('is refused where not even the dry run is', () => {
    expect(() => planLarge({ ...slow, input: { readUnitsPerSecond: 0.1, dryRun: true } })).toThrow(
      expect.objectContaining({ name: 'RunTooLongError' }),
    );
  });

  it('is not judged for a resumed run, which has done a part of its work', () => {
    expect(planLarge({ ...slow, input: { readUnitsPerSecond: 0.1, resume: 'a' } }).warnings).toEqual([]);
  });
});

describe('a write into a table with indexes', () => {
  it('takes units of the cap for each of them', () => {
    const capped = { products: 1_000_000, input: { writeUnitsPerSecond: 500 } };
    const plain = planLarge(capped);
    const indexed = planLarge({ ...capped, indexes: 3 });
    expect(indexed.indexes).toBe(3);
    expect(indexed.mapEvents).toBeGreaterThan(2 * (plain.mapEvents ?? 0));
    expect(indexed.estimate.seconds).toBeGreaterThan(3 * plain.estimate.seconds);
  });
});

describe('a run in an INLINE history', () => {
  const products = 1_000_000;
  const bytes = 1_000;
  const planUnder = (readUnitsPerSecond: number) =>
    planLarge({ products, input: { readUnitsPerSecond, onFailure: 'hold' } });

  it('fits also where the whole source has drifted, and is scanned a third time at the same cap', () => {
    const thirdScan = (cap: number): number => Math.ceil((products * bytes) / 4096 / cap / 840);
    const accepted = [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 5, 50].filter((cap) => {
      try {
        const plan = planUnder(cap);
        const { phases } = estimateRun(sizeOfPlan(plan, { region: 'ap-southeast-2', migration }));
        const turns = phases.reduce((sum, phase) => sum + phase.turns, 0) + thirdScan(cap);
        expect(mapEvents({ iterations: 5 * plan.shards.length, turns })).toBeLessThan(18_000);
        return true;
      } catch (error) {
        if (isNamed(error, 'RunTooLongForInlineError', 'RunTooLongError')) return false;
        throw error;
      }
    });
    expect(accepted).toEqual([1, 5, 50]);
  });
});
