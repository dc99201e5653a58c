import { createRequire } from 'node:module';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REGION } from '../../../workflow/local/account.ts';
import { generateProducts } from '../../../workflow/local/products/generate-products.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

const { openRunLister } = createRequire(import.meta.url)('../../../workflow/resources/open-runs.cjs') as {
  openRunLister: (provider: object) => (ledger: string) => Promise<readonly object[]>;
};

let shop: TestShop;

beforeAll(async () => {
  shop = await openShop({ products: generateProducts({ count: 20 }) });
});
afterAll(() => shop.stop());

/** With the configuration that a deployment's provider would give. */
function listOpen(): Promise<readonly object[]> {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const config = { endpoint: shop.aws.endpoint, region: REGION, credentials };
  return openRunLister({ getAwsSdkV3Config: () => Promise.resolve(config) })(shop.aws.ledgerTable);
}

async function change(
  runId: string,
  update: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  await shop.dynamodb.send(
    new UpdateItemCommand({
      TableName: shop.aws.ledgerTable,
      Key: { PK: { S: `RUN#${runId}` }, SK: { S: 'RUN' } },
      UpdateExpression: update,
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, { S: value }]),
      ),
    }),
  );
}

describe('the runs that keep a stage from being removed', () => {
  it('are those that work, wait or have closed tables, each with the parameters that it began with', async () => {
    const { runId } = await shop.migrate();
    const run = { runId, kind: 'migrate', sourceTable: 'products', tablePrefix: '', kmsKeyArn: '' };
    expect(await listOpen()).toEqual([]);
    for (const status of ['RUNNING', 'ROLLING_BACK', 'HELD']) {
      await change(runId, 'SET #status = :status', { ':status': status });
      expect(await listOpen()).toEqual([{ ...run, status }]);
    }
    await change(runId, 'SET #status = :status, opening = :opening', {
      ':status': 'SUCCEEDED',
      ':opening': 'PENDING',
    });
    expect(await listOpen()).toEqual([{ ...run, status: 'SUCCEEDED' }]);
    await change(runId, 'SET #status = :status, opening = :opening', {
      ':status': 'ROLLED_BACK',
      ':opening': 'DONE',
    });
    expect(await listOpen()).toEqual([]);
  });
});
