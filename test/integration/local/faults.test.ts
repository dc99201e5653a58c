import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { endOfExecution, startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';

const TableName = 'things';

let aws: EmbeddedAws;
let clients: TestClients;

beforeAll(async () => {
  aws = await startTinyAws({ pauseMillis: 10 });
  // The events of failed executions would call functions in the middle of other tests.
  aws.events.hold();
  clients = testClients(aws);
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

beforeEach(async () => {
  await clients.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
});

afterEach(async () => {
  aws.faults.clear();
  await clients.dynamodb.send(new DeleteTableCommand({ TableName }));
});

describe('a fault', () => {
  it('is met by the nth matching request, and by no other', async () => {
    const fault = aws.faults.add({
      service: 'dynamodb',
      operation: 'PutItem',
      table: TableName,
      nth: 2,
      kind: 'throttle',
    });
    await put('a');
    await expect(put('b')).rejects.toThrow(
      expect.objectContaining({ name: 'ProvisionedThroughputExceededException' }),
    );
    await put('c');
    expect(await ids()).toEqual(['a', 'c']);
    expect(fault).toMatchObject({ matched: 3, struck: 1 });
  });

  it('happens at a seeded rate: the same seed, the same requests', async () => {
    const outcomes = async () => {
      const fault = aws.faults.add({
        service: 'dynamodb',
        operation: 'PutItem',
        rate: 0.3,
        seed: 42,
        kind: 'throttle',
      });
      const results = [];
      for (let n = 0; n < 40; n += 1)
        results.push(
          await put(`i${n}`).then(
            () => true,
            () => false,
          ),
        );
      fault.remove();
      return results;
    };
    const first = await outcomes();
    expect(await outcomes()).toEqual(first);
    expect(first.filter((applied) => !applied).length).toBeGreaterThan(4);
    expect(first.filter((applied) => applied).length).toBeGreaterThan(20);
  });

  it('can be for one item only, by what the request says', async () => {
    const isB = (_request: unknown, body: Record<string, unknown> | undefined) =>
      JSON.stringify(body).includes('"S":"b"');
    aws.faults.add({ service: 'dynamodb', operation: 'PutItem', where: isB, kind: 'throttle' });
    await Promise.allSettled(['a', 'b', 'c'].map(put));
    expect(await ids()).toEqual(['a', 'c']);
  });

  it('is gone when it is removed', async () => {
    aws.faults.add({ service: 'dynamodb', kind: 'error', code: 'InternalServerError', status: 500 }).remove();
    await put('a');
    expect(await ids()).toEqual(['a']);
  });

  it('can be any error of the service’s own form', async () => {
    const fault = {
      kind: 'error',
      code: 'InternalServerError',
      status: 500,
      message: 'no luck',
      times: 1,
    } as const;
    aws.faults.add({ service: 'dynamodb', ...fault });
    await expect(put('a')).rejects.toThrow(
      expect.objectContaining({ name: 'InternalServerError', message: 'no luck' }),
    );
    aws.faults.add({ service: 's3', kind: 'throttle', times: 1 });
    await expect(putObject('a')).rejects.toThrow(expect.objectContaining({ name: 'SlowDown' }));
    aws.faults.add({ service: 'lambda', kind: 'throttle', times: 1 });
    const invoke = clients.lambda.send(new InvokeCommand({ FunctionName: aws.functions['echo'] }));
    await expect(invoke).rejects.toThrow(expect.objectContaining({ name: 'TooManyRequestsException' }));
  });

  it('hands back a share of a batch and applies the rest', async () => {
    aws.faults.add({
      service: 'dynamodb',
      operation: 'BatchWriteItem',
      kind: 'unprocessed',
      share: 0.4,
      seed: 7,
    });
    const requests = Array.from({ length: 25 }, (_, n) => write(`b${n}`));
    const { UnprocessedItems } = await clients.dynamodb.send(batch(requests));
    const handedBack = UnprocessedItems?.[TableName] ?? [];
    expect(handedBack.length).toBeGreaterThan(3);
    expect(handedBack.length).toBeLessThan(20);
    const written = new Set(await ids());
    for (const request of requests) {
      const back = handedBack.some(
        ({ PutRequest }) => PutRequest?.Item?.['id']?.S === request.PutRequest?.Item?.['id']?.S,
      );
      expect(written.has(request.PutRequest?.Item?.['id']?.S ?? '')).toBe(!back);
    }
  });

  it('resets a connection before anything is applied', async () => {
    aws.faults.add({ service: 'dynamodb', operation: 'PutItem', kind: 'reset', times: 1 });
    await expect(put('a')).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await ids()).toEqual([]);
    expect(last('PutItem')).toMatchObject({
      applied: false,
      aborted: true,
      fault: 'reset',
      status: undefined,
    });
  });

  it('loses an answer after the request was applied', async () => {
    aws.faults.add({ service: 'dynamodb', operation: 'PutItem', kind: 'answerLost', times: 1 });
    await expect(put('a')).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await ids()).toEqual(['a']);
    expect(last('PutItem')).toMatchObject({ applied: true, aborted: true });
  });

  it('keeps a request waiting until its client gives up', async () => {
    aws.faults.add({ service: 'dynamodb', operation: 'PutItem', kind: 'hang', times: 1 });
    const giveUp = AbortSignal.timeout(100);
    const command = new PutItemCommand({ TableName, Item: { id: { S: 'a' } } });
    await expect(clients.dynamodb.send(command, { abortSignal: giveUp })).rejects.toThrow(/abort/i);
    expect(await ids()).toEqual([]);
  });

  it('holds a request until it is released, while its client waits for the answer', async () => {
    const held = aws.faults.add({ service: 'dynamodb', operation: 'PutItem', kind: 'held', nth: 1 });
    const answered = put('late');
    await put('early');
    expect(await ids()).toEqual(['early']);
    held.release();
    await answered;
    expect(await ids()).toEqual(['early', 'late']);
  });

  it('holds a request whose sender is gone, and applies it when it is released', async () => {
    const held = aws.faults.add({ operation: 'PutItem', kind: 'held', nth: 1, sender: 'reset' });
    await expect(put('late')).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await ids()).toEqual([]);
    held.release();
    await held.settled();
    expect(await ids()).toEqual(['late']);
    expect(last('PutItem')).toMatchObject({ applied: true, aborted: true, fault: 'held' });
  });

  it('applies a request that it holds once its time is over', async () => {
    const operation = 'PutItem';
    const held = aws.faults.add({ operation, kind: 'held', nth: 1, millis: 100, sender: 'reset' });
    await expect(put('late')).rejects.toThrow(/ECONNRESET|socket hang up/);
    await held.settled();
    expect(await ids()).toEqual(['late']);
  });

  it('ends the worker whose request it holds, and applies the request all the same', async () => {
    const at = { service: 'dynamodb', operation: 'PutItem', table: aws.ledgerTable } as const;
    const held = aws.faults.add({ ...at, kind: 'held', nth: 1, sender: 'killed' });
    const Payload = JSON.stringify({ detail: { name: 'held', status: 'X' } });
    const killed = await clients.lambda.send(
      new InvokeCommand({ FunctionName: aws.functions['settle'], Payload }),
    );
    expect(Buffer.from(killed.Payload ?? []).toString()).toContain('Runtime.ExitError');
    const Key = { PK: { S: 'EVENT' }, SK: { S: 'held#X' } };
    const find = () => clients.dynamodb.send(new GetItemCommand({ TableName: aws.ledgerTable, Key }));
    expect((await find()).Item).toBeUndefined();
    held.release();
    await held.settled();
    expect((await find()).Item).toBeDefined();
  });

  it('releases what it holds when all faults are cleared', async () => {
    const held = aws.faults.add({ operation: 'PutItem', kind: 'held', nth: 1, sender: 'reset' });
    await expect(put('late')).rejects.toThrow(/ECONNRESET|socket hang up/);
    aws.faults.clear();
    await held.settled();
    expect(await ids()).toEqual(['late']);
  });

  it('has a request carried out a second time once it is told to', async () => {
    const again = aws.faults.add({ operation: 'PutItem', kind: 'twice', nth: 1, second: 'later' });
    await put('a');
    await clients.dynamodb.send(new DeleteItemCommand({ TableName, Key: { id: { S: 'a' } } }));
    expect(await ids()).toEqual([]);
    again.release();
    await again.settled();
    expect(await ids()).toEqual(['a']);
  });

  it('has a function called twice for one invocation', async () => {
    const twice = aws.faults.add({ service: 'lambda', kind: 'twice', nth: 1, second: 'atOnce' });
    const Payload = JSON.stringify({ detail: { name: 'twice', status: 'X' } });
    const before = aws.requestLog.entries.length;
    await clients.lambda.send(new InvokeCommand({ FunctionName: aws.functions['settle'], Payload }));
    await twice.settled();
    const writes = aws.requestLog.entries.slice(before).filter(({ operation }) => operation === 'PutItem');
    expect(writes).toHaveLength(2);
  });

  it('cuts a body during the stream', async () => {
    await putObject('cut');
    aws.faults.add({ service: 's3', operation: 'GetObject', key: 'cut', kind: 'bodyCut', times: 1 });
    const { Body, ContentLength } = await clients.s3.send(
      new GetObjectCommand({ Bucket: aws.bucket, Key: 'cut' }),
    );
    expect(ContentLength).toBe(10);
    await expect(Body?.transformToString()).rejects.toThrow(/aborted|ECONNRESET/);
  });

  it('changes a byte on the way, or in the store, which the stored checksum then shows', async () => {
    await putObject('good');
    aws.faults.add({ service: 's3', operation: 'GetObject', kind: 'bodyChanged', times: 1 });
    expect(await read('good')).not.toBe('0123456789');
    expect(await read('good')).toBe('0123456789');
    aws.faults.add({
      service: 's3',
      operation: 'PutObject',
      kind: 'bodyChanged',
      target: 'stored',
      times: 1,
    });
    await putObject('bad');
    expect(await read('bad')).not.toBe('0123456789');
    const checked = clients.s3.send(
      new GetObjectCommand({ Bucket: aws.bucket, Key: 'bad', ChecksumMode: 'ENABLED' }),
    );
    await expect(checked.then(({ Body }) => Body?.transformToString())).rejects.toThrow(/[Cc]hecksum/);
  });

  it('of the Lambda service reaches a state as its error', async () => {
    aws.faults.add({
      service: 'lambda',
      operation: 'Invoke',
      kind: 'error',
      status: 500,
      code: 'ServiceException',
    });
    const ended = await runMachine();
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Lambda.ServiceException' });
  });
});

