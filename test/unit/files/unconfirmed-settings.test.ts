import { describe, expect, it } from 'vitest';
import { unconfirmedWarnings } from '../../../functions/restore-from-backup/unconfirmed-settings.ts';
import type { TableDescription } from '../../../functions/shared/aws/table-description.ts';

const table: TableDescription = {
  tableName: 'products',
  tableArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/products',
  tableId: 'id',
  keySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  attributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  billingMode: 'PAY_PER_REQUEST',
  globalSecondaryIndexes: [],
  localSecondaryIndexes: [],
  tags: [],
  otherSettings: [],
};

function said(backedUp: Partial<TableDescription>, expired = 0): readonly string[] {
  const scope = {
    tableName: 'products-restored-1',
    backedUp: { ...table, ...backedUp },
    expired,
    backupId: '01700000000000-0a0b0c0d',
  };
  return unconfirmedWarnings({ bucket: 'bucket' }, scope).slice(1);
}

const unconfirmed = (settings: string): string =>
  `products-restored-1: the restore ended before it had confirmed these settings of products: ${settings}. Set what is missing in the DynamoDB console. s3://bucket/AWSDynamoDB/01700000000000-0a0b0c0d/migration-manifest.json has the values.`;

describe('the settings of a restored table that nobody has confirmed', () => {
  it.each<readonly [settings: string, backedUp: Partial<TableDescription>]>([
    ['time to live on expiresAt', { timeToLiveAttribute: 'expiresAt' }],
    ['provisioned billing', { billingMode: 'PROVISIONED' }],
    ['the maxima of on-demand capacity', { onDemandThroughput: { MaxReadRequestUnits: 10 } }],
    [
      'the maxima of on-demand capacity',
      {
        globalSecondaryIndexes: [
          {
            IndexName: 'brand',
            KeySchema: [{ AttributeName: 'brand', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
            OnDemandThroughput: { MaxWriteRequestUnits: 10 },
          },
        ],
      },
    ],
  ])('are named: %s', (settings, backedUp) => {
    expect(said(backedUp)).toEqual([unconfirmed(settings)]);
  });

  it('are only those that the table had', () => {
    expect(said({})).toEqual([]);
  });

  it('are the tags that a restore can set, while the others are said to be left out', () => {
    const tags = ['aws:cloudformation:stack-name', 'team'].map((Key) => ({ Key, Value: 'x' }));
    expect(said({ tags })).toEqual([
      'products-restored-1: these tags were not restored, because only AWS can set them: aws:cloudformation:stack-name.',
      unconfirmed('tags team'),
    ]);
  });

  it('are without the time to live that the restore leaves off because items have expired', () => {
    expect(said({ timeToLiveAttribute: 'expiresAt' }, 2)).toEqual([
      expect.stringContaining(
        'time to live on expiresAt was left off, because 2 restored items have expired',
      ),
    ]);
    expect(said({ timeToLiveAttribute: 'expiresAt' }, 1)).toEqual([
      expect.stringContaining(
        'because 1 restored item has expired and would be deleted at once. Look at it,',
      ),
    ]);
  });
});
