import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { isBusy } from '../../../functions/roll-back/wait-for-others.ts';

const quiet: TableDescription = {
  TableStatus: 'ACTIVE',
  SSEDescription: { Status: 'ENABLED' },
  WarmThroughput: { Status: 'ACTIVE' },
  GlobalSecondaryIndexes: [{ IndexName: 'byProduct', IndexStatus: 'ACTIVE' }],
};

describe('a table that DynamoDB does not delete at the moment', () => {
  it.each<[what: string, changing: TableDescription]>([
    ['it is UPDATING itself', { TableStatus: 'UPDATING' }],
    ['an index is being filled, for minutes after the table is ACTIVE again', index('CREATING')],
    ['an index gets another capacity', index('UPDATING')],
    ['an index is being deleted', index('DELETING')],
    ['it is being encrypted with another key', { SSEDescription: { Status: 'UPDATING' } }],
    ['it is being warmed up', { WarmThroughput: { Status: 'UPDATING' } }],
    [
      'an index is being warmed up',
      { GlobalSecondaryIndexes: [{ IndexStatus: 'ACTIVE', WarmThroughput: { Status: 'UPDATING' } }] },
    ],
  ])('is told by its description: %s', (_what, changing) => {
    expect(isBusy({ ...quiet, ...changing })).toBe(true);
  });

  it('is no table on which nobody works', () => {
    expect(isBusy(quiet)).toBe(false);
    expect(isBusy({ TableStatus: 'ACTIVE' })).toBe(false);
  });

  function index(IndexStatus: 'CREATING' | 'UPDATING' | 'DELETING'): TableDescription {
    return { GlobalSecondaryIndexes: [{ IndexName: 'byOwner', IndexStatus }] };
  }
});
