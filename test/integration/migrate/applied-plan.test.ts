import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { secretProduct, secretProducts } from '../../support/secret-products.ts';
import { type FaultShop, openFaultShop } from '../../support/fault-shop.ts';

/** A target file, as a listing or a HEAD tells it. */
interface StoredFile {
  readonly key: string;
  readonly etag: string;
  readonly modified: number;
}

let shop: FaultShop;
beforeAll(async () => void (shop = await openFaultShop()));
afterAll(() => shop.stop());

async function targetFiles(runId: string): Promise<readonly StoredFile[]> {
  const Prefix = `runs/${runId}/target/`;
  const { Contents = [] } = await shop.s3.send(new ListObjectsV2Command({ Bucket: shop.aws.bucket, Prefix }));
  return Promise.all(
    Contents.map(async ({ Key = '' }) => {
      const head = await shop.s3.send(new HeadObjectCommand({ Bucket: shop.aws.bucket, Key }));
      return { key: Key, etag: head.ETag ?? '', modified: head.LastModified?.getTime() ?? 0 };
    }),
  );
}

/** The items of a run's target files, as text. */
async function linesOf(runId: string): Promise<readonly string[]> {
  const data = (await targetFiles(runId)).filter(({ key }) => key.endsWith('.json.gz'));
  const texts = await Promise.all(
    data.map(async ({ key }) => {
      const { Body } = await shop.s3.send(new GetObjectCommand({ Bucket: shop.aws.bucket, Key: key }));
      return gunzipSync((await Body?.transformToByteArray()) ?? Buffer.from('')).toString('utf8');
    }),
  );
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  return lines.map((line) => line.slice('{"Item":'.length, -1)).toSorted();
}

const inTable = async (): Promise<readonly string[]> =>
  (await shop.dynamo.scan('products-enhanced')).map(canonicalJson).toSorted();

describe('a dry run that is applied with resume', () => {
  it('brings its target files into the table byte for byte, and writes no file again', async () => {
    await shop.reset(secretProducts(60));
    const plan = await shop.migrate({ dryRun: true });
    expect(plan.status).toBe('PLANNED');
    const files = await targetFiles(plan.runId);
    const lines = await linesOf(plan.runId);
    expect(lines).toHaveLength(180);
    // Sold since: the plan is applied as it was made, and the change is named as drift.
    await shop.dynamo.put('products', { ...secretProduct('p-1'), price: { S: '999.00' } });
    shop.aws.requestLog.clear();

    const report = await shop.migrate({ resume: plan.runId });

    expect(report).toMatchObject({
      runId: plan.runId,
      status: 'SUCCEEDED',
      startedAt: plan.startedAt,
      migrated: { products: 60, items: 180 },
      verification: { expected: 180, found: 180, missing: 0, different: 0, extra: 0, drift: { changed: 1 } },
    });
    expect(await inTable()).toEqual(lines);
    expect(await targetFiles(plan.runId)).toEqual(files);
    const written = shop.aws.requestLog.entries.filter(
      ({ operation, key = '', applied }) =>
        operation === 'PutObject' && applied && (key.includes('/target/') || key.startsWith('AWSDynamoDB/')),
    );
    expect(written).toEqual([]);
  });

  it('is refused after another run of its source, and changes nothing', async () => {
    await shop.reset(secretProducts(12));
    const plan = await shop.migrate({ dryRun: true });
    await shop.migrate();
    const before = await inTable();
    const refused = await shop.endOf(await shop.begin({ resume: plan.runId }));
    expect(refused).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
    expect(refused.cause).toContain('was committed after it was planned');
    expect(await inTable()).toEqual(before);
    expect(await shop.ledgerRun(plan.runId)).toMatchObject({ status: 'PLANNED' });
  });

  it('is refused once its source was deleted and created again', async () => {
    await shop.reset(secretProducts(12));
    const plan = await shop.migrate({ dryRun: true });
    await shop.dynamo.call('DeleteTable', { TableName: 'products' });
    await shop.dynamo.fillProducts(secretProducts(3));
    const refused = await shop.endOf(await shop.begin({ resume: plan.runId }));
    expect(refused).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
    expect(refused.cause).toContain('products was deleted and created again after it was planned');
    expect(await shop.ledgerRun(plan.runId)).toMatchObject({
      status: 'PLANNED',
      sourceTableId: expect.any(String),
    });
  });

  it('is used up where it fails, and what it made is rolled back', async () => {
    await shop.reset(secretProducts(12));
    const plan = await shop.migrate({ dryRun: true });
    const fault = shop.aws.faults.add({
      operation: 'BatchWriteItem',
      kind: 'error',
      code: 'AccessDeniedException',
    });
    const failed = await shop.endOf(await shop.begin({ resume: plan.runId }));
    fault.remove();
    expect(failed.status).toBe('FAILED');
    expect(await shop.ledgerRun(plan.runId)).toMatchObject({ status: 'ROLLED_BACK' });
    const again = await shop.endOf(await shop.begin({ resume: plan.runId }));
    expect(again.cause).toContain('only a HELD or PLANNED run can be resumed');
  });
});
