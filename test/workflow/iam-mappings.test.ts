import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../support/iam-evaluator.ts';
import { Arns } from '../support/iam-proof.ts';
import { compileVariants, names, rolesOf, type VariantName, variantNames } from './iam-variants.ts';

beforeAll(compileVariants);

/** What Lambda reads a stream with, in the name of the function that a mapping calls. */
const STREAM_READS = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
const OPERATIONS = ['Create', 'Update', 'Get', 'Delete'] as const;

describe('event source mappings', () => {
  const allowed = { controlSync: ['Create', 'Get', 'Delete'], recoverRun: ['Delete'] };

  /** `function operation` of what is allowed where the mapping calls this function. */
  function allowedWith(variant: VariantName, functionArn: string | undefined): string[] {
    const arns = new Arns(names[variant]);
    const context = functionArn === undefined ? {} : { 'lambda:FunctionArn': functionArn };
    return rolesOf(variant).flatMap(([functionKey, role]) =>
      OPERATIONS.filter((operation) => {
        const resource = operation === 'Create' ? '*' : arns.mapping('0d9cd1a5');
        const request = { action: `lambda:${operation}EventSourceMapping`, resource, context };
        return evaluate(role, request) === 'ALLOWED';
      }).map((operation) => `${functionKey} ${operation}`),
    );
  }

  it.each(variantNames)(
    'are created, looked at and deleted only where they call syncProducts, deployed %s',
    (variant) => {
      const arns = new Arns(names[variant]);
      const expected = Object.entries(allowed).flatMap(([key, own]) => own.map((one) => `${key} ${one}`));
      expect(allowedWith(variant, arns.function('syncProducts')).toSorted()).toEqual(expected.toSorted());
      const others = [
        arns.function('recoverRun'),
        `${arns.function('syncProducts')}2`,
        `${arns.function('syncProducts')}:7`,
        arns.function('syncProducts').replace('products-migration', 'shop'),
      ];
      for (const other of others) expect(allowedWith(variant, other)).toEqual([]);
    },
  );

  it.each(variantNames)(
    'that are gone are answered with “not found”, not refused, deployed %s',
    (variant) => {
      expect(allowedWith(variant, undefined)).toEqual([
        'recoverRun Delete',
        'controlSync Get',
        'controlSync Delete',
      ]);
    },
  );

  it.each(variantNames)(
    'read the source’s stream with the role of syncProducts, which no other role may, deployed %s',
    (variant) => {
      const arns = new Arns(names[variant]);
      const readersOf = (table: string) =>
        STREAM_READS.flatMap((name) =>
          rolesOf(variant)
            .filter(([, role]) => {
              const request = { action: `dynamodb:${name}`, resource: `${table}/stream/2026` };
              return evaluate(role, request) === 'ALLOWED';
            })
            .map(([functionKey]) => `${functionKey} ${name}`),
        );
      expect(readersOf(arns.source)).toEqual(STREAM_READS.map((name) => `syncProducts ${name}`));
      for (const table of [...arns.targets, arns.table('customers')]) expect(readersOf(table)).toEqual([]);
    },
  );

  it.each(variantNames)(
    'tell their own queue of what they gave up, with the role of syncProducts, deployed %s',
    (variant) => {
      const { stage, region } = names[variant];
      const sendersTo = (queue: string) =>
        rolesOf(variant)
          .filter(([, role]) => {
            const resource = `arn:aws:sqs:${region}:123456789012:products-migration-${stage}-${queue}`;
            return evaluate(role, { action: 'sqs:SendMessage', resource }) === 'ALLOWED';
          })
          .map(([functionKey]) => functionKey);
      expect(sendersTo('sync-failures')).toEqual(['syncProducts']);
      expect(sendersTo('unrecovered')).toEqual(['recoverRun']);
      expect(sendersTo('any')).toEqual([]);
    },
  );

  it.each(variantNames)(
    'leave a queue of what they gave up that recoverRun and controlSync may count, and nobody may read or empty, deployed %s',
    (variant) => {
      const { stage, region } = names[variant];
      const thoseWhoMay = (operation: string, queue = 'sync-failures') =>
        rolesOf(variant)
          .filter(([, role]) => {
            const resource = `arn:aws:sqs:${region}:123456789012:products-migration-${stage}-${queue}`;
            return evaluate(role, { action: `sqs:${operation}`, resource }) === 'ALLOWED';
          })
          .map(([functionKey]) => functionKey)
          .toSorted();
      for (const operation of ['GetQueueUrl', 'GetQueueAttributes']) {
        expect(thoseWhoMay(operation)).toEqual(['controlSync', 'recoverRun']);
        expect(thoseWhoMay(operation, 'unrecovered')).toEqual([]);
        expect(thoseWhoMay(operation, 'any')).toEqual([]);
      }
      for (const operation of ['ReceiveMessage', 'DeleteMessage', 'PurgeQueue', 'SetQueueAttributes'])
        expect(thoseWhoMay(operation)).toEqual([]);
    },
  );
});
