import { GetExecutionHistoryCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Shard } from '../../../functions/shared/ledger/shard.ts';
import { SYSTEM_CLOCK } from '../../../functions/shared/retry.ts';
import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { readShards } from '../../../workflow/cli/run-record.ts';
import { measureSamples } from '../../../workflow/cli/scale/sample-product.ts';
import { acceptedOf, scaleRun, type ScaledRun } from '../../../workflow/cli/scale/scale-run.ts';
import { generateProducts } from '../../../workflow/local/products/generate-products.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

/** No machine runs fewer functions at once. */
const INPUT = { maxConcurrency: 2 };

function planned(products: number): ScaledRun {
  const input = parseMigrateInput(INPUT);
  const thought = { products, product: measureSamples(), input, region: 'ap-southeast-2' };
  const [run] = acceptedOf([scaleRun(thought, 'INLINE')]);
  if (run === undefined) throw new Error('The run was refused.');
  return run;
}

async function historyOf({ sfn }: TestShop, executionArn: string | undefined): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new GetExecutionHistoryCommand({ executionArn, nextToken }));
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}

async function shardsOf({ dynamodb, aws }: TestShop, runId: string): Promise<readonly Shard[]> {
  const ledger = {
    client: DynamoDBDocumentClient.from(dynamodb),
    tableName: aws.ledgerTable,
    clock: SYSTEM_CLOCK,
  };
  return [...(await readShards(ledger, runId)).values()].flat();
}

/** Of workers that save one every five seconds: the busier the machine, the more. */
const checkpointsInTime = (shards: readonly Shard[]): number =>
  shards.reduce((sum, { startedAt, updatedAt }) => sum + Math.floor((updatedAt - startedAt) / 5_000), 0);

/** Requests of functions that write into the ledger; a part of a transaction costs two units. */
function ledgerUnitsOf({ aws }: TestShop): number {
  const writes = aws.requestLog.entries.filter(
    ({ functionName, tables }) => functionName !== undefined && tables.includes(aws.ledgerTable),
  );
  return writes.reduce((sum, { operation, parts }) => {
    if (operation === 'TransactWriteItems') return sum + 2 * parts.length;
    return /^(Put|Update|Delete)Item$/.test(operation) ? sum + 1 : sum;
  }, 0);
}

/** Longest text that an event carries: an input, an output, parameters. */
const payloadOf = (event: HistoryEvent): number => {
  const details = Object.values(event).filter((value) => typeof value === 'object' && value !== null);
  const texts = details.flatMap((value) => Object.values(value as object));
  return Math.max(0, ...texts.map((text) => (typeof text === 'string' ? Buffer.byteLength(text) : 0)));
};

describe.each([1_000, 5_000])('the arithmetic of %d products, against a real run', (products) => {
  const plan = planned(products);
  let shop: TestShop;
  let events: readonly HistoryEvent[] = [];
  let report: Report;
  beforeAll(async () => {
    shop = await openShop({ products: generateProducts({ count: products }) });
    const { executionArn, output } = await shop.run('migrate', INPUT);
    events = await historyOf(shop, executionArn);
    report = JSON.parse(output ?? '') as Report;
  });
  afterAll(() => shop.stop());

  it('counts exactly the events of the history', () => {
    expect(plan.historyEvents).toBe(events.length);
  });

  it('counts exactly the turns of the workers', async () => {
    const shards = await shardsOf(shop, report.runId);

    expect(plan.turns).toBe(shards.reduce((sum, { turns }) => sum + turns, 0));
  });

  it('counts the files of the backup, within a tenth', () => {
    const { files = 0 } = report.backup ?? {};

    expect(Math.abs(plan.files - files)).toBeLessThanOrEqual(files / 10);
  });

  it('counts at least the units written to the ledger, and at most twice as many', async () => {
    const written = ledgerUnitsOf(shop);
    const inTime = checkpointsInTime(await shardsOf(shop, report.runId));

    expect(plan.ledgerWrites + inTime).toBeGreaterThanOrEqual(written);
    expect(plan.ledgerWrites).toBeLessThanOrEqual(2 * written);
  });

  it('counts the units written to the target, within a fiftieth', () => {
    const { consumed } = report;

    expect(Math.abs(plan.estimate.writeUnits / consumed.writeUnits - 1)).toBeLessThan(0.02);
  });

  it('is never below the largest payload', () => {
    expect(plan.payloadBytes).toBeGreaterThanOrEqual(Math.max(...events.map(payloadOf)));
  });
});
