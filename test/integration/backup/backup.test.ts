import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { everyType, fingerprints } from '../../support/every-type.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

let shop: TestShop;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.stop());

/** Every item of the one backup in the bucket, read without code of the migration. */
async function backedUp(): Promise<WireItem[]> {
  const keys = (await shop.objectKeys('AWSDynamoDB/')).filter((key) => key.includes('/data/'));
  const items: WireItem[] = [];
  for (const Key of keys) {
    const { Body } = await shop.s3.send(new GetObjectCommand({ Bucket: shop.aws.bucket, Key }));
    const lines = gunzipSync(Buffer.from((await Body?.transformToByteArray()) ?? []))
      .toString()
      .trimEnd()
      .split('\n');
    items.push(...lines.map((line) => (JSON.parse(line) as { Item: WireItem }).Item));
  }
  return items;
}

/** Sells until it is told to stop; resolves to the number of sales. */
function sell(items: readonly WireItem[]): { stop(): Promise<number> } {
  const shopDoor = { isOpen: true };
  const selling = (async () => {
    let sales = 0;
    while (shopDoor.isOpen) {
      const item = items[sales % items.length];
      sales += 1;
      if (item !== undefined) await shop.dynamo.put('products', { ...item, sold: { N: String(sales) } });
      await pause(5);
    }
    return sales;
  })();
  return {
    stop: () => {
      shopDoor.isOpen = false;
      return selling;
    },
  };
}

describe('a backup', () => {
  it('is finished by another worker when one dies after its upload, while the shop goes on selling', async () => {
    const items = everyType(900).map((item) => ({
      ...item,
      name: { S: `Product ${JSON.stringify(item['id'])}` },
    }));
    await shop.dynamo.fillProducts(items);
    const kill = shop.aws.faults.killAt({
      service: 's3',
      operation: 'PutObject',
      key: /\/data\//,
      nth: 1,
      when: 'after',
    });
    const shopping = sell(items);
    const execution = await shop.run('migrate', { dryRun: true });
    const sales = await shopping.stop();

    expect(kill.struck).toBe(1);
    expect(sales).toBeGreaterThan(0);
    expect([execution.status, execution.error, execution.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    const report = JSON.parse(execution.output ?? '') as Report;
    expect(report).toMatchObject({ status: 'PLANNED', backup: { items: 900 } });
    expect([...fingerprints(await backedUp()).keys()].toSorted()).toEqual(
      [...fingerprints(items).keys()].toSorted(),
    );
  });
  it('is made again by hand, and is the same but for its name', async () => {
    const items = everyType(300);
    await shop.dynamo.fillProducts(items);
    const { answer } = await shop.invoke<{ done: boolean; result: { items: number } }>('backupProducts');
    expect(answer).toMatchObject({ done: true, result: { items: 300 } });
    expect(fingerprints(await backedUp())).toEqual(fingerprints(await shop.dynamo.scan('products')));
  });
  it('survives every kind of fault that S3 and DynamoDB have', async () => {
    await shop.dynamo.fillProducts(everyType(300));
    const { faults } = shop.aws;
    faults.add({ service: 's3', operation: 'PutObject', key: /\/data\//, kind: 'answerLost', nth: 1 });
    faults.add({ service: 's3', operation: 'GetObject', key: /\/data\//, kind: 'bodyCut', nth: 2 });
    faults.add({ service: 's3', operation: 'GetObject', key: /\/data\//, kind: 'bodyChanged', nth: 3 });
    faults.add({
      service: 's3',
      operation: 'PutObject',
      kind: 'error',
      code: 'SlowDown',
      status: 503,
      nth: 3,
    });
    faults.add({ service: 'dynamodb', operation: 'Scan', table: 'products', kind: 'bodyCut', nth: 1 });
    faults.add({ service: 'dynamodb', operation: 'Scan', table: 'products', kind: 'bodyChanged', nth: 2 });
    faults.add({ service: 'dynamodb', operation: 'Scan', table: 'products', kind: 'throttle', nth: 3 });
    const { error, answer } = await shop.invoke<{ done: boolean }>('backupProducts');
    faults.clear();
    expect([error, answer]).toMatchObject([undefined, { done: true }]);
    expect(fingerprints(await backedUp())).toEqual(fingerprints(await shop.dynamo.scan('products')));
    const { answer: verified } = await shop.invoke<{ sound: boolean }>('verifyBackup');
    expect(verified).toMatchObject({ sound: true });
  });
});
