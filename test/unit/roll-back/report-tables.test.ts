import { describe, expect, it } from 'vitest';
import type { TableRecord } from '../../../functions/shared/ledger/table-record.ts';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type FoundTable,
  lookAtTables,
  reportedTable,
} from '../../../functions/shared/runs/report-tables.ts';

describe('what became of a table', () => {
  const record = (outcome: TableRecord['outcome'], more: Partial<TableRecord> = {}): TableRecord => ({
    name: 'cart',
    outcome,
    intentAt: 0,
    tableId: 'a',
    ...more,
  });
  const found: readonly FoundTable[] = ['same', 'other', 'none', 'unknown'];
  it.each([
    ['INTENT', ['CREATED', 'KEPT', undefined, 'KEPT']],
    ['CREATED', ['CREATED', 'DELETED', 'DELETED', 'CREATED']],
    ['EXISTED', ['EXISTED', 'DELETED', 'DELETED', 'EXISTED']],
    ['KEPT', ['KEPT', 'DELETED', 'DELETED', 'KEPT']],
    ['DELETED', ['KEPT', 'DELETED', 'DELETED', 'DELETED']],
  ] as const)('is told by what is there, where the ledger says %s', (outcome, expected) => {
    expect(found.map((look) => reportedTable(record(outcome), look)?.outcome)).toEqual(expected);
  });
  it('is nothing where it was announced and never created', () => {
    expect(reportedTable(record('DELETED', { isNeverCreated: true }), 'none')).toBeUndefined();
  });
  it('is EXISTED where the call that found it died before it recorded its id', async () => {
    const send = async () => ({ Table: { TableName: 'cart', TableId: 'b', TableStatus: 'ACTIVE' } });
    const clients = { tables: { send } as unknown as DynamoDBClient };
    const { tableId: _, ...announced } = record('EXISTED');
    const found = (await lookAtTables({ clients }, 'run-a', [announced])).get('cart');
    expect(reportedTable(announced, found)?.outcome).toBe('EXISTED');
  });
});
