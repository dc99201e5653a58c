import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { wireItem } from '../../../functions/shared/items/wire-item.ts';
import { listMinutes } from '../../../functions/shared/ledger/sync-records.ts';
import { awkwardProducts } from '../../support/awkward-products.ts';
import { endOfExecution, eventually } from '../../support/embedded.ts';
import { followShop, sell } from '../../support/followed-shop.ts';
import type { PolicyDocument } from '../../support/iam-evaluator.ts';
import { Arns, permissionsByFunction } from '../../support/iam-proof.ts';
import { deniedCalls } from '../../support/iam-seen-calls.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { packaged } from '../../support/packaged.ts';
import { compileVariant, readPackage, type Template } from '../../workflow/template-variants.ts';

const names = { stage: 'local', region: 'ap-southeast-2', sourceTable: 'products', tablePrefix: '' };

/** Everything that an operator does, on the good ways and on the bad ones. */
async function playEverything(shop: TestShop): Promise<void> {
  await shop.dynamo.fillProducts(awkwardProducts(40));
  await shop.run('migrate', { dryRun: true }, 'planned');
  await shop.run('migrate', { resume: 'planned' });
  await shop.run('rollback', { runId: 'planned', confirm: 'planned' });
  await shop.run('migrate', {}, 'first');
  await shop.run('migrate', {}, 'again');
  await shop.run('migrate', { onExisting: 'replace' }, 'replacing');
  await shop.run('rollback', { runId: 'first', confirm: 'first' });
  for (const runId of ['replacing', 'again', 'first']) await shop.run('rollback', { runId, confirm: runId });
  const restored = await shop.run('restore', {});
  const { targetTable } = (JSON.parse(restored.output ?? '{}') as { restored: { targetTable: string } })
    .restored;
  await shop.run('restore', { targetTable });
  await failAndHold(shop);
  await stopInTheMiddle(shop);
  for (const step of [
    'testConnection',
    'backupProducts',
    'createCartTable',
    'createOrdersTable',
    'createReturnsTable',
    'createProductsEnhancedTable',
    'migrateProductsEnhanced',
    'verifyBackup',
    'restoreFromBackup',
    'recoverRun',
  ])
    await shop.invoke(step);
  await sellOn(shop);
}

/** A shop that goes on selling after a migration, and a sync that follows it. */
async function sellOn(shop: TestShop): Promise<void> {
  await shop.run('migrate', {}, 'followed');
  const followed = await followShop(shop, 'followed');
  const { ledger, syncId } = followed;
  await sell(shop.dynamo, { changes: 20, perSecond: 100, products: 10, seed: 7 });
  await eventually(async () => (await listMinutes(ledger, syncId)).find(({ repaired }) => repaired > 5));
  followed.stop();
}

/** A target that refuses every write: inside a Map, so that the failure is recorded. Held, resumed, then rolled back. */
async function failAndHold(shop: TestShop): Promise<void> {
  shop.aws.faults.add({
    service: 'dynamodb',
    operation: 'BatchWriteItem',
    kind: 'error',
    code: 'AccessDeniedException',
  });
  await shop.run('migrate', { onFailure: 'hold' }, 'held');
  await shop.run('migrate', { resume: 'held' });
  shop.aws.faults.clear();
  await shop.run('rollback', { runId: 'held', confirm: 'held' });
  const nameless = wireItem([
    ['id', { S: 'nameless' }],
    ['price', { S: '1' }],
  ]);
  await shop.dynamo.put('products', nameless);
  await shop.run('migrate', {});
  await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: 'nameless' } } });
}

/** Stopped as soon as it has written to the ledger. The event and the schedule recover it. */
async function stopInTheMiddle(shop: TestShop): Promise<void> {
  const { sfn, aws } = shop;
  const { executionArn = '' } = await sfn.send(
    new StartExecutionCommand({
      stateMachineArn: aws.stateMachines['migrate'],
      input: '{}',
      name: 'stopped',
    }),
  );
  const before = aws.requestLog.entries.length;
  await eventually(() =>
    aws.requestLog.entries.slice(before).find(({ operation }) => operation === 'CreateTable'),
  );
  await sfn.send(new StopExecutionCommand({ executionArn }));
  await endOfExecution(sfn, executionArn);
  await aws.tickSchedule();
}

