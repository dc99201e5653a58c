import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { wireItem } from '../../../functions/shared/items/wire-item.ts';
import { listMinutes } from '../../../functions/shared/ledger/sync-records.ts';
import { awkwardProducts } from '../../support/awkward-products.ts';
import { endOfExecution, eventually } from '../../support/embedded.ts';
import { followShop, sell } from '../../support/followed-shop.ts';
import type { PolicyDocument } from '../../support/iam-evaluator.ts';
import { Arns, permissionsByFunction } from '../../support/iam-proof.ts';
import { deniedCalls, type SeenCall } from '../../support/iam-seen-calls.ts';
import { SYNC_FUNCTION } from '../../support/followed-shop.ts';
import { createEnabled } from '../../support/mappings.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { functionName } from '../../support/request-points.ts';
import { secretProducts } from '../../support/secret-products.ts';
import { packaged } from '../../support/packaged.ts';
import { rawAws } from '../../support/streams.ts';
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
  await eventually(async () => {
    const minutes = await listMinutes(ledger, syncId);
    return minutes.reduce((sum, { repaired }) => sum + repaired, 0) > 5 ? true : undefined;
  });
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

/** Stopped in the middle of its work. The event and the schedule recover it. */
async function stopInTheMiddle(shop: TestShop, machine = 'migrate', after = 'CreateTable'): Promise<void> {
  const { sfn, aws } = shop;
  const { executionArn = '' } = await sfn.send(
    new StartExecutionCommand({
      stateMachineArn: aws.stateMachines[machine],
      input: '{}',
      name: `stopped-${machine}`,
    }),
  );
  const before = aws.requestLog.entries.length;
  await eventually(() => aws.requestLog.entries.slice(before).find(({ operation }) => operation === after));
  await sfn.send(new StopExecutionCommand({ executionArn }));
  await endOfExecution(sfn, executionArn);
  await aws.tickSchedule();
}

/** Bulk put into new and existing tables, of a backup, started in vain, and cancelled in the middle. */
async function playBulkPut(shop: TestShop): Promise<void> {
  const bulk = { writeEngine: 'bulk' };
  // Each is 350 write units, and a capped operation writes 1,024 a second.
  await shop.dynamo.fillProducts(secretProducts(8, 350_000));
  const failing = {
    functionName: functionName('bulkLoad'),
    kind: 'error',
    code: 'AccessDeniedException',
  } as const;
  for (const operation of ['StartBulkPutItems', 'DescribeBulkOperation']) {
    shop.aws.faults.add({ ...failing, operation });
    await shop.run('migrate', { ...bulk, writeUnitsPerSecond: 1_024 });
    shop.aws.faults.clear();
  }
  await shop.migrate(bulk);
  await shop.migrate(bulk);
  await shop.run('restore', bulk);
}

/** A live shop moves: a sync that is stopped, cancelled, started again, compared and cut over, beside writes of the shop. */
async function playMove(shop: TestShop): Promise<void> {
  const { aws, dynamo, lambda } = shop;
  await dynamo.fillProducts(awkwardProducts(20));
  await shop.migrate({ keepClosed: true });
  const EventSourceArn = await rawAws(aws).enable('products');
  await shop.run('sync', { action: 'compare' });
  await stopInTheMiddle(shop, 'sync', 'CreateEventSourceMapping');
  const succeed = async (input: unknown, name?: string): Promise<void> => {
    const { status, error, cause } = await shop.run('sync', input, name);
    if (status !== 'SUCCEEDED') throw new Error(`${JSON.stringify(input)}: ${error}: ${cause}`);
  };
  await eventually(async () => ((await shop.run('sync', {})).status === 'SUCCEEDED' ? true : undefined));
  await succeed({ action: 'cancel' });
  await succeed({}, 'follow');
  await sellOnce(shop);
  await aws.tickSchedule();
  await succeed({ action: 'compare' });
  await succeed({ action: 'cutover', dryRun: true });
  await succeed({ action: 'cutover', frozen: true });
  // A change after the switch, over a mapping that no open sync has. recoverRun deletes it.
  await createEnabled(lambda, { FunctionName: SYNC_FUNCTION, EventSourceArn });
  await sellOnce(shop);
  await eventually(async () => {
    await shop.invoke('recoverRun');
    const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
    return EventSourceMappings.length === 0 ? true : undefined;
  });
}

