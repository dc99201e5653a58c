import type { TableSpec } from './table-spec.ts';

/** What members have taken home. */
export const loansTable = {
  name: 'loans',
  createdBy: 'createOrdersTable',
  key: { partitionKey: 'memberId', sortKey: 'loanId' },
  attributes: { memberId: 'S', loanId: 'S', branch: 'S', dueAt: 'N' },
  billing: { mode: 'PROVISIONED', readUnitsPerSecond: 3, writeUnitsPerSecond: 4 },
  indexes: [{ name: 'DueIndex', key: { partitionKey: 'branch', sortKey: 'dueAt' }, projection: 'KEYS_ONLY' }],
} as const satisfies TableSpec;
