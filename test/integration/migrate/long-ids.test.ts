import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

/** Ids of characters that take two UTF-16 units and four bytes; `pad` moves the place at which a cut would hit one. */
const longId = (index: number, pad: number): string => `${'x'.repeat(pad)}${index}${'🧵'.repeat(400)}`;
const product = (index: number, pad: number): WireItem => ({
  id: { S: longId(index, pad) },
  name: { S: `${'n'.repeat(pad)}${'🧶'.repeat(60)}` },
  price: { N: '10' },
});
const nameless = ({ name: _name, ...rest }: WireItem): WireItem => rest;

const halves = /\\ud[89a-f]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]|\uFFFD/iu;

/** Everything that a run has left for a reader: ledger, bucket, output. */
async function expectWholeCharacters(
  shop: TestShop,
  ...texts: readonly (string | undefined)[]
): Promise<void> {
  const ledger = await shop.dynamo.scan(shop.aws.ledgerTable);
  const keys = (await shop.objectKeys('runs/')).filter((key) => key.endsWith('.json'));
  const objects = await Promise.all(keys.map((key) => shop.objectText(key)));
  const found = [JSON.stringify(ledger), ...objects, ...texts].flatMap((text = '') => {
    const at = text.search(halves);
    return at === -1 ? [] : [text.slice(Math.max(0, at - 80), at + 20)];
  });
  expect(found).toEqual([]);
}

describe.each([0, 1])('a shop whose ids are long and made of emoji (cut at %i)', (pad) => {
  let shop: TestShop;
  beforeEach(async () => {
    shop = await openShop();
    await shop.dynamo.fillProducts([0, 1, 2, 3, 4].map((index) => product(index, pad)));
  });
  afterEach(() => shop.stop());

  it('is migrated, caught up with and reported, whatever changed in between', async () => {
    await shop.migrate();
    const items = await shop.dynamo.scan('products-enhanced');
    const kept = items.find((item) => JSON.stringify(item).includes(longId(3, pad)));
    await shop.dynamo.put('products-enhanced', { ...kept, note: { S: 'the shop was here' } });
    await shop.dynamo.put('products', { ...product(1, pad), name: { S: 'renamed' } });
    await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: longId(2, pad) } } });
    await shop.dynamo.put('products', nameless(product(5, pad)));

    const kept2 = await shop.migrate({ maxQuarantined: 1 });
    const replaced = await shop.migrate({ maxQuarantined: 1, onExisting: 'replace' });

    expect(kept2.migrated.quarantined).toBe(1);
    expect(kept2.quarantine?.[0]).toMatchObject({ code: 'MissingName' });
    expect(kept2.mismatches?.removedAtSource).toHaveLength(1);
    expect(replaced.migrated.keptChanged).toBe(1);
    await expectWholeCharacters(shop, JSON.stringify(kept2), JSON.stringify(replaced));
  });

  it('fails with a whole sentence when one of them cannot be migrated', async () => {
    await shop.dynamo.put('products', nameless(product(5, pad)));

    const execution = await shop.run('migrate', {});

    expect(execution).toMatchObject({ status: 'FAILED', error: 'TooManyQuarantinedError' });
    await expectWholeCharacters(shop, execution.cause);
  });

  it('is rolled back when DynamoDB fails the run with such a text', async () => {
    shop.aws.faults.add({
      service: 'dynamodb',
      operation: 'BatchWriteItem',
      table: 'products-enhanced',
      kind: 'error',
      code: 'ValidationException',
      status: 400,
      message: `${'y'.repeat(pad)}${'🧵'.repeat(1_000)}`,
      times: Number.POSITIVE_INFINITY,
    });

    const execution = await shop.run('migrate', {});
    shop.aws.faults.clear();

    expect(execution.status).toBe('FAILED');
    expect(execution.cause).toContain('Report:');
    expect(await shop.dynamo.tableNames()).not.toContain('products-enhanced');
    const [runKey = ''] = (await shop.objectKeys('runs/')).filter((key) => key.endsWith('report.json'));
    expect(JSON.parse(await shop.objectText(runKey)) as Report).toMatchObject({ status: 'ROLLED_BACK' });
    await expectWholeCharacters(shop, execution.cause);
  });

  it('keeps a note that holds half a character, with a sign in its place', async () => {
    const execution = await shop.run('migrate', { note: `half \ud83d of it` });

    expect(execution.status).toBe('SUCCEEDED');
    expect((JSON.parse(execution.output ?? '') as Report).parameters?.note).toBe('half \ufffd of it');
  });
});
