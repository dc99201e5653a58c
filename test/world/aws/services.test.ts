import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Execution } from './state.ts';
import { createWorldAws } from './aws.ts';
import { ANYBODY, finish, testAws } from './test-aws.ts';

const named = (name: string): Error => expect.objectContaining({ name }) as Error;

describe('S3', () => {
  const filled = () => {
    const aws = testAws();
    aws.state.buckets.set('bucket', { objects: new Map(), uploads: new Map() });
    const put = (Key: string, Body: string, others: object = {}) =>
      aws.callOf<{ ETag: string }>('s3', 'PutObject', { Bucket: 'bucket', Key, Body, ...others });
    return { aws, put };
  };

  it('keeps an object that exists from a write-once upload', async () => {
    const { aws, put } = filled();
    put('a', 'first', { IfNoneMatch: '*' });
    expect(() => put('a', 'second', { IfNoneMatch: '*' })).toThrow(named('PreconditionFailed'));
    const found = aws.callOf<{ Body: { transformToByteArray: () => Promise<Uint8Array> } }>(
      's3',
      'GetObject',
      {
        Bucket: 'bucket',
        Key: 'a',
      },
    );
    expect(Buffer.from(await found.Body.transformToByteArray()).toString()).toBe('first');
  });

  it('replaces only what was read', () => {
    const { put } = filled();
    expect(() => put('a', 'new', { IfMatch: '"0"' })).toThrow(named('NoSuchKey'));
    const { ETag } = put('a', 'first');
    put('a', 'second', { IfMatch: ETag });
    expect(() => put('a', 'third', { IfMatch: ETag })).toThrow(named('PreconditionFailed'));
  });

  it('may refuse one of two conditional uploads at once', () => {
    const { aws } = filled();
    aws.answer('another upload', 1);
    const input = { Bucket: 'bucket', Key: 'a', Body: 'x', IfNoneMatch: '*' };
    const [one, other] = [
      aws.begin(ANYBODY, 's3', 'PutObject', input),
      aws.begin(ANYBODY, 's3', 'PutObject', input),
    ];
    expect(() => finish(one)).toThrow(named('ConditionalRequestConflict'));
    expect(finish(other)).toHaveProperty('ETag');
  });

  it('refuses bytes that do not have the checksum', () => {
    const { put } = filled();
    expect(() => put('a', 'x', { ChecksumSHA256: hash('sha256', 'y', 'base64') })).toThrow(
      named('BadDigest'),
    );
  });

  it('lists keys and folders in pages', () => {
    const { aws, put } = filled();
    for (const key of ['runs/b/1', 'runs/a/1', 'runs/a/2', 'runs/c']) put(key, 'x');
    aws.answer('after which a list ends', 1);
    const list = (others: object): readonly string[] => {
      const page = aws.callOf<{
        Contents?: { Key: string }[];
        CommonPrefixes?: { Prefix: string }[];
        NextContinuationToken?: string;
      }>('s3', 'ListObjectsV2', { Bucket: 'bucket', Prefix: 'runs/', ...others });
      const { Contents = [], CommonPrefixes = [], NextContinuationToken: ContinuationToken } = page;
      const found = [...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)];
      return ContinuationToken === undefined ? found : [...found, ...list({ ...others, ContinuationToken })];
    };
    expect(list({})).toEqual(['runs/a/1', 'runs/a/2', 'runs/b/1', 'runs/c']);
    expect(list({ Delimiter: '/' })).toEqual(['runs/a/', 'runs/b/', 'runs/c']);
  });
});

describe('Step Functions', () => {
  const machine = 'arn:aws:states:ap-southeast-2:123456789012:stateMachine:migrate';

  it('starts one execution for a name, and says so when it is stopped', () => {
    const events: string[] = [];
    const note = (what: string) => (execution: Execution) => void events.push(`${what} ${execution.name}`);
    const aws = createWorldAws({
      now: () => 0,
      choose: () => 0,
      onStart: note('start'),
      onStop: note('stop'),
    });
    aws.state.machines.add(machine);
    const call = (operation: string, input: object) =>
      finish<{ executionArn: string; status?: string }>(aws.begin(ANYBODY, 'states', operation, input));
    const start = { stateMachineArn: machine, name: 'one', input: '{}' };
    const { executionArn } = call('StartExecution', start);
    expect(call('StartExecution', start).executionArn).toBe(executionArn);
    expect(() => call('StartExecution', { ...start, input: '[]' })).toThrow(named('ExecutionAlreadyExists'));
    call('StopExecution', { executionArn });
    expect(call('DescribeExecution', { executionArn }).status).toBe('ABORTED');
    expect(() => call('StartExecution', start)).toThrow(named('ExecutionAlreadyExists'));
    expect(events).toEqual(['start one', 'stop one']);
  });
});

describe('event source mappings', () => {
  it('are created and deleted over time, and only one for a stream and a function', () => {
    const aws = testAws();
    aws.state.functions.add('sync');
    aws.call('UpdateTable', {
      TableName: 'items',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
    });
    const EventSourceArn = [...aws.state.streams.keys()][0];
    const create = () =>
      aws.callOf<{ UUID: string }>('lambda', 'CreateEventSourceMapping', {
        EventSourceArn,
        FunctionName: 'sync',
      });
    const { UUID } = create();
    const state = () => aws.callOf<{ State: string }>('lambda', 'GetEventSourceMapping', { UUID }).State;
    expect(create).toThrow(named('ResourceConflictException'));
    expect(() => aws.callOf('lambda', 'DeleteEventSourceMapping', { UUID })).toThrow(
      named('ResourceInUseException'),
    );
    aws.pass(1_000);
    expect(state()).toBe('Enabled');
    aws.callOf('lambda', 'DeleteEventSourceMapping', { UUID });
    expect(state()).toBe('Deleting');
    aws.pass(1_000);
    expect(state).toThrow(named('ResourceNotFoundException'));
    expect(aws.callOf('lambda', 'ListEventSourceMappings', { EventSourceArn })).toEqual({
      EventSourceMappings: [],
    });
  });
});

describe('the other services', () => {
  it('count the messages of a queue, and know who asks', () => {
    const aws = testAws();
    expect(() => aws.callOf('sqs', 'GetQueueUrl', { QueueName: 'failures' })).toThrow(
      named('QueueDoesNotExist'),
    );
    aws.state.queues.set('failures', ['a batch']);
    const { QueueUrl } = aws.callOf<{ QueueUrl: string }>('sqs', 'GetQueueUrl', { QueueName: 'failures' });
    expect(
      aws.callOf('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    ).toMatchObject({
      Attributes: { ApproximateNumberOfMessages: '1' },
    });
    expect(aws.callOf('sts', 'GetCallerIdentity', {})).toMatchObject({ Account: '123456789012' });
  });
});
