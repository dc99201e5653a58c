import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate, type Permissions } from '../support/iam-evaluator.ts';
import { Arns } from '../support/iam-proof.ts';
import { compileVariants, names, rolesOf } from './iam-variants.ts';
import { variants } from './template-variants.ts';

beforeAll(compileVariants);

const variant = 'everythingElse';
const { region, parameters } = variants[variant];
const arns = new Arns(names[variant]);

const ITEM_ACTIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
];

/** Whether a role may read or write an item of one of these tables. */
const mayUseItems = (permissions: Permissions, tables: readonly string[]): boolean =>
  tables.some((resource) =>
    ITEM_ACTIONS.some(
      (action) => evaluate(permissions, { action: `dynamodb:${action}`, resource }) === 'ALLOWED',
    ),
  );

const mayUseKey = (permissions: Permissions, keyArn: string, action: string, service: string): boolean =>
  evaluate(permissions, {
    action: `kms:${action}`,
    resource: keyArn,
    context: { 'kms:ViaService': `${service}.${region}.amazonaws.com` },
  }) === 'ALLOWED';

describe('a customer managed key', () => {
  it('of targets can be used by every role that reads or writes items of theirs, and by no other', () => {
    const expected = rolesOf(variant)
      .filter(([, permissions]) => mayUseItems(permissions, [...arns.filled, arns.restored]))
      .map(([functionKey]) => functionKey);
    expect(expected).toEqual(expect.arrayContaining(['migrateProductsEnhanced', 'rollBack', 'syncProducts']));
    for (const action of ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey'])
      expect(
        rolesOf(variant)
          .filter(([, permissions]) => mayUseKey(permissions, parameters.targetKmsKeyArn, action, 'dynamodb'))
          .map(([functionKey]) => functionKey),
      ).toEqual(expected);
  });

  it('of targets can be used through DynamoDB alone', () => {
    const allowed = rolesOf(variant).filter(([, permissions]) =>
      mayUseKey(permissions, parameters.targetKmsKeyArn, 'Decrypt', 's3'),
    );
    expect(allowed).toEqual([]);
  });

  it('that no parameter names can be used by no role', () => {
    const allowed = rolesOf('asItComes').filter(([, permissions]) =>
      mayUseKey(permissions, parameters.targetKmsKeyArn, 'Decrypt', 'dynamodb'),
    );
    expect(allowed).toEqual([]);
  });
});
