import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { loadTable } from '../../../functions/bulk-load/load-table.ts';
import type { TableLoad } from '../../../functions/bulk-load/table-load.ts';
import type { BulkCursor } from '../../../functions/shared/copy/bulk/bulk-cursor.ts';
import type { ShardTurn } from '../../../functions/shared/copy/shard-turn.ts';

const NOW = 1_000_000;
const run = { runId: 'a', executionArn: 'arn:a' };

/** A turn that finds an operation announced whose start nobody has heard of. */
const turn = {
  run,
  clock: { now: () => NOW },
  fence: { check: () => Promise.resolve() },
  retry: (attempt: () => Promise<unknown>) => attempt(),
  progress: {
    counters: {},
    cursor: { table: 'cart', attempt: 1, token: 'a:cart:1', intentAt: NOW - 600_000, executionArn: 'arn:a' },
  },
} as unknown as ShardTurn<BulkCursor>;

it('a bulk put that was announced is not started in a table that has replaced its own since', async () => {
  const sent: unknown[] = [];
  const send = async (command: unknown) => {
    sent.push(command);
    return { Table: { TableName: 'cart', TableId: 'theirs', TableStatus: 'ACTIVE' } };
  };
  const client = { send } as unknown as DynamoDBClient;
  const load = {
    runtime: { clients: { tables: client, dynamo: client }, bucket: 'bucket' },
    work: { table: { name: 'cart', tableId: 'own' }, objects: new Map([['a', 1]]), inputPrefix: 'a/' },
    tableCount: 1,
    onWait: () => undefined,
  } as unknown as TableLoad;
  await expect(loadTable(load, turn)).rejects.toThrow(
    'Table cart is not the one that this run began with: somebody has deleted it and created another with that name (TableId theirs, and it was own).',
  );
  expect(sent).toHaveLength(1);
});
