import { describe, expect, it } from 'vitest';
import { expiringSentence } from '../../../functions/shared/aws/time-to-live.ts';

const items = { attribute: 'expiresAt', expiring: 2, expired: 1 };

describe('the sentence on items that expire in the source', () => {
  it.each([
    [['states'], 'and states has no time to live, so migrated items stay there for ever.'],
    [['states', 'logs'], 'and states and logs have no time to live, so migrated items stay there for ever.'],
    [['states', 'logs', 'tags'], 'or delete them from states, logs and tags afterwards.'],
  ])('names the tables without time to live: %j', (targets, part) => {
    expect(expiringSentence(items, { source: 'events', targets })).toContain(part);
  });
});
