import type { TableSpec } from './table-spec.ts';

/** What members have asked for; a hold that is not collected expires. */
export const holdsTable = {
  name: 'holds',
  createdBy: 'createCartTable',
  key: { partitionKey: 'isbn', sortKey: 'memberId' },
  attributes: { isbn: 'S', memberId: 'S' },
  billing: { mode: 'PAY_PER_REQUEST' },
  indexes: [],
  timeToLiveAttribute: 'collectBy',
} as const satisfies TableSpec;
