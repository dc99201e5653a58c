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

/** The check of table cart, which exists with the right keys, and with this encryption. */
async function checkCart(SSEDescription: TableDescription['SSEDescription'], keys: Partial<Config> = {}) {
  const [spec] = migration.targets.filter(({ name }) => name === 'cart');
  if (spec === undefined) throw new Error('There is no cart.');
  const dynamo = {
    send: async (command: object) =>
      command instanceof DescribeTableCommand
        ? {
            Table: {
              ...createTableInput(spec, { name: 'cart', tags: {} }),
              TableStatus: 'ACTIVE',
              TableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/cart',
              SSEDescription,
            },
          }
        : { Tags: [] },
  } as unknown as DynamoDBClient;
  const config = { service: 'products-migration', stage: 'dev', tablePrefix: '', ...keys };
  const cart = { ...migration, targets: [spec] };
  const runtime = { clients: { dynamo }, clock: SYSTEM_CLOCK, config, migration: cart };
  const [target] = await checkTargets(runtime as unknown as Runtime);
  expect(target?.spec).toMatchObject({ name: tableName(spec, '') });
  return target?.check;
}

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
