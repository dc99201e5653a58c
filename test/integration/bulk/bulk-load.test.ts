import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBulkPut } from '../../../functions/shared/aws/bulk-operations.ts';
import { RUN_LAYOUT } from '../../../functions/shared/files/layout.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { reportedEngine } from '../../../functions/shared/runs/report-bulk.ts';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { eventually, startTinyAws } from '../../support/embedded.ts';
import { driveRun } from '../../unit/complete-run/commit-bench.ts';
import { products, productsTable, sourceTable } from '../../unit/files/backup-bench.ts';
import { type BulkBench, bulkBench, openBulkBench, PLAN, removeTables } from './bulk-bench.ts';

let aws: EmbeddedAws;
let bench: BulkBench;
let runs = 0;

beforeAll(async () => void (aws = await startTinyAws()));
afterAll(() => aws.stop());
afterEach(() => removeTables(bench));

/** A run that is about to load its two tables; `existing` stands in tables of their owner. */
async function open(existing?: Readonly<Record<string, readonly WireItem[]>>): Promise<void> {
  runs += 1;
  bench = await bulkBench(aws, `run-${runs}`, existing);
}

/** An item of somebody else under a key of the run. */
const foreign = (id: string): WireItem => ({ PK: { S: id }, of: { S: 'the shop' } });

/** Announces, starts, and waits for the end of every operation. */
async function runOperations(): Promise<void> {
  await bench.step();
  await bench.step();
  await bench.ended();
}

/** Objects that DynamoDB has written of the operation of a table: the manifest, then lines. */
async function reportKeys(table: string): Promise<{ readonly manifest: string; readonly lines: string }> {
  const { runId } = bench.run;
  const listed = await bench.runtime.objects.list(RUN_LAYOUT.bulkReport(runId, table, 1));
  const keyOf = (part: string): string => listed.find(({ key }) => key.includes(part))?.key ?? '';
  return { manifest: keyOf('manifest.json'), lines: keyOf('CONDITION_CHECK_FAILURE/') };
}

const bulkLoadError = (words: string | RegExp) =>
  expect.objectContaining({ name: 'BulkLoadError', message: expect.stringMatching(words) });

async function scan(tableName: string): Promise<readonly WireItem[]> {
  return (await bench.runtime.items.scanPage({ tableName, segment: 0, totalSegments: 1 })).items;
}

const idsOf = async (table: string): Promise<readonly string[]> =>
  (await scan(table)).map((item) => stringAttribute(item, 'PK') ?? '').toSorted();

/** What the run's report says of each table. */
async function reported() {
  const shards = new Map([['BulkLoad', await bench.shards()]] as const);
  return reportedEngine(bench.runtime, bench.run, shards).bulkPuts ?? [];
}

const EVEN = ['p-0', 'p-10', 'p-2', 'p-4', 'p-6', 'p-8'];

describe('a run by bulk put into two tables', () => {
  it('starts one operation for each of them, fills both, and is committed', async () => {
    const opened = await openBulkBench(aws);
    bench = { ...bench, ...opened };
    await opened.createTable(productsTable);
    await opened.fill(sourceTable, products(12));
    const report = await driveRun(opened, await opened.begin('two-tables', PLAN));
    expect(report).toMatchObject({
      status: 'SUCCEEDED',
      migrated: {
        products: 12,
        items: 12,
        alreadyPresent: 0,
        byTarget: { even: { ONE: 6 }, odd: { ONE: 6 } },
      },
      bulkPuts: ['even', 'odd'].map((table) => ({
        table,
        attempt: 1,
        processed: 6,
        failed: 0,
        alreadyPresent: 0,
      })),
    });
    const [even, odd] = report.bulkPuts ?? [];
    expect(even?.operationArn).not.toBe(odd?.operationArn);
    expect(await idsOf('even')).toEqual(EVEN);
  });

  it('goes on with the table whose operation is not done, and leaves the other one alone', async () => {
    await open();
    await bench.step();
    await bench.deleteObject(await firstObject('odd'));
    // Each call fails for the other table, and may end before this one's operation does.
    await eventually(async () => {
      await bench.load().catch(() => undefined);
      return (await bench.shards())[0]?.done === true ? true : undefined;
    });
    expect((await bench.shards())[1]?.done).toBe(false);
    expect(await bench.operations('even')).toHaveLength(1);
  });
});

describe('a foreign item under a key of the run in a table that the run has created', () => {
  it('fails the run, is named, and is neither replaced nor counted as the run’s own', async () => {
    await open();
    await bench.step();
    await bench.fill('even', [foreign('p-2')]);
    await expect(bench.load()).rejects.toEqual(
      bulkLoadError(
        /^Table even was created by this run, but others had written 1 item under its keys: p-2\./,
      ),
    );
    expect(await scan('even')).toContainEqual(foreign('p-2'));
    const [even] = await reported();
    expect(even).toMatchObject({ processed: 6, failed: 0, alreadyPresent: 1 });
    expect((await bench.shards())[0]?.counters['written'] ?? 0).toBe(0);
  });
});

