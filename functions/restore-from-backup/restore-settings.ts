import {
  type OnDemandThroughput,
  type TableDescription as DescribedTable,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { unseenSettings } from '../shared/aws/other-settings.ts';
import type { TableDescription } from '../shared/aws/table-description.ts';
import { counted } from '../shared/counted.ts';
import { errorSummary } from '../shared/errors.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { enableTimeToLive } from '../shared/tables/enable-time-to-live.ts';
import { patiently } from '../shared/tables/busy-table.ts';
import { restoreTags } from './restore-tags.ts';

/** The settings that the restored table gets once it is verified. */
export interface SettingsScope {
  readonly tableName: string;
  readonly tableArn: string;
  /** The table as it was when it was backed up. */
  readonly backedUp: TableDescription;
  /** Items whose time to live had passed when the restore began. */
  readonly expired: number;
  /** Awaited before each request. @throws RunClosedError when the run is being rolled back */
  readonly check: () => Promise<void>;
}

/** The new table lacks an index that cannot hold all of its items. */
function restoredIndexes(
  existing: DescribedTable | undefined,
  { globalSecondaryIndexes }: TableDescription,
): TableDescription['globalSecondaryIndexes'] {
  const names = new Set(existing?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName));
  return globalSecondaryIndexes.filter(({ IndexName }) => names.has(IndexName));
}

/** Comes last, because the table is UPDATING for minutes afterwards. */
async function restoreBilling(
  runtime: Runtime,
  { tableName, backedUp, check }: SettingsScope,
): Promise<void> {
  const { dynamo, tables } = runtime.clients;
  const existing = await describeTable(tables, tableName);
  if ((existing?.ProvisionedThroughput?.ReadCapacityUnits ?? 0) > 0) return;
  const restored = restoredIndexes(existing, backedUp);
  const indexes = restored.map(({ IndexName, ProvisionedThroughput }) => ({
    Update: { IndexName, ProvisionedThroughput },
  }));
  const input = {
    TableName: tableName,
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: backedUp.provisionedThroughput,
    ...(indexes.length > 0 && { GlobalSecondaryIndexUpdates: indexes }),
  } as const;
  await patiently(runtime, async () => {
    await check();
    return dynamo.send(new UpdateTableCommand(input));
  });
}

/** DynamoDB expresses "no maximum" as an absent value or as -1. */
const isSameMaximum = (one: OnDemandThroughput = {}, other: OnDemandThroughput = {}): boolean =>
  (one.MaxReadRequestUnits ?? -1) === (other.MaxReadRequestUnits ?? -1) &&
  (one.MaxWriteRequestUnits ?? -1) === (other.MaxWriteRequestUnits ?? -1);

/** Whether the restored table already has the maxima of the backed up one, because an earlier call set them. */
function hasMaxima(existing: DescribedTable | undefined, backedUp: TableDescription): boolean {
  const indexes = new Map(existing?.GlobalSecondaryIndexes?.map((index) => [index.IndexName, index]));
  return (
    isSameMaximum(existing?.OnDemandThroughput, backedUp.onDemandThroughput) &&
    restoredIndexes(existing, backedUp).every(({ IndexName, OnDemandThroughput }) =>
      isSameMaximum(indexes.get(IndexName)?.OnDemandThroughput, OnDemandThroughput),
    )
  );
}

/**
 * Sets the maxima after the restore, because they would have slowed it down, and last, because the table is UPDATING
 * afterwards.
 */
async function restoreMaxima(runtime: Runtime, { tableName, backedUp, check }: SettingsScope): Promise<void> {
  const { dynamo, tables } = runtime.clients;
  const { onDemandThroughput: OnDemandThroughput } = backedUp;
  const existing = await describeTable(tables, tableName);
  const indexes = restoredIndexes(existing, backedUp)
    .filter((index) => index.OnDemandThroughput !== undefined)
    .map((index) => ({
      Update: { IndexName: index.IndexName, OnDemandThroughput: index.OnDemandThroughput },
    }));
  if (OnDemandThroughput === undefined && indexes.length === 0) return;
  if (hasMaxima(existing, backedUp)) return;
  // UpdateTable takes the maxima of a table with nothing but its billing mode beside them.
  const changes = [
    ...(OnDemandThroughput ? [{ OnDemandThroughput }] : []),
    ...(indexes.length > 0 ? [{ GlobalSecondaryIndexUpdates: indexes }] : []),
  ];
  for (const change of changes)
    await patiently(runtime, async () => {
      await check();
      return dynamo.send(new UpdateTableCommand({ TableName: tableName, ...change }));
    });
}

