import { describe, expect, it } from 'vitest';
import { closingPolicy } from '../../../functions/shared/aws/table-policy.ts';
import { ANYBODY, tableOf, testAws } from './test-aws.ts';

const named = (name: string): Error => expect.objectContaining({ name }) as Error;

describe('tables over time', () => {
  const status = (aws: ReturnType<typeof testAws>) =>
    aws.call<{ Table: { TableStatus: string } }>('DescribeTable', { TableName: 'new' }).Table.TableStatus;
  const put = { TableName: 'new', Item: { id: { S: 'a' } } };

  it('takes no items while it is CREATING', () => {
    const aws = testAws();
    aws.answer('is CREATING', 1);
    aws.call('CreateTable', tableOf('new', ['id']));
    expect(status(aws)).toBe('CREATING');
    expect(() => aws.call('PutItem', put)).toThrow(named('ResourceNotFoundException'));
    expect(() => aws.call('DeleteTable', { TableName: 'new' })).toThrow(named('ResourceInUseException'));
    aws.pass(3_000);
    expect(status(aws)).toBe('ACTIVE');
    expect(() => aws.call('PutItem', put)).not.toThrow();
  });

  it('may be unknown to DescribeTable at first', () => {
    const aws = testAws();
    aws.answer('is not known everywhere', 1);
    aws.call('CreateTable', tableOf('new', ['id']));
    expect(() => status(aws)).toThrow(named('ResourceNotFoundException'));
    expect(() => aws.call('CreateTable', tableOf('new', ['id']))).toThrow(named('ResourceInUseException'));
    aws.pass(2_000);
    expect(status(aws)).toBe('ACTIVE');
  });

  it('may still take writes while it is DELETING, and then its name is free', () => {
    const aws = testAws();
    aws.answer('is DELETING', 1);
    aws.call('CreateTable', tableOf('new', ['id']));
    aws.call('DeleteTable', { TableName: 'new' });
    expect(status(aws)).toBe('DELETING');
    expect(() => aws.call('PutItem', put)).not.toThrow();
    aws.pass(3_000);
    expect(() => aws.call('PutItem', put)).toThrow(named('ResourceNotFoundException'));
    aws.call('CreateTable', tableOf('new', ['id']));
    expect(aws.call('Scan', { TableName: 'new' })).toMatchObject({ Count: 0 });
  });

  it('is not deleted while it is protected or backed up', () => {
    const aws = testAws();
    aws.call('UpdateTable', { TableName: 'items', DeletionProtectionEnabled: true });
    expect(() => aws.call('DeleteTable', { TableName: 'items' })).toThrow(named('ValidationException'));
    aws.call('UpdateTable', { TableName: 'items', DeletionProtectionEnabled: false });
    aws.answer('how long the backup', 1);
    aws.call('CreateBackup', { TableName: 'items', BackupName: 'before' });
    expect(() => aws.call('DeleteTable', { TableName: 'items' })).toThrow(named('ResourceInUseException'));
    aws.pass(5_000);
    expect(aws.call('ListBackups', { TableName: 'items' })).toMatchObject({
      BackupSummaries: [{ BackupName: 'before', BackupStatus: 'AVAILABLE' }],
    });
    expect(() => aws.call('DeleteTable', { TableName: 'items' })).not.toThrow();
  });

  it('may show its tags late', () => {
    const aws = testAws();
    aws.answer('tags of', 1);
    const created = aws.call<{ TableDescription: { TableArn: string } }>('CreateTable', {
      ...tableOf('new', ['id']),
      Tags: [{ Key: 'migration:run', Value: 'r' }],
    });
    const tags = () => aws.call('ListTagsOfResource', { ResourceArn: created.TableDescription.TableArn });
    expect(tags()).toEqual({ Tags: [] });
    aws.pass(30_000);
    expect(tags()).toEqual({ Tags: [{ Key: 'migration:run', Value: 'r' }] });
  });

  it('shows no tags while it is CREATING or DELETING', () => {
    const aws = testAws();
    aws.answer('is CREATING', 1);
    aws.answer('is DELETING', 1);
    const created = aws.call<{ TableDescription: { TableArn: string } }>(
      'CreateTable',
      tableOf('new', ['id']),
    );
    const tags = () => aws.call('ListTagsOfResource', { ResourceArn: created.TableDescription.TableArn });
    expect(tags).toThrow(named('ResourceNotFoundException'));
    aws.pass(3_000);
    expect(tags()).toEqual({ Tags: [] });
    aws.call('DeleteTable', { TableName: 'new' });
    expect(tags).toThrow(named('ResourceNotFoundException'));
  });

  it('takes one change of time to live in an hour', () => {
    const aws = testAws();
    const change = (Enabled: boolean) =>
      aws.call('UpdateTimeToLive', {
        TableName: 'items',
        TimeToLiveSpecification: { AttributeName: 'at', Enabled },
      });
    change(true);
    expect(() => change(false)).toThrow(named('ValidationException'));
    aws.pass(3_600_000);
    expect(() => change(false)).not.toThrow();
  });
});