describe('the report of an operation', () => {
  it('is not needed of a new table, whose digest shows what is in it', async () => {
    await open();
    await runOperations();
    await bench.deleteObject((await reportKeys('even')).manifest);
    expect(await bench.step()).toBe(false);
    bench.later(61);
    await bench.load();
    const [even, odd] = await reported();
    expect([even?.reportObjects, odd?.reportObjects]).toEqual([undefined, 0]);
    expect(await idsOf('even')).toEqual(EVEN);
  });

  it('that is missing fails the run where it alone says what an existing table held', async () => {
    await open({ even: [foreign('p-2')] });
    await runOperations();
    await bench.deleteObject((await reportKeys('even')).manifest);
    bench.later(61);
    await expect(bench.load()).rejects.toEqual(
      bulkLoadError(/has left no report, so nobody can say which items table even held before/),
    );
  });

  it('whose manifest is cut fails the run, and the object is named', async () => {
    await open({ even: [foreign('p-2')] });
    await runOperations();
    const { manifest } = await reportKeys('even');
    await bench.putObject(manifest, (await textOf(manifest)).slice(0, 40));
    await expect(bench.load()).rejects.toEqual(
      bulkLoadError(`The manifest ${manifest} of .* cannot be read`),
    );
  });

  it.each([
    ['is missing', () => undefined, 'is missing'],
    ['is cut within a line', (text: string) => text.slice(0, -20), 'cannot be read'],
    [
      'is cut between two lines',
      (text: string) => text.slice(0, text.indexOf('\n') + 1),
      'holds 1 lines instead of 2',
    ],
    ['is empty', () => '', 'holds 0 lines instead of 2'],
  ])('with an object that %s fails the run, and the object is named', async (_, damage, words) => {
    await open({ even: [foreign('p-2'), foreign('p-4')] });
    await runOperations();
    const { lines } = await reportKeys('even');
    const damaged = damage(await textOf(lines));
    await (damaged === undefined ? bench.deleteObject(lines) : bench.putObject(lines, damaged));
    await expect(bench.load()).rejects.toEqual(
      bulkLoadError(`object ${lines} of a bulk put's report ${words}`),
    );
  });
});

describe('the client token of an operation', () => {
  /** The order that bulkLoad sends for the first attempt at the table. */
  const orderOf = async (table: string) => {
    const { runId } = bench.run;
    const data = (await firstObject(table)).replace(/[^/]*$/, '');
    const reportPrefix = RUN_LAYOUT.bulkReport(runId, table, 1);
    const token = `${runId}:${table}:1`;
    const bucket = bench.runtime.bucket;
    return { token, tableName: table, bucket, inputPrefix: data, reportPrefix, writeUnitsPerSecond: 0 };
  };

  it('finds the operation again whose answer was lost, even after the hours in which it is valid', async () => {
    await open();
    await bench.step();
    const { arn } = await startBulkPut(bench.runtime.clients.dynamo, await orderOf('even'));
    await bench.ended();
    bench.later(8 * 3_600);
    await bench.load();
    expect(await bench.operations('even')).toEqual([arn]);
    expect((await reported())[0]).toMatchObject({
      attempt: 1,
      operationArn: arn,
      processed: 6,
      alreadyPresent: 0,
    });
  });

  it('that has expired before anything was started makes way for another one', async () => {
    await open();
    await bench.step();
    bench.later(8 * 3_600);
    await bench.load();
    expect(await bench.operations('even')).toHaveLength(1);
    expect((await reported())[0]).toMatchObject({ attempt: 2, processed: 6, alreadyPresent: 0 });
    expect(await idsOf('even')).toEqual(EVEN);
  });

  it('that belongs to an order of somebody else fails the run before it writes, with a sentence', async () => {
    await open();
    await bench.step();
    const order = await orderOf('even');
    await startBulkPut(bench.runtime.clients.dynamo, { ...order, reportPrefix: 'of-somebody/' });
    await expect(bench.load()).rejects.toEqual(
      bulkLoadError(
        /into table even could not start, because its client token run-\d+:even:1 belongs to another order/,
      ),
    );
  });
});

describe('the input of an operation', () => {
  it('that has an object which is not the run’s is refused before anything is written, and the object is named', async () => {
    await open();
    const key = (await firstObject('even')).replace(/[^/]*$/, 'of-the-shop.json.gz');
    await bench.putObject(key, 'x');
    await expect(bench.load()).rejects.toEqual(
      bulkLoadError(
        `^Bulk put cannot fill table even from .*/data/, because 1 object there .* not of the run \\(${key}\\)`,
      ),
    );
    expect(await bench.operations('even')).toEqual([]);
    expect(await idsOf('even')).toEqual([]);
  });

  it('that lacks an object, or has a changed one, is refused as well', async () => {
    await open();
    const key = await firstObject('even');
    await bench.putObject(key, 'x');
    await expect(bench.load()).rejects.toEqual(bulkLoadError(`missing or changed \\(${key}\\)`));
    await bench.deleteObject(key);
    await expect(bench.load()).rejects.toEqual(bulkLoadError(`missing or changed \\(${key}\\)`));
  });
});

/** Key of the first target file of a table. */
async function firstObject(table: string): Promise<string> {
  const { runId } = bench.run;
  const [first] = await bench.runtime.objects.list(`${RUN_LAYOUT.target({ runId, making: 0, table })}data/`);
  if (first === undefined) throw new Error(`There are no target files of ${table}.`);
  return first.key;
}

async function textOf(Key: string): Promise<string> {
  const { clients, bucket: Bucket } = bench.runtime;
  const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString()) ?? '';
}