describe('a kill', () => {
  it.each(['before', 'after'] as const)(
    'ends the worker %s its request is applied, and only that call',
    async (when) => {
      const kill = aws.faults.killAt({
        service: 'dynamodb',
        operation: 'PutItem',
        table: aws.ledgerTable,
        nth: 1,
        when,
      });
      const FunctionName = aws.functions['settle'];
      const Payload = JSON.stringify({ detail: { name: `killed ${when}`, status: 'X' } });
      const killed = await clients.lambda.send(new InvokeCommand({ FunctionName, Payload }));
      expect(killed.FunctionError).toBe('Unhandled');
      expect(Buffer.from(killed.Payload ?? []).toString()).toContain('Runtime.ExitError');
      expect(kill.struck).toBe(1);
      const Key = { PK: { S: 'EVENT' }, SK: { S: `killed ${when}#X` } };
      const { Item } = await clients.dynamodb.send(new GetItemCommand({ TableName: aws.ledgerTable, Key }));
      expect(Item !== undefined).toBe(when === 'after');
      const again = await clients.lambda.send(new InvokeCommand({ FunctionName, Payload }));
      expect(again.FunctionError).toBeUndefined();
    },
  );

  it('of all workers of a function ends its call as an error that names it', async () => {
    const running = clients.lambda.send(
      new InvokeCommand({
        FunctionName: aws.functions['settle'],
        Payload: JSON.stringify({ detail: { name: 'k' } }),
      }),
    );
    const hang = aws.faults.add({ service: 'dynamodb', operation: 'PutItem', kind: 'hang' });
    while (hang.struck === 0) await new Promise(setImmediate);
    expect(await aws.killWorkers('settle')).toBeGreaterThan(0);
    expect(Buffer.from((await running).Payload ?? []).toString()).toContain('Runtime.ExitError');
  });
});

