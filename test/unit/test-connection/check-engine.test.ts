import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import { checkEngine } from '../../../functions/test-connection/check-engine.ts';

interface Given {
  readonly input?: object;
  readonly writeUnitsPerSecond?: number;
  readonly estimatedBytes?: number;
  readonly target?: TableDescription;
}

const PROD = { stage: 'prod', region: 'ap-southeast-2' } as const;

function check({ input = { writeEngine: 'bulk' }, target, ...sizes }: Given) {
  const plan = { ...SINGLE_PLAN, estimatedProducts: 10, estimatedBytes: 10_000, ...sizes };
  const scope = {
    input: parseMigrateInput(input),
    plan,
    place: PROD,
    targets: [target],
  };
  const { chosen, check: found } = checkEngine(scope).choice ?? {};
  return {
    engine: chosen?.engine,
    outcome: found?.outcome,
    sentence: found?.sentence ?? '',
    error: found?.error,
  };
}

describe('the check of the write engine', () => {
  it('says nothing where the input leaves it at batch', () => {
    expect(check({ input: {} }).outcome).toBeUndefined();
  });

  it('names what is in the way of bulk put even where nobody asks for it, for the plan to show', () => {
    const plan = { ...SINGLE_PLAN, estimatedProducts: 10, estimatedBytes: 10_000 };
    const targets = [{ TableName: 't', Replicas: [{}] }];
    const input = parseMigrateInput({ onExisting: 'replace' });
    expect(checkEngine({ input, plan, place: PROD, targets })).toEqual({
      obstacles: [expect.stringContaining('cannot replace'), 'table t is a global table'],
    });
  });

  it('takes bulk put where the input asks for it and nothing is in its way', () => {
    expect(check({})).toMatchObject({ engine: 'bulk', outcome: 'done' });
  });

  it('takes batch under auto as long as prices, permissions and quotas of bulk put are unknown', () => {
    const { engine, outcome, sentence } = check({ input: { writeEngine: 'auto' } });
    expect({ engine, outcome }).toEqual({ engine: 'batch', outcome: 'done' });
    expect(sentence).toContain('the price in ap-southeast-2');
  });

  it.each([
    [
      'existing items are to be replaced',
      { input: { writeEngine: 'bulk', onExisting: 'replace' } },
      'replace',
    ],
    ['the table is a global table', { target: { TableName: 't', Replicas: [{}] } }, 't is a global table'],
    [
      'an index is being created',
      { target: { TableName: 't', GlobalSecondaryIndexes: [{ IndexName: 'i', IndexStatus: 'CREATING' }] } },
      'index i of table t is being created',
    ],
    ['the cap is below the least one', { writeUnitsPerSecond: 1_023 }, 'least cap is 1,024'],
    ['there are more objects than it reads', { estimatedBytes: 1e12 }, 'at most 50,000 objects'],
  ] satisfies readonly (readonly [string, Given, string])[])(
    'refuses bulk put and names batch where %s',
    (_, given, reason) => {
      const { outcome, sentence, error } = check(given);
      expect(outcome).toBe('stop');
      expect(error?.name).toBe('InvalidInputError');
      expect(sentence).toContain(reason);
      expect(error?.message).toMatch(/\nnpm run migrate -- --stage prod .*--write-engine batch\n/);
    },
  );
});