/** A product is changed, another deleted, and both changes are delivered. */
async function sellOnce({ aws, dynamo }: TestShop): Promise<void> {
  const before = aws.mappings.batches.length;
  await dynamo.put(
    'products',
    wireItem([
      ['id', { S: 'sold' }],
      ['name', { S: 'Sold' }],
      ['price', { S: '1' }],
    ]),
  );
  await dynamo.call('DeleteItem', { TableName: 'products', Key: { id: { S: 'sold' } } });
  await eventually(() => (aws.mappings.batches.length > before ? true : undefined));
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
  let template: Template;
  const seen: SeenCall[] = [];

  beforeAll(async () => {
    const variant = { name: 'local', stage: 'local', region: names.region, parameters: {} };
    template = (await readPackage(await packaged(), variant)).resolved;
    for (const play of [playEverything, playMove, playBulkPut]) {
      const shop = await openShop({ mappingMillis: 50 });
      try {
        await play(shop);
        seen.push(...shop.aws.requestLog.entries);
      } finally {
        await shop.stop();
      }
    }
  });

  it('come from every function there is', () => {
    const callers = new Set(seen.map(({ functionName }) => functionName?.split('-').at(-1)));
    const functions = [...permissionsByFunction(template, names.stage).keys()];
    expect(functions.filter((key) => !callers.has(key))).toEqual([]);
  });

  it('are, for a sync, those that create, look at and delete a mapping, count what it gave up, and with it read the stream', () => {
    const callsOf = (key: string, service: string) =>
      seen
        .filter(({ functionName, mappingOf }) => (functionName ?? mappingOf)?.endsWith(`-${key}`) === true)
        .filter((call) => call.service === service && call.operation !== 'Invoke')
        .map(({ operation }) => operation);
    expect(new Set(callsOf('controlSync', 'lambda'))).toEqual(
      new Set(['Create', 'Get', 'Delete'].map((name) => `${name}EventSourceMapping`)).add(
        'ListEventSourceMappings',
      ),
    );
    expect(new Set(callsOf('recoverRun', 'lambda'))).toEqual(
      new Set(['DeleteEventSourceMapping', 'ListEventSourceMappings']),
    );
    for (const key of ['controlSync', 'recoverRun'])
      expect(new Set(callsOf(key, 'sqs'))).toEqual(new Set(['GetQueueUrl', 'GetQueueAttributes']));
    expect(new Set(callsOf('syncProducts', 'dynamodbstreams'))).toEqual(
      new Set(['DescribeStream', 'GetRecords', 'GetShardIterator']),
    );
  });

  it('are, for bulk put, those that start, describe, find and cancel an operation', () => {
    const callsOf = (key: string) =>
      seen
        .filter(
          (call) => call.functionName === functionName(key) && /Bulk(Put|Operation)/.test(call.operation),
        )
        .map(({ operation }) => operation);
    expect(new Set(callsOf('bulkLoad'))).toEqual(new Set(['StartBulkPutItems', 'DescribeBulkOperation']));
    expect(new Set(callsOf('rollBack'))).toEqual(
      new Set(['CancelBulkOperation', 'DescribeBulkOperation', 'ListBulkOperations']),
    );
  });

  it('are all allowed by their roles', () => {
    expect(deniedCalls(template, names, seen)).toEqual([]);
  });

  it.each([
    ['BackupProductsRole', 'backupProducts'],
    ['BulkLoadRole', 'bulkLoad'],
    ['CompareAllRole', 'compareAll'],
    ['ControlSyncRole', 'controlSync'],
    ['SyncProductsRole', 'syncProducts'],
  ])('would be denied if %s were narrower', (roleId, functionKey) => {
    const narrower = withPolicies(template, roleId, []);
    const denied = deniedCalls(narrower, names, seen);
    expect(denied.filter((line) => !line.startsWith(`${functionKey} may not `))).toEqual([]);
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
    expect(deniedCalls(other, names, seen)).toEqual(
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
  });
  afterAll(() => shop.stop());

  it('are allowed there, and denied as it comes', async () => {
    const local = { name: 'restoring', stage: 'local', region: names.region };
    const restoring = await compileVariant({ ...local, parameters: { restoreIntoSource: 'true' } });
    expect(deniedCalls(restoring.resolved, names, shop.aws.requestLog.entries)).toEqual([]);
    const asItComes = await readPackage(await packaged(), { ...local, parameters: {} });
    const source = `arn:aws:dynamodb:${names.region}:123456789012:table/products`;
    expect(deniedCalls(asItComes.resolved, names, shop.aws.requestLog.entries)).toEqual(
      ['BatchGetItem', 'DescribeTable', 'DescribeTimeToLive', 'PutItem'].map(
        (name) => `restoreFromBackup may not dynamodb:${name} on ${source}`,
      ),
    );
  });
});
