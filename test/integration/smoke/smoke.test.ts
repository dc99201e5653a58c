import { CreateTableCommand, ListTablesCommand, TagResourceCommand } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import picocolors from 'picocolors';
import { afterEach, describe, expect, it } from 'vitest';
import type { EmbeddedAws, EmbeddedAwsOptions } from '../../../workflow/local/embedded-aws.ts';
import { openContext } from '../../../workflow/cli/context.ts';
import { runSmoke, type SmokeResult } from '../../../workflow/cli/smoke/run-smoke.ts';
import type { Terminal } from '../../../workflow/cli/terminal.ts';
import { startTestAws, testClients, type TestClients } from '../../support/embedded.ts';

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
  stream: process.stderr,
  isLive: false,
  width: 80,
  colors: picocolors.createColors(false),
  say: (text = '') => void lines.push(text),
  complain: (text) => void lines.push(text),
  document: () => undefined,
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

describe('the smoke test', () => {
  it('proves a deployment with tables of its own, and leaves none of them', async () => {
    await start({ environment: { SOURCE_TABLE: 'try-source', TABLE_PREFIX: 'try-' } });
    const result = await smoke();
    expect(failures(result)).toEqual([]);
    expect(result).toMatchObject({ ok: true, sourceTable: 'try-source' });
    expect(result.steps.map(({ sentence }) => sentence).join('\n')).toMatch(/200 products became \d+ items/);
    expect(lines.filter((line) => line.includes('✔'))).toHaveLength(8);
    expect(await tables()).toEqual([]);
  });
});
