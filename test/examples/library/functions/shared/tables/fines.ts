import type { TableSpec } from './table-spec.ts';

/** What members owe; one item a member. */
export const finesTable = {
  name: 'fines',
  createdBy: 'createReturnsTable',
  key: { partitionKey: 'memberId' },
  attributes: { memberId: 'S' },
  billing: { mode: 'PAY_PER_REQUEST' },
  indexes: [],
} as const satisfies TableSpec;
