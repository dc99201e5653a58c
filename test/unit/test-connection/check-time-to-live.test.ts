import { describe, expect, it } from 'vitest';
import { SYSTEM_CLOCK } from '../../../functions/shared/retry.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { checkTimeToLive } from '../../../functions/test-connection/check-time-to-live.ts';

/** Checks the source `members`, where DynamoDB answers so, for a model that expires the items of these tables. */
const checked = (send: () => Promise<unknown>, names: readonly string[]) =>
  checkTimeToLive({
    accountId: '123456789012',
    config: { sourceTable: 'members', tablePrefix: '', region: 'eu-west-1' },
    clock: SYSTEM_CLOCK,
    clients: { dynamo: { send } },
    migration: {
      filled: names.map((name) => ({ name, timeToLiveAttribute: 'endsAt' })),
      nouns: { item: 'member', items: 'members' },
    },
  } as unknown as Runtime);

const TimeToLiveDescription = { TimeToLiveStatus: 'ENABLED', AttributeName: 'endsAt' };
const expiring = () => Promise.resolve({ TimeToLiveDescription });
const refusing = (name: string) => () => Promise.reject(Object.assign(new Error(`${name}.`), { name }));

describe('the check of time to live', () => {
  it.each([
    [['people'], 'Time to live of members is on endsAt, and people expires items, too.'],
    [
      ['people', 'notes', 'tags'],
      'Time to live of members is on endsAt, and people, notes and tags expire items, too.',
    ],
  ])('names the tables that expire the items of the source as well: %j', async (names, sentence) => {
    expect((await checked(expiring, names)).check.sentence).toBe(sentence);
  });

  it('says that there is no table where somebody has deleted it since it was looked at', async () => {
    const { check } = await checked(refusing('ResourceNotFoundException'), ['people']);
    expect(check.error).toMatchObject({
      name: 'SourceTableNotFoundError',
      message: expect.stringMatching(
        /^There is no table members in account 123456789012, region eu-west-1\. /,
      ),
    });
  });

  it('fails as DynamoDB does where the role may not look', async () => {
    await expect(checked(refusing('AccessDeniedException'), ['people'])).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});
