import { expect, it } from 'vitest';
import { checkTimeToLive } from '../../../functions/test-connection/check-time-to-live.ts';
import { SYSTEM_CLOCK } from '../../../functions/shared/retry.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';

/** A source whose items expire, and filled tables of a model that expires items as well. */
const runtimeWith = (...names: readonly string[]): Runtime =>
  ({
    config: { sourceTable: 'members', tablePrefix: '' },
    clock: SYSTEM_CLOCK,
    clients: {
      dynamo: {
        send: () =>
          Promise.resolve({
            TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'endsAt' },
          }),
      },
    },
    migration: {
      filled: names.map((name) => ({ name, timeToLiveAttribute: 'endsAt' })),
      nouns: { item: 'member', items: 'members' },
    },
  }) as unknown as Runtime;

it.each([
  [['people'], 'Time to live of members is on endsAt, and people expires items, too.'],
  [
    ['people', 'notes', 'tags'],
    'Time to live of members is on endsAt, and people, notes and tags expire items, too.',
  ],
])(
  'the check of a source whose items expire names the tables that expire them too: %j',
  async (names, sentence) => {
    expect((await checkTimeToLive(runtimeWith(...names))).check.sentence).toBe(sentence);
  },
);
