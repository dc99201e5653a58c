import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ListTopicsCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { clientSettings, startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';

const MAIN = fileURLToPath(new URL('../../../workflow/cli/local.ts', import.meta.url));
const TINY_SERVICE = fileURLToPath(new URL('../../fixtures/tiny-service', import.meta.url));

let aws: EmbeddedAws;
let clients: TestClients;

beforeAll(async () => {
  aws = await startTinyAws();
  clients = testClients(aws);
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

describe('the endpoint', () => {
  it.each([
    ['127.0.0.1:1234', 200],
    ['localhost', 200],
    ['[::1]:80', 200],
    ['evil.example.com', 403],
    ['127.0.0.1.evil.example.com', 403],
    ['169.254.169.254', 403],
  ])('answers the host %s with %i', async (host, status) => {
    expect((await get('/', { host })).statusCode).toBe(status);
  });

  it('listens on loopback only', async () => {
    const port = Number(new URL(aws.endpoint).port);
    const outside = Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses.filter(({ internal, family }) => !internal && family === 'IPv4'),
    );
    for (const { address } of outside)
      await expect(fetch(`http://${address}:${port}`)).rejects.toThrow(/fetch failed/);
    await expect(fetch(aws.endpoint)).resolves.toBeDefined();
  });

  it('answers no web page but this machine’s', async () => {
    expect((await get('/', { origin: 'https://shop.example.com' })).statusCode).toBe(403);
    expect((await get('/', { origin: 'http://localhost:3000' })).statusCode).toBe(200);
  });

  it('finds a bucket in the host name, as clients with a localhost endpoint put it there', async () => {
    await clients.s3.send(new PutObjectCommand({ Bucket: aws.bucket, Key: 'hosted', Body: 'x' }));
    const found = await get('/hosted', { host: `${aws.bucket}.localhost:4566` });
    expect(found.statusCode).toBe(200);
  });

  it('says which services there are to a caller that asks for another', async () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=a/20260101/ap-southeast-2/kinesis/aws4_request';
    const response = await fetch(aws.endpoint, { method: 'POST', headers: { authorization } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('dynamodb, s3, states, lambda');
  });

  it('knows its caller, whatever the credentials', async () => {
    const sts = new STSClient(clientSettings(aws));
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '123456789012' });
    sts.destroy();
  });

  it('keeps what is published', async () => {
    const sns = new SNSClient(clientSettings(aws));
    const { Topics } = await sns.send(new ListTopicsCommand({}));
    const TopicArn = Topics?.[0]?.TopicArn;
    await sns.send(new PublishCommand({ TopicArn, Subject: 'news', Message: 'a <b> & "c"' }));
    expect(aws.messages.at(-1)).toMatchObject({
      topicArn: TopicArn,
      subject: 'news',
      message: 'a <b> & "c"',
    });
    await expect(sns.send(new PublishCommand({ TopicArn: `${TopicArn}x`, Message: 'y' }))).rejects.toThrow(
      /not exist/,
    );
    sns.destroy();
  });

  it('creates what the template declares, the table with its index and its time to live', async () => {
    const { Table } = await clients.dynamodb.send(new DescribeTableCommand({ TableName: aws.ledgerTable }));
    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual(['StatusIndex']);
  });
});

describe('several at once', () => {
  it('keep their tables apart, and one can be the engine of another', async () => {
    const apart = await startTinyAws();
    const behind = await startTinyAws({ dynamodbUrl: aws.endpoint, s3Url: aws.endpoint });
    const [apartClients, behindClients] = [testClients(apart), testClients(behind)];
    const item = { TableName: aws.ledgerTable, Item: { PK: { S: 'here' }, SK: { S: 'only' } } };
    await clients.dynamodb.send(new PutItemCommand(item));
    const ask = new GetItemCommand({ TableName: aws.ledgerTable, Key: item.Item });
    expect((await apartClients.dynamodb.send(ask)).Item).toBeUndefined();
    expect((await behindClients.dynamodb.send(ask)).Item).toEqual(item.Item);
    apartClients.destroy();
    behindClients.destroy();
    await Promise.all([apart.stop(), behind.stop()]);
    await clients.dynamodb.send(new ListTablesCommand({}));
  });

  it('say so when a port is taken', async () => {
    const port = Number(new URL(aws.endpoint).port);
    await expect(startTinyAws({ port })).rejects.toThrow(/--port/);
  });
});

describe('a stop', () => {
  it('closes the endpoint, also to a request that a fault keeps waiting, and may come twice', async () => {
    const stopping = await startTinyAws();
    const client = new DynamoDBClient(clientSettings(stopping));
    const hang = stopping.faults.add({ service: 'dynamodb', kind: 'hang' });
    const waiting = client.send(new ListTablesCommand({})).then(
      () => 'answered',
      () => 'refused',
    );
    while (hang.struck === 0) await new Promise(setImmediate);
    await Promise.all([stopping.stop(), stopping.stop()]);
    expect(await waiting).toBe('refused');
    await expect(fetch(stopping.endpoint)).rejects.toThrow(/fetch failed/);
    client.destroy();
  });

  it('takes no AWS for an engine, because AWS would want requests signed', async () => {
    const dynamodbUrl = 'https://dynamodb.ap-southeast-2.amazonaws.com';
    await expect(startTinyAws({ dynamodbUrl })).rejects.toThrow(/is AWS itself/);
    await expect(startTinyAws({ s3Url: 'https://s3.us-east-1.amazonaws.com' })).rejects.toThrow(
      /is AWS itself/,
    );
    for (const s3Url of ['localhost', 'ftp://localhost:21', ':8000', 'http://'])
      await expect(startTinyAws({ s3Url })).rejects.toThrow(/is no URL/);
  });

  it('takes an engine’s host and port without a scheme for a URL', async () => {
    const { host } = new URL(aws.endpoint);
    const behind = await startTinyAws({ dynamodbUrl: host, s3Url: host });
    const behindClients = testClients(behind);
    const { Table } = await behindClients.dynamodb.send(
      new DescribeTableCommand({ TableName: aws.ledgerTable }),
    );
    expect(Table?.TableName).toBe(aws.ledgerTable);
    behindClients.destroy();
    await behind.stop();
  });

  it('is told apart from AWS without a scheme as well', async () => {
    await expect(startTinyAws({ dynamodbUrl: 'dynamodb.eu-west-1.amazonaws.com:443' })).rejects.toThrow(
      /is AWS itself/,
    );
  });

  it('says what answers when it is no DynamoDB', async () => {
    const page = '<!doctype html>\n<html><body>Not here</body></html>';
    const server = createServer((_, response) => response.writeHead(404).end(page)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(startTinyAws({ dynamodbUrl: `http://127.0.0.1:${port}` })).rejects.toThrow(
      /is no DynamoDB: asked for its tables, it says 404, "<!doctype html> <html><body>Not here.*Give the URL of one/,
    );
    server.closeAllConnections();
    server.close();
  });

  it('says what is missing when an engine cannot be reached', async () => {
    await expect(startTinyAws({ dynamodbUrl: 'http://127.0.0.1:9' })).rejects.toThrow(
      /DynamoDB engine at http:\/\/127.0.0.1:9/,
    );
    await expect(startTinyAws({ s3Url: 'http://127.0.0.1:9' })).rejects.toThrow(
      /S3 engine at http:\/\/127.0.0.1:9/,
    );
  });
});

describe('npm run local', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says in one line where everything is, and ends cleanly on %s',
    async (signal) => {
      const local = run(['--port', '0', '--products', '30']);
      const line = await local.firstLine;
      const announced = JSON.parse(line) as Record<string, unknown>;
      expect(Object.keys(announced)).toEqual([
        'endpoint',
        'region',
        'stage',
        'bucket',
        'ledgerTable',
        'stateMachines',
        'functions',
      ]);
      const client = new DynamoDBClient({ ...clientSettings(aws), endpoint: String(announced['endpoint']) });
      const { Table } = await client.send(new DescribeTableCommand({ TableName: 'products' }));
      expect(Table?.ItemCount).toBe(30);
      client.destroy();
      local.child.kill(signal);
      expect(await local.exitCode).toBe(0);
      expect(local.output()).toBe(`${line}\n`);
      expect(local.errors()).toContain(`Open ${String(announced['endpoint'])} in a browser`);
      await expect(fetch(String(announced['endpoint']))).rejects.toThrow(/fetch failed/);
    },
  );

  it('gives the same command with another port where its port is taken', async () => {
    const port = Number(new URL(aws.endpoint).port);
    const local = run(['--port', String(port), '--products', '5']);
    expect(await local.exitCode).toBe(1);
    expect(local.errors()).toMatch(
      new RegExp(`Port ${port} is taken[^]*\nnpm run local -- --port ${port + 1} --products 5\n$`),
    );
  });

  it.each([
    [['--port', 'x'], 2, /whole number[^]*For its options: npm run local -- --help/],
    [['--products', '1', '--input', 'a.json'], 2, /not both/],
    [['--port', '0', '--input', 'does-not-exist.json'], 2, /does-not-exist.json cannot be read/],
  ])('refuses %j with exit code %i and a sentence', async (args, exitCode, sentence) => {
    const local = run(args);
    expect(await local.exitCode).toBe(exitCode);
    expect(local.errors()).toMatch(sentence);
    expect(local.output()).toBe('');
  });
});

function get(path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(aws.endpoint);
    const outgoing = request({ hostname, port, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response);
    });
    outgoing.on('error', reject).end();
  });
}

function run(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: TINY_SERVICE,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const firstLine = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) resolve(output.split('\n')[0] ?? '');
    });
  });
  const exitCode = once(child, 'close').then(([code]) => code as number);
  return { child, firstLine, exitCode, output: () => output, errors: () => errors };
}