/** The template with other policies in one role. */
function withPolicies(template: Template, roleId: string, documents: readonly PolicyDocument[]): Template {
  const Policies = documents.map((PolicyDocument) => ({ PolicyDocument }));
  const roles = Object.entries(template.Resources).map(([id, resource]) =>
    id === roleId ? [id, { ...resource, Properties: { ...resource.Properties, Policies } }] : [id, resource],
  );
  return { ...template, Resources: Object.fromEntries(roles) as Template['Resources'] };
}

describe('the calls that the functions are seen to make', () => {
  let shop: TestShop;
  let template: Template;

  beforeAll(async () => {
    const variant = { name: 'local', stage: 'local', region: names.region, parameters: {} };
    template = (await readPackage(await packaged(), variant)).resolved;
    shop = await openShop();
    await playEverything(shop);
  }, 300_000);
  afterAll(() => shop.stop());

  it('come from every function there is', () => {
    const seen = new Set(
      shop.aws.requestLog.entries.map(({ functionName }) => functionName?.split('-').at(-1)),
    );
    const functions = [...permissionsByFunction(template, names.stage).keys()];
    expect(functions.filter((key) => !seen.has(key))).toEqual([]);
  });

  it('are all allowed by their roles', () => {
    expect(deniedCalls(template, names, shop.aws.requestLog.entries)).toEqual([]);
  });

  it('would be denied if a role were narrower', () => {
    const narrower = withPolicies(template, 'BackupProductsRole', []);
    const denied = deniedCalls(narrower, names, shop.aws.requestLog.entries);
    expect(denied.filter((line) => !line.startsWith('backupProducts may not '))).toEqual([]);
    expect(denied.length).toBeGreaterThan(3);
  });

  it('are known part by part where they are transactions, and by prefix and index where they list', () => {
    const widened: PolicyDocument = {
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: ['dynamodb:ConditionCheckItem', 'dynamodb:DeleteItem'], Resource: '*' },
        { Effect: 'Deny', Action: 'dynamodb:Query', Resource: '*/index/RunsIndex' },
        {
          Effect: 'Deny',
          Action: 's3:ListBucket',
          Resource: '*',
          Condition: { StringLike: { 's3:prefix': 'AWSDynamoDB/*' } },
        },
      ],
    };
    const other = withPolicies(template, 'MigrateProductsEnhancedRole', [widened]);
    const arns = new Arns(names);
    expect(deniedCalls(other, names, shop.aws.requestLog.entries)).toEqual(
      [
        `dynamodb:ConditionCheckItem on ${arns.ledger}`,
        `dynamodb:DeleteItem on ${arns.ledger}`,
        `dynamodb:Query on ${arns.ledger}/index/RunsIndex`,
        `s3:ListBucket on ${arns.bucket}`,
      ].map((call) => `migrateProductsEnhanced may not ${call}`),
    );
  });
});

describe('the calls of a restore into the source, where that is deployed', () => {
  let shop: TestShop;
  beforeAll(async () => {
    const environment = { FENCE_WAIT_SECONDS: '0', INTENT_WAIT_SECONDS: '1', RESTORE_INTO_SOURCE: 'true' };
    shop = await openShop({ environment });
    await shop.dynamo.fillProducts(awkwardProducts(10));
    await shop.run('migrate', { dryRun: true });
    await shop.dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: 'p-3' } } });
    const execution = await shop.run(
      'restore',
      { targetTable: 'products', confirm: 'products' },
      'into-source',
    );
    if (execution.status !== 'SUCCEEDED') throw new Error(`${execution.error}: ${execution.cause}`);
    await shop.run('rollback', { runId: 'into-source', confirm: 'into-source' });
  }, 300_000);
  afterAll(() => shop.stop());

  it('are allowed there, and denied as it comes', async () => {
    const local = { name: 'restoring', stage: 'local', region: names.region };
    const restoring = await compileVariant({ ...local, parameters: { restoreIntoSource: 'true' } });
    expect(deniedCalls(restoring.resolved, names, shop.aws.requestLog.entries)).toEqual([]);
    const asItComes = await readPackage(await packaged(), { ...local, parameters: {} });
    const source = `arn:aws:dynamodb:${names.region}:123456789012:table/products`;
    expect(deniedCalls(asItComes.resolved, names, shop.aws.requestLog.entries)).toEqual(
      ['BatchGetItem', 'DescribeTable', 'PutItem'].map(
        (name) => `restoreFromBackup may not dynamodb:${name} on ${source}`,
      ),
    );
  });
});
