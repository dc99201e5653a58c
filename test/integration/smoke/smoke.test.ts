import { CreateTableCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from 'vitest';
import type { EmbeddedAws, EmbeddedAwsOptions } from '../../../workflow/local/embedded-aws.ts';
import { openContext } from '../../../workflow/cli/context.ts';
import { runSmoke, type SmokeResult } from '../../../workflow/cli/smoke/run-smoke.ts';
import { ownColors } from '../../../workflow/cli/own-colors.ts';
import type { Terminal } from '../../../workflow/cli/terminal.ts';
import { lacks } from '../../support/engine-lacks.ts';
import { eventually, startTestAws, testClients, type TestClients } from '../../support/embedded.ts';

let aws: EmbeddedAws;
let clients: TestClients;

async function start(options: EmbeddedAwsOptions = {}): Promise<void> {
  aws = await startTestAws(options);
  clients = testClients(aws);
}

afterEach(async () => {
  clients.destroy();
  await aws.stop();
});

const lines: string[] = [];
const terminal: Terminal = {
  json: false,
  out: '.local/runs',
  stream: process.stderr,
  isLive: false,
  width: 80,
  colors: ownColors(false).colors,
  signs: { good: '✔', notice: '▲', bad: '✖' },
  say: (text = '') => void lines.push(text),
  complain: (text) => void lines.push(text),
  document: () => undefined,
  reveal: (text) => text,
};

async function smoke(signal?: AbortSignal): Promise<SmokeResult> {
  lines.length = 0;
  const context = await openContext({ stage: 'local', endpoint: aws.endpoint });
  try {
    return await runSmoke(context, terminal, signal);
  } finally {
    context.close();
  }
}

const failures = ({ steps }: SmokeResult) => steps.filter(({ ok }) => !ok);

async function tables(): Promise<readonly string[]> {
  const { TableNames = [] } = await clients.dynamodb.send(new ListTablesCommand({}));
  return TableNames.filter((name) => name !== aws.ledgerTable);
}

const own = { SOURCE_TABLE: 'try-source', TABLE_PREFIX: 'try-' };
const smokeTag = [{ Key: 'migration:smoke', Value: '2026-01-01T00:00:00.000Z' }];

const createTable = (TableName: string, Tags: { Key: string; Value: string }[] = []) =>
  clients.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      Tags,
    }),
  );

async function executionCount(): Promise<number> {
  const stateMachineArn = aws.stateMachines['migrate'];
  const { executions = [] } = await clients.sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  return executions.length;
}

describe.skipIf(lacks('tags'))('the smoke test', () => {
  it('removes what a killed one has left, proves a deployment with tables of its own, and leaves none of them', async () => {
    await start({ environment: own });
    await createTable('try-source', smokeTag);
    await createTable('somebody-elses');
    const result = await smoke();
    expect(failures(result)).toEqual([]);
    expect(result).toMatchObject({ ok: true, sourceTable: 'try-source' });
    expect(result.steps.map(({ sentence }) => sentence).join('\n')).toMatch(/200 products became \d+ items/);
    expect(lines.filter((line) => line.includes('✔'))).toHaveLength(9);
    expect(await tables()).toEqual(['somebody-elses']);
  });

  it('interrupted while a run goes on, ends the run and removes everything', async () => {
    await start({ environment: { ...own, FENCE_WAIT_SECONDS: '0' } });
    const interrupt = new AbortController();
    const running = smoke(interrupt.signal);
    await eventually(async () => ((await executionCount()) > 0 ? true : undefined));
    interrupt.abort();
    const result = await running;
    expect(result.ok).toBe(false);
    expect(failures(result)).toMatchObject([{ sentence: 'Interrupted.' }]);
    expect(result.steps.at(-1)).toMatchObject({ ok: true, step: 'Everything is taken away again' });
    expect(await tables()).toEqual([]);
  });

  it('goes red when the deployment may not write, says why, and removes everything', async () => {
    await start({ environment: { ...own, FENCE_WAIT_SECONDS: '0' } });
    const code = 'AccessDeniedException';
    aws.faults.add({
      service: 'dynamodb',
      operation: 'CreateTable',
      table: 'try-orders',
      kind: 'error',
      code,
    });
    const result = await smoke();
    expect(failures(result)).toMatchObject([
      {
        sentence: expect.stringMatching(/before it could be stopped: FAILED PermissionDeniedError/) as string,
      },
    ]);
    expect(result.ok).toBe(false);
    expect(lines.some((line) => line.includes('✖'))).toBe(true);
    expect(await tables()).toEqual([]);
  });

  it.each(['try-source', 'try-cart'])(
    'touches nothing when a table %s is there that it did not make',
    async (name) => {
      await start({ environment: own });
      await createTable(name);
      await expect(smoke()).rejects.toThrow(new RegExp(`There is a table ${name} already`));
      expect(await tables()).toEqual([name]);
      expect(await executionCount()).toBe(0);
    },
  );

  it('takes no target for its own when its source is gone, whatever the tags say', async () => {
    await start({ environment: own });
    await createTable('try-cart', [
      { Key: 'migration:run', Value: 'smoke-migrate-1' },
      { Key: 'migration:service', Value: 'products-migration' },
      { Key: 'migration:stage', Value: 'local' },
    ]);
    await expect(smoke()).rejects.toThrow(/no smoke test has made it/);
    await createTable('try-source', smokeTag);
    // Still not: the ledger knows no such run.
    await expect(smoke()).rejects.toThrow(/try-cart already, and no smoke test has made it/);
    expect(await tables()).toEqual(['try-cart', 'try-source']);
  });

  it('says what it cannot show to be its own, and leaves that with the source to know it by', async () => {
    await start({ environment: { ...own, FENCE_WAIT_SECONDS: '0' } });
    const interrupt = new AbortController();
    const running = smoke(interrupt.signal);
    // Made beside the test, once it has begun.
    await eventually(async () => ((await executionCount()) > 0 ? true : undefined));
    await createTable('try-returns');
    interrupt.abort();
    const { ok, steps } = await running;
    expect(ok).toBe(false);
    expect(steps.at(-1)?.sentence).toMatch(/^Still there: try-returns, /);
    expect(await tables()).toEqual(['try-returns', 'try-source']);
  });

  it('waits for nobody: a run that works on the source is named', async () => {
    await start({ environment: own });
    const ledger = { PK: { S: 'LOCK#try-source' }, SK: { S: 'LOCK' }, runId: { S: 'somebody' } };
    await clients.dynamodb.send(new PutItemCommand({ TableName: aws.ledgerTable, Item: ledger }));
    await expect(smoke()).rejects.toThrow(/Run somebody works on try-source/);
    expect(await tables()).toEqual([]);
  });
});

describe('the smoke test when there are no tags', () => {
  it('does not begin, because it could not know its own tables again', async () => {
    await start({ environment: own });
    aws.faults.add({
      operation: 'ListTagsOfResource',
      kind: 'error',
      code: 'UnknownOperationException',
      message: 'Tagging is not currently supported in DynamoDB Local.',
    });
    await expect(smoke()).rejects.toThrow(/has no tags.*Nothing was created/);
    expect(await tables()).toEqual([]);
  });
});