describe('the request log', () => {
  it('says who asked what of which table, with what outcome', async () => {
    aws.requestLog.clear();
    await clients.lambda.send(new InvokeCommand({ FunctionName: aws.functions['settle'], Payload: '{}' }));
    await put('a');
    const writes = aws.requestLog.entries.filter(({ operation }) => operation === 'PutItem');
    const [byFunction, byClient] = writes;
    expect(byFunction).toMatchObject({
      functionName: 'tiny-local-settle',
      tables: [aws.ledgerTable],
      status: 200,
    });
    expect(byFunction?.worker).toBeGreaterThan(0);
    expect(byClient).toMatchObject({
      functionName: undefined,
      tables: [TableName],
      applied: true,
      aborted: false,
    });
    expect(byClient?.requestBytes).toBeGreaterThan(10);
    const { executionArn } = await runMachine();
    expect(last('StartExecution')).toMatchObject({
      service: 'states',
      key: aws.stateMachines['every-state'],
    });
    expect(last('DescribeExecution')).toMatchObject({ key: executionArn });
    expect(last('Invoke')).toMatchObject({
      service: 'lambda',
      key: expect.stringContaining('tiny-local-') as string,
    });
  });
});

async function runMachine() {
  const start = { stateMachineArn: aws.stateMachines['every-state'], input: '{"shards":[{"kind":"ok"}]}' };
  const { executionArn = '' } = await clients.sfn.send(new StartExecutionCommand(start));
  return endOfExecution(clients.sfn, executionArn);
}

function put(id: string) {
  return clients.dynamodb.send(new PutItemCommand({ TableName, Item: { id: { S: id } } }));
}

function write(id: string): WriteRequest {
  return { PutRequest: { Item: { id: { S: id } } } };
}

function batch(requests: WriteRequest[]): BatchWriteItemCommand {
  return new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } });
}

async function ids(): Promise<string[]> {
  const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName, ConsistentRead: true }));
  return Items.map(({ id }) => id?.S ?? '').toSorted();
}

function putObject(Key: string) {
  return clients.s3.send(
    new PutObjectCommand({ Bucket: aws.bucket, Key, Body: '0123456789', ChecksumAlgorithm: 'SHA256' }),
  );
}

/** Without checking a checksum, as a client that does not ask for one. */
async function read(Key: string): Promise<string> {
  const response = await fetch(`${aws.endpoint}/${aws.bucket}/${Key}`);
  return response.text();
}

function last(operation: string) {
  return aws.requestLog.entries.findLast((entry) => entry.operation === operation);
}