describe('resource policies', () => {
  const WRITER = { name: 'writer', tags: { 'migration:writer': 'shop-local' } };
  const put = { TableName: 'new', Item: { id: { S: 'a' } } };

  const closed = () => {
    const aws = testAws();
    const tableArn = `arn:aws:dynamodb:${aws.aws.region}:${aws.aws.accountId}:table/new`;
    const ResourcePolicy = closingPolicy({ runId: 'run-1', tableArn, writer: 'shop-local' });
    aws.call('CreateTable', { ...tableOf('new', ['id']), ResourcePolicy });
    return { aws, ResourceArn: tableArn };
  };

  it('close a new table to everybody but the writers from the first request', () => {
    const { aws } = closed();
    const batch = { RequestItems: { new: [{ PutRequest: { Item: { id: { S: 'a' } } } }] } };
    expect(() => aws.call('PutItem', put, ANYBODY)).toThrow(named('AccessDeniedException'));
    expect(() => aws.call('BatchWriteItem', batch, ANYBODY)).toThrow(named('AccessDeniedException'));
    expect(() => aws.call('PutItem', put, WRITER)).not.toThrow();
    expect(aws.call('Scan', { TableName: 'new' }, ANYBODY)).toMatchObject({ Count: 1 });
  });

  it('may be enforced for a while after they are gone', () => {
    const { aws, ResourceArn } = closed();
    aws.call('DeleteResourcePolicy', { ResourceArn });
    aws.answer('is not enforced yet', 1);
    expect(() => aws.call('PutItem', put, ANYBODY)).toThrow(named('AccessDeniedException'));
    aws.pass(230_000);
    expect(() => aws.call('PutItem', put, ANYBODY)).toThrow(named('AccessDeniedException'));
    aws.pass(10_000);
    expect(() => aws.call('PutItem', put, ANYBODY)).not.toThrow();
  });

  it('do not change again at once', () => {
    const { aws, ResourceArn } = closed();
    aws.call('DeleteResourcePolicy', { ResourceArn });
    aws.answer('was changed a moment ago', 1);
    const Policy = closingPolicy({ runId: 'run-1', tableArn: ResourceArn });
    const again = () => aws.call('PutResourcePolicy', { ResourceArn, Policy });
    expect(again).toThrow(named('ThrottlingException'));
    aws.pass(15_000);
    expect(again).not.toThrow();
  });

  it('change only from the revision that was read', () => {
    const { aws, ResourceArn } = closed();
    const found = aws.call<{ Policy: string; RevisionId: string }>('GetResourcePolicy', { ResourceArn });
    const stale = { ResourceArn, ExpectedRevisionId: 'NO_POLICY' };
    expect(() => aws.call('DeleteResourcePolicy', stale)).toThrow(named('PolicyNotFoundException'));
    aws.call('DeleteResourcePolicy', { ResourceArn, ExpectedRevisionId: found.RevisionId });
    expect(() => aws.call('GetResourcePolicy', { ResourceArn })).toThrow(named('PolicyNotFoundException'));
  });
});