/** `undefined` when it is done, otherwise the sentence for the report. */
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
    return `${scope.tableName}: ${what} could not be restored (${name}). The items are restored and verified. Set it in the DynamoDB console.`;
  }
}

/** For a table whose time to live stays off. */
export function timeToLiveWarning({
  tableName,
  backedUp,
  expired,
}: Pick<SettingsScope, 'tableName' | 'backedUp' | 'expired'>): string {
  return `${tableName}: time to live on ${backedUp.timeToLiveAttribute ?? ''} was left off, because ${counted(expired, 'restored item has', 'restored items have')} expired and would be deleted at once. Look at ${itOrThem(expired)}, then switch it on in the DynamoDB console.`;
}

const itOrThem = (items: number): string => (items === 1 ? 'it' : 'them');

/** Items that have come back into an existing table, and that its time to live deletes again. */
export interface ReturnedItems {
  readonly tableName: string;
  /** As counted before anything was written, by the time to live of the backed up table. */
  readonly expired: number;
  /** Deleted before the restore could verify them, by the table's own time to live. */
  readonly gone: number;
}

/** A sentence for those that are gone, and one for those that may go. */
export function expiryWarnings({ tableName, expired, gone }: ReturnedItems): readonly string[] {
  const left = Math.max(0, expired - gone);
  return [
    ...(gone > 0
      ? [
          `${tableName} lacks ${counted(gone, 'expired item')} of the backup: its time to live has deleted ${itOrThem(gone)} again.`,
        ]
      : []),
    ...(left > 0
      ? [
          `${tableName} holds ${counted(left, 'item')} of the backup that had expired when the restore began. If time to live is on for the table, it deletes ${itOrThem(left)}.`,
        ]
      : []),
  ];
}

/** Settings of the backed up table, as far as they are known, that the new one lacks. */
export function otherSettingsWarning({
  tableName,
  backedUp,
}: Pick<SettingsScope, 'tableName' | 'backedUp'>): string {
  const { tableName: source, otherSettings } = backedUp;
  const unseen = `A backup does not say whether ${source} had ${unseenSettings}; ${tableName} has none of them.`;
  if (otherSettings === undefined)
    return `This backup was made by an earlier version: table class, maxima of on-demand capacity, stream, encryption, deletion protection and replicas of ${source} are unknown, and ${tableName} has AWS's defaults. ${unseen}`;
  if (otherSettings.length === 0) return unseen;
  return `${tableName} was not given these other settings of ${source}: ${otherSettings.join('; ')}. ${unseen}`;
}

/**
 * Gives the restored table its tags, time to live, billing and maxima. Idempotent.
 *
 * @returns a sentence for each setting that was left out, could not be set or is not part of a restore. Nothing is
 *   thrown, because the run is committed.
 */
export async function restoreSettings(runtime: Runtime, scope: SettingsScope): Promise<readonly string[]> {
  const { tableName, backedUp, expired, check } = scope;
  const { timeToLiveAttribute: attribute } = backedUp;
  const warnings: (string | undefined)[] = [
    otherSettingsWarning(scope),
    ...(await restoreTags(runtime, { ...scope, tags: backedUp.tags })),
  ];
  if (attribute !== undefined)
    warnings.push(
      // With time to live on, DynamoDB would delete expired items at once.
      expired > 0
        ? timeToLiveWarning(scope)
        : await setOrWarn('time to live', scope, () =>
            enableTimeToLive(runtime, { name: tableName, attribute, fence: { check } }),
          ),
    );
  if (backedUp.billingMode === 'PROVISIONED')
    warnings.push(await setOrWarn('provisioned billing', scope, () => restoreBilling(runtime, scope)));
  else
    warnings.push(
      await setOrWarn('the maxima of on-demand capacity', scope, () => restoreMaxima(runtime, scope)),
    );
  return warnings.flatMap((warning) => warning ?? []);
}
