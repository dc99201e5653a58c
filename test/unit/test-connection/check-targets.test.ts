import type { DynamoDBClient, TableDescription } from '@aws-sdk/client-dynamodb';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { migration } from '../../../functions/migrations/shop/index.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import type { Config } from '../../../functions/shared/env.ts';
import { tableName } from '../../../functions/shared/migration/table-spec.ts';
import { SYSTEM_CLOCK } from '../../../functions/shared/retry.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { checkTargets } from '../../../functions/test-connection/check-targets.ts';

const keyArn = (id: string): string => `arn:aws:kms:eu-west-1:123456789012:key/${id}`;

/** The check of a table that exists with the right keys, and that DescribeTable says more of. */
async function checkTable(table: string, more: TableDescription, keys: Partial<Config> = {}) {
  const [spec] = migration.targets.filter(({ name }) => name === table);
  if (spec === undefined) throw new Error(`There is no ${table}.`);
  const dynamo = {
    send: async (command: object) =>
      command instanceof DescribeTableCommand
        ? {
            Table: {
              ...createTableInput(spec, { name: table, tags: {} }),
              TableStatus: 'ACTIVE',
              TableArn: `arn:aws:dynamodb:eu-west-1:123456789012:table/${table}`,
              ...more,
            },
          }
        : { Tags: [] },
  } as unknown as DynamoDBClient;
  const config = { service: 'products-migration', stage: 'dev', tablePrefix: '', ...keys };
  const one = { ...migration, targets: [spec] };
  const runtime = { clients: { dynamo }, clock: SYSTEM_CLOCK, config, migration: one };
  const [target] = await checkTargets(runtime as unknown as Runtime);
  expect(target?.spec).toMatchObject({ name: tableName(spec, '') });
  return target?.check;
}

const checkCart = (SSEDescription: TableDescription['SSEDescription'], keys: Partial<Config> = {}) =>
  checkTable('cart', { ...(SSEDescription !== undefined && { SSEDescription }) }, keys);

describe('the check of a target with replicas', () => {
  const Replicas = [{ RegionName: 'us-east-1' }, { RegionName: 'eu-west-1' }];

  it('stops where the migration fills it: a condition does not see what the shop writes in another Region', async () => {
    const check = await checkTable('products-enhanced', { Replicas, MultiRegionConsistency: 'EVENTUAL' });
    expect(check).toMatchObject({
      outcome: 'stop',
      sentence: expect.stringMatching(/replicas \(us-east-1, eu-west-1\).*could be lost.*not touched/),
      error: {
        name: 'GlobalTableError',
        message: expect.stringMatching(/\n.*tablePrefix.*Add replicas afterwards\.$/),
      },
    });
    expect(await checkTable('products-enhanced', { Replicas })).toMatchObject({ outcome: 'stop' });
  });

  it('is passed where reads and writes are consistent over all Regions, or nothing is put into it', async () => {
    const strong = { Replicas, MultiRegionConsistency: 'STRONG' } as const;
    expect(await checkTable('products-enhanced', strong)).toMatchObject({ outcome: 'done' });
    expect(await checkTable('products-enhanced', { Replicas: [] })).toMatchObject({ outcome: 'done' });
    expect(await checkTable('cart', { Replicas })).toMatchObject({ outcome: 'done' });
  });
});

describe('the check of a target with an index that takes fewer writes than the table can spare', () => {
  const index = (name: string, writes: number) => ({
    IndexName: name,
    ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: writes },
  });
  const ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 100 };

  it('warns where the migration fills it, with the cap that leaves half to the shop', async () => {
    const GlobalSecondaryIndexes = [index('ByBrand', 10), index('ByPrice', 8), index('ByDay', 100)];
    expect(
      await checkTable('products-enhanced', { ProvisionedThroughput, GlobalSecondaryIndexes }),
    ).toMatchObject({
      outcome: 'warning',
      sentence: expect.stringMatching(
        /ByBrand \(10 write units a second\) and ByPrice \(8 .*"writeUnitsPerSecond": 4\b/,
      ) as string,
    });
  });

  it('warns of an index with a maximum on a table without one', async () => {
    const capped = { IndexName: 'ByBrand', OnDemandThroughput: { MaxWriteRequestUnits: 50 } };
    expect(await checkTable('products-enhanced', { GlobalSecondaryIndexes: [capped] })).toMatchObject({
      outcome: 'warning',
      sentence: expect.stringContaining('"writeUnitsPerSecond": 25') as string,
    });
  });

  it('says nothing where every index takes what the table takes, or nothing is put into the table', async () => {
    const equal = { ProvisionedThroughput, GlobalSecondaryIndexes: [index('ByBrand', 100)] };
    expect(await checkTable('products-enhanced', equal)).toMatchObject({ outcome: 'done' });
    const weak = { ProvisionedThroughput, GlobalSecondaryIndexes: [index('OrderIndex', 1)] };
    expect(await checkTable('cart', weak)).toMatchObject({ outcome: 'done' });
  });
});

describe('the check of a target that exists', () => {
  it('is passed under the key that DynamoDB owns', async () => {
    expect(await checkCart(undefined)).toMatchObject({ outcome: 'done' });
  });

  it('warns of a key that no parameter names, with the way to deploy', async () => {
    const encrypted = { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: keyArn('own') } as const;
    expect(await checkCart(encrypted, { targetKmsKeyArn: keyArn('other') })).toMatchObject({
      outcome: 'warning',
      sentence: expect.stringContaining(
        `deploy again with --param targetKmsKeyArn=${keyArn('own')} and all other parameters of this stage`,
      ) as string,
    });
  });

  it.each(['kmsKeyArn', 'targetKmsKeyArn'] as const)('is passed under the key of %s', async (parameter) => {
    const encrypted = { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: keyArn('own') } as const;
    expect(await checkCart(encrypted, { [parameter]: keyArn('own') })).toMatchObject({ outcome: 'done' });
  });
});
