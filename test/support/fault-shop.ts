import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import type { EmbeddedAwsOptions } from '../../workflow/local/embedded-aws.ts';
import { endOfExecution, eventually } from './embedded.ts';
import { openShop, type TestShop } from './migration.ts';

type LedgerItem = Readonly<Record<string, unknown>> & { readonly PK: string; readonly SK: string };

/** A shop whose runs meet faults. It is emptied between tests, because starting another one takes seconds. */
export interface FaultShop extends TestShop {
  /** What the functions have logged since the last reset. */
  readonly logLines: readonly string[];
  /**
   * Removes all faults, and all tables except `products`, which then has these items. Empties ledger and request log.
   */
  reset(products: readonly WireItem[]): Promise<void>;
  /** Starts `migrate` and returns its ARN at once. */
  begin(input?: unknown, name?: string): Promise<string>;
  endOf(executionArn: string): Promise<DescribeExecutionOutput>;
  /** Recovers runs as the schedule does, until every run has ended. */
  settle(): Promise<void>;
  ledgerItems(): Promise<readonly LedgerItem[]>;
  ledgerRun(runId: string): Promise<LedgerItem | undefined>;
}

const targets = ['cart', 'orders', 'returns', 'products-enhanced'];

export async function openFaultShop(options: EmbeddedAwsOptions = {}): Promise<FaultShop> {
  const logLines: string[] = [];
  const log = (_name: string, text: string): void => void logLines.push(text);
  const shop = await openShop({ pauseMillis: 5, maxWorkers: 24, maxIdleWorkers: 24, log, ...options });
  const { aws, dynamo, sfn } = shop;
  const ledgerItems = async (): Promise<LedgerItem[]> =>
    (await dynamo.scan(aws.ledgerTable)).map((item) => unmarshall(item as never) as LedgerItem);
  const openRuns = async (): Promise<boolean> =>
    (await ledgerItems()).some(({ status }) => status === 'RUNNING' || status === 'ROLLING_BACK');
  const endOf = (executionArn: string): Promise<DescribeExecutionOutput> => endOfExecution(sfn, executionArn);
  return {
    ...shop,
    logLines,
    endOf,
    ledgerItems,
    ledgerRun: async (runId) =>
      (await ledgerItems()).find(({ PK, SK }) => PK === `RUN#${runId}` && SK === 'RUN'),
    async begin(input = {}, name) {
      const { executionArn = '' } = await sfn.send(
        new StartExecutionCommand({
          stateMachineArn: aws.stateMachines['migrate'],
          input: JSON.stringify(input),
          name,
        }),
      );
      return executionArn;
    },
    async settle() {
      await eventually(async () => {
        await aws.tickSchedule();
        for (const { recoverAttempts, runId } of await ledgerItems()) {
          const arn = `${aws.stateMachines['rollback']?.replace(':stateMachine:', ':execution:')}:recover-${String(runId)}-${String(recoverAttempts)}`;
          if (recoverAttempts !== undefined) await endOf(arn).catch(() => undefined);
        }
        return (await openRuns()) ? undefined : true;
      });
    },
    async reset(products) {
      aws.faults.clear();
      aws.events.drop();
      for (const name of await dynamo.tableNames())
        if (name === 'products' || targets.includes(name)) await removeTable(shop, name);
      for (const { PK, SK } of await ledgerItems())
        await dynamo.call('DeleteItem', {
          TableName: aws.ledgerTable,
          Key: { PK: { S: PK }, SK: { S: SK } },
        });
      await dynamo.fillProducts(products);
      aws.requestLog.clear();
      logLines.splice(0);
    },
  };
}

async function removeTable({ dynamo }: TestShop, TableName: string): Promise<void> {
  const { Table } = await dynamo.call<{ Table: { DeletionProtectionEnabled?: boolean } }>('DescribeTable', {
    TableName,
  });
  if (Table.DeletionProtectionEnabled === true)
    await dynamo.call('UpdateTable', { TableName, DeletionProtectionEnabled: false });
  await dynamo.call('DeleteTable', { TableName });
}

/** Describes an execution. */
export async function describe({ sfn }: TestShop, executionArn: string): Promise<DescribeExecutionOutput> {
  return sfn.send(new DescribeExecutionCommand({ executionArn }));
}
