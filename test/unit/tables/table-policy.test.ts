import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closedPolicy,
  closingPolicy,
  isClosed,
  isClosedBy,
  ITEM_WRITING_ACTIONS,
  openedPolicy,
  runOfSid,
} from '../../../functions/shared/aws/table-policy.ts';
import { readPolicy } from '../../../workflow/local/dynamodb/policy-document.ts';

const tableArn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/orders';
const others = { runId: 'run-1', tableArn, writer: 'products-migration-prod' };
const everybody = { runId: 'run-1', tableArn };
const foreign = {
  Sid: 'OfTheShop',
  Effect: 'Deny',
  Principal: '*',
  Action: 'dynamodb:Scan',
  Resource: tableArn,
};
const foreignPolicy = JSON.stringify({ Version: '2012-10-17', Id: 'shop', Statement: foreign });

function deniedTo(policy: string, tags: Readonly<Record<string, string>>, actions: readonly string[]) {
  const caller = { arn: 'arn:aws:iam::123456789012:role/any', tags };
  const read = readPolicy(policy, tableArn);
  return actions.filter((action) => read.denies({ action, resource: tableArn, caller }));
}

describe('the policy of a new table', () => {
  it('denies every action that writes items to callers without the tag, and nothing else', () => {
    const policy = closingPolicy(others);
    const asked = [...ITEM_WRITING_ACTIONS, 'dynamodb:Scan', 'dynamodb:UpdateTable', 'dynamodb:DeleteTable'];
    expect(deniedTo(policy, {}, asked)).toEqual(ITEM_WRITING_ACTIONS);
    expect(deniedTo(policy, { 'migration:writer': 'products-migration-dev' }, asked)).toEqual(
      ITEM_WRITING_ACTIONS,
    );
    expect(deniedTo(policy, { 'migration:writer': 'products-migration-prod' }, asked)).toEqual([]);
  });

  it('denies them to our own writers as well when the table is closed to everybody', () => {
    const policy = closedPolicy(undefined, everybody);
    expect(deniedTo(policy, { 'migration:writer': 'products-migration-prod' }, ITEM_WRITING_ACTIONS)).toEqual(
      ITEM_WRITING_ACTIONS,
    );
  });

  it('stays far below the 20 KB that DynamoDB takes, with the longest names there are', () => {
    const longest = {
      runId: '-'.repeat(80),
      tableArn: `${tableArn}${'x'.repeat(249)}`,
      writer: 'w'.repeat(256),
    };
    expect(closingPolicy(longest).length).toBeLessThan(2_000);
  });

  it('names its run in letters and digits alone, so that the run can be read back from it', () => {
    const anyRunId = fc.stringMatching(/^[A-Za-z0-9_-]{1,80}$/);
    fc.assert(
      fc.property(anyRunId, fc.boolean(), (runId, isRollBack) => {
        const closure = isRollBack ? { runId, tableArn } : { ...others, runId };
        const { Statement } = JSON.parse(closingPolicy(closure)) as { Statement: [{ Sid: string }] };
        const [{ Sid }] = Statement;
        expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
        expect(runOfSid(Sid)).toBe(runId);
      }),
    );
  });
});

describe('a policy among whose statements ours stands', () => {
  it('is the one that was there, once ours is taken off again', () => {
    const closed = closedPolicy(foreignPolicy, everybody);
    expect(isClosedBy(closed, everybody)).toBe(true);
    expect(JSON.parse(openedPolicy(closed) ?? '')).toEqual({
      Version: '2012-10-17',
      Id: 'shop',
      Statement: [foreign],
    });
  });

  it('loses the statements of every run, whichever put them', () => {
    const closed = closedPolicy(undefined, { ...others, runId: 'an-earlier-run' });
    expect(openedPolicy(closed)).toBeUndefined();
    expect(isClosed(closed)).toBe(true);
    expect(isClosed(foreignPolicy)).toBe(false);
    expect(isClosed(undefined)).toBe(false);
  });

  it('has one statement of ours, never two', () => {
    const closed = closedPolicy(closedPolicy(foreignPolicy, others), everybody);
    expect((JSON.parse(closed) as { Statement: unknown[] }).Statement).toHaveLength(2);
    expect([isClosedBy(closed, others), isClosedBy(closed, everybody)]).toEqual([false, true]);
  });

  it('is recognised when DynamoDB spells anybody in its other way', () => {
    const spelt = closingPolicy(others).replace('"Principal":"*"', '"Principal":{"AWS":"*"}');
    expect(isClosedBy(spelt, others)).toBe(true);
    expect(openedPolicy(spelt)).toBeUndefined();
  });

  it('keeps a statement that only looks like ours', () => {
    const looks = [
      { ...foreign, Sid: 'migrationrunx', Effect: 'Allow' },
      { ...foreign, Sid: 'migrationplan' },
      { ...foreign, Sid: 'migrationrun' },
      { ...foreign, Sid: undefined },
    ];
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: looks });
    expect(JSON.parse(openedPolicy(policy) ?? '')).toEqual(JSON.parse(policy));
  });
});
