import { describe, expect, it } from 'vitest';
import type { TableRecord } from '../../../functions/shared/ledger/table-record.ts';
import { SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type FoundTable,
  lookAtTables,
  reportedTable,
} from '../../../functions/shared/runs/report-tables.ts';

describe('what became of a table', () => {
  it.each([
    ['RestoreProducts', 'restore', 'ROLLED_BACK', true],
    ['RestoreProducts', 'restore', 'SUCCEEDED', false],
    ['ProveBackup', 'restore', 'ROLLED_BACK', false],
    ['MigrateProducts', 'migrate', 'HELD', true],
    ['MigrateProducts', 'migrate', 'SUCCEEDED', false],
    ['VerifyMigration', 'migrate', 'HELD', false],
  ] as const)(
    'names items that nobody has looked for in a table that replaced it: after %s, a %s that is %s: %s',
    (state, kind, status, mayHold) => {
      const shards = new Map([[state, []]]);
      const told = reportedTable(record('EXISTED'), 'other', {
        run: { kind, resumed: false, plan: SINGLE_PLAN },
        status,
        shards,
        filled: ['cart'],
      });
      expect(told?.remark?.endsWith('and items of this run may be in that one')).toBe(mayHold);
    },
  );
  const record = (outcome: TableRecord['outcome'], more: Partial<TableRecord> = {}): TableRecord => ({
    name: 'cart',
    outcome,
    intentAt: 0,
    tableId: 'a',
    ...more,
  });
  const of = {
    run: { kind: 'migrate', resumed: false, plan: SINGLE_PLAN },
    status: 'ROLLED_BACK',
    shards: new Map(),
    filled: ['cart'],
  } as const;
  const found: readonly FoundTable[] = ['same', 'other', 'none', 'unknown'];
  it.each([
    ['INTENT', ['CREATED', 'KEPT', undefined, 'KEPT']],
    ['CREATED', ['CREATED', 'DELETED', 'DELETED', 'CREATED']],
    ['EXISTED', ['EXISTED', 'DELETED', 'DELETED', 'EXISTED']],
    ['KEPT', ['KEPT', 'DELETED', 'DELETED', 'KEPT']],
    ['DELETED', ['KEPT', 'DELETED', 'DELETED', 'DELETED']],
  ] as const)('is told by what is there, where the ledger says %s', (outcome, expected) => {
    expect(found.map((look) => reportedTable(record(outcome), look, of)?.outcome)).toEqual(expected);
  });
  const NOT_LOOKED_AT = 'it could not be looked at when this was written';
  it.each([
    ['CREATED', `it holds orders; ${NOT_LOOKED_AT}`],
    ['EXISTED', `it holds orders; ${NOT_LOOKED_AT}`],
    ['KEPT', `it holds orders; ${NOT_LOOKED_AT}`],
    ['INTENT', `it was announced, and ${NOT_LOOKED_AT}`],
  ] as const)('is what the ledger says, and a remark, where nobody could look: %s', (outcome, remark) => {
    const told = reportedTable(record(outcome, { remark: 'it holds orders' }), 'unknown', of);
    expect(told?.remark).toBe(remark);
  });
  it('is nothing where it was announced and never created', () => {
    expect(reportedTable(record('DELETED', { isNeverCreated: true }), 'none', of)).toBeUndefined();
  });
  it('is EXISTED where the call that found it died before it recorded its id', async () => {
    const send = async () => ({ Table: { TableName: 'cart', TableId: 'b', TableStatus: 'ACTIVE' } });
    const clients = { tables: { send } as unknown as DynamoDBClient };
    const { tableId: _, ...announced } = record('EXISTED');
    const found = (await lookAtTables({ clients }, 'run-a', [announced])).get('cart') ?? 'unknown';
    expect(reportedTable(announced, found, of)?.outcome).toBe('EXISTED');
  });
});
