import { DeleteTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupSegment } from '../../../functions/backup-products/backup-segment.ts';
import { describeTable } from '../../../functions/shared/aws/describe-table.ts';
import { backupLayout } from '../../../functions/shared/files/layout.ts';
import { readRun, type Run } from '../../../functions/shared/ledger/run.ts';
import { sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import {
  type Bench,
  drive,
  product,
  products,
  productsTable,
  sourceTable,
  startBench,
} from './backup-bench.ts';
import { backUpAndTransform } from './sealed-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
  await bench.createTable(productsTable);
  await bench.fill(sourceTable, products(6));
});
afterEach(() => bench.stop());

const client = (): DynamoDBClient => bench.runtime.clients.dynamo;
const tableIdOf = async (): Promise<string> => (await describeTable(client(), sourceTable))?.TableId ?? '';

/** Somebody deletes the source and makes another table of its name, with other items. */
async function replaceSource(): Promise<string> {
  await client().send(new DeleteTableCommand({ TableName: sourceTable }));
  await bench.createTable(productsTable);
  await bench.fill(sourceTable, [product(98), product(99)]);
  return tableIdOf();
}

const begin = async (): Promise<Run> =>
  bench.begin('run-1', { segments: [0, 1] }, { sourceTableId: await tableIdOf() });

async function backUp({ runId, executionArn }: Run, shard: number): Promise<void> {
  await drive((input, turn) => backupSegment(bench.runtime, input, turn), { runId, executionArn, shard });
}

const objectsOf = ({ backupId }: Run): readonly string[] =>
  [...bench.objects.bodies.keys()].filter((key) => key.startsWith(backupLayout(backupId).prefix));

describe('a backup whose source is replaced by another table of its name', () => {
  it('reads nothing of the other table in a later turn, and names both', async () => {
    const run = await begin();
    await backUp(run, 0);
    const before = objectsOf(run);
    const tableId = await replaceSource();
    await expect(backUp(run, 1)).rejects.toMatchObject({
      name: 'SourceReplacedError',
      message: expect.stringMatching(
        new RegExp(
          `^Table products is not the one that run run-1 began with: .*${tableId}.*${run.sourceTableId}`,
        ),
      ),
    });
    expect(objectsOf(run)).toEqual(before);
  });

  it('is not sealed where the last turn had begun before', async () => {
    const run = await begin();
    await backUpAndTransform(bench, run);
    await replaceSource();
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({ name: 'SourceReplacedError' });
    expect(objectsOf(run)).not.toContain(backupLayout(run.backupId).manifestSummary);
    expect((await readRun(bench.runtime.ledger, run.runId)).source).toBeUndefined();
  });

  it('is not sealed where the source is gone, and says so', async () => {
    const run = await begin();
    await backUpAndTransform(bench, run);
    await client().send(new DeleteTableCommand({ TableName: sourceTable }));
    await expect(sealBackup(bench.runtime, run)).rejects.toMatchObject({
      name: 'TableUnavailableError',
      message: 'Table products was ACTIVE and is gone: somebody deleted it during the run. Find out who.',
    });
  });

  it('is sealed where its run began before runs noted their source', async () => {
    const run = await bench.begin('run-1', { segments: [0, 1] });
    await backUpAndTransform(bench, run);
    expect(await sealBackup(bench.runtime, run)).toMatchObject({ items: 6 });
  });
});
