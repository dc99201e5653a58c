import {
  DescribeTimeToLiveCommand,
  TagResourceCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import type { TableDescription } from '../shared/backup/table-description.ts';
import { errorSummary } from '../shared/errors.ts';
import { isTransient, retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable } from '../shared/tables/describe-table.ts';

/** What the restored table gets once it is verified. */
export interface SettingsScope {
  readonly tableName: string;
  readonly tableArn: string;
  /** The table as it was when it was backed up. */
  readonly backedUp: TableDescription;
  /** Items whose time was up when the restore began. */
  readonly expired: number;
}

/** A table whose settings are being changed takes no other change for a while. */
const patienceMillis = 120_000;
/** AWS's own prefix cannot be set; ours says which run made the table and must stay. */
const reservedTag = /^(aws|migration):/;

const isBusyOrTransient = (error: unknown): boolean => {
  const { name } = errorSummary(error);
  return name === 'ResourceInUseException' || name === 'LimitExceededException' || isTransient(error);
};

function patiently<T>({ clock }: Runtime, attempt: () => Promise<T>): Promise<T> {
  const deadline = clock.now() + patienceMillis;
  return retry({ clock, deadline, patienceMillis, isRetryable: isBusyOrTransient }, attempt);
}

async function restoreTags(runtime: Runtime, { tableArn, backedUp }: SettingsScope): Promise<void> {
  const Tags = backedUp.tags.filter(({ Key }) => !reservedTag.test(Key));
  if (Tags.length === 0) return;
  await patiently(runtime, () =>
    runtime.clients.dynamo.send(new TagResourceCommand({ ResourceArn: tableArn, Tags })),
  );
}

/** Time to live would delete expired items at once; a second UpdateTimeToLive within the hour is refused. */
async function restoreTimeToLive(runtime: Runtime, { tableName, backedUp }: SettingsScope): Promise<void> {
  const AttributeName = backedUp.timeToLiveAttribute;
  const { dynamo } = runtime.clients;
  const TimeToLiveSpecification = { AttributeName, Enabled: true };
  // Asked again before each attempt: where only the answer was lost, the second change would be refused.
  await patiently(runtime, async () => {
    const { TimeToLiveDescription: now } = await dynamo.send(
      new DescribeTimeToLiveCommand({ TableName: tableName }),
    );
    if (now?.TimeToLiveStatus === 'ENABLED' || now?.TimeToLiveStatus === 'ENABLING') return;
    await dynamo.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification }));
  });
}

/** Last, because the table is UPDATING for minutes afterwards. */
async function restoreBilling(runtime: Runtime, { tableName, backedUp }: SettingsScope): Promise<void> {
  const { dynamo, tables } = runtime.clients;
  const standing = await describeTable(tables, tableName);
  if ((standing?.ProvisionedThroughput?.ReadCapacityUnits ?? 0) > 0) return;
  const indexes = backedUp.globalSecondaryIndexes.map(({ IndexName, ProvisionedThroughput }) => ({
    Update: { IndexName, ProvisionedThroughput },
  }));
  const input = {
    TableName: tableName,
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: backedUp.provisionedThroughput,
    ...(indexes.length > 0 && { GlobalSecondaryIndexUpdates: indexes }),
  } as const;
  await patiently(runtime, () => dynamo.send(new UpdateTableCommand(input)));
}

/** `undefined` when it is done; else the sentence for the report. */
async function setOrWarn(
  what: string,
  scope: SettingsScope,
  work: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const { name } = errorSummary(error);
    return `${scope.tableName}: ${what} could not be restored (${name}). The items are restored and verified; set it in the DynamoDB console.`;
  }
}

function timeToLiveWarning({ tableName, backedUp, expired }: SettingsScope): string {
  return `${tableName}: time to live on ${backedUp.timeToLiveAttribute ?? ''} was left off, because ${expired} restored items have expired and would be deleted at once. Look at them, then switch it on in the DynamoDB console.`;
}

/**
 * Gives the restored table its tags, time to live and billing. Idempotent.
 *
 * @returns a sentence for each that was left or could not be set; none is thrown, because the run is committed.
 */
export async function restoreSettings(runtime: Runtime, scope: SettingsScope): Promise<readonly string[]> {
  const { backedUp, expired } = scope;
  const warnings = [await setOrWarn('the tags', scope, () => restoreTags(runtime, scope))];
  if (backedUp.timeToLiveAttribute !== undefined)
    warnings.push(
      expired > 0
        ? timeToLiveWarning(scope)
        : await setOrWarn('time to live', scope, () => restoreTimeToLive(runtime, scope)),
    );
  if (backedUp.billingMode === 'PROVISIONED')
    warnings.push(await setOrWarn('provisioned billing', scope, () => restoreBilling(runtime, scope)));
  return warnings.flatMap((warning) => warning ?? []);
}
