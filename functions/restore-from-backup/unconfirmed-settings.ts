import { backupLayout } from '../shared/files/layout.ts';
import type { Runtime } from '../shared/runtime.ts';
import { otherSettingsWarning, type SettingsScope, timeToLiveWarning } from './restore-settings.ts';
import { settableTags, unsettableTagWarnings } from './restore-tags.ts';

/** A restored table whose settings are still to be set, and the backup that has them. */
export type UnconfirmedSettings = Pick<SettingsScope, 'tableName' | 'backedUp' | 'expired'> & {
  readonly backupId: string;
};

/**
 * What a report says while nobody has confirmed the restored table's settings: a sentence for those that may be missing,
 * and one for each that the restore leaves out in any case.
 */
export function unconfirmedWarnings(
  { bucket }: Pick<Runtime, 'bucket'>,
  scope: UnconfirmedSettings,
): readonly string[] {
  const { tableName, backedUp, expired, backupId } = scope;
  const settings = settingsToConfirm(scope);
  const unconfirmed = `${tableName}: the restore ended before it had confirmed these settings of ${backedUp.tableName}: ${settings.join('; ')}. Set what is missing in the DynamoDB console. s3://${bucket}/${backupLayout(backupId).migrationManifest} has the values.`;
  return [
    otherSettingsWarning(scope),
    ...unsettableTagWarnings(tableName, backedUp.tags),
    ...(backedUp.timeToLiveAttribute !== undefined && expired > 0 ? [timeToLiveWarning(scope)] : []),
    ...(settings.length > 0 ? [unconfirmed] : []),
  ];
}

function settingsToConfirm({ backedUp, expired }: UnconfirmedSettings): readonly string[] {
  const { billingMode, onDemandThroughput, globalSecondaryIndexes, timeToLiveAttribute } = backedUp;
  const tags = settableTags(backedUp.tags).map(({ Key }) => Key);
  const hasMaxima =
    onDemandThroughput !== undefined ||
    globalSecondaryIndexes.some((index) => index.OnDemandThroughput !== undefined);
  return [
    ...(tags.length > 0 ? [`tags ${tags.join(', ')}`] : []),
    ...(timeToLiveAttribute !== undefined && expired === 0 ? [`time to live on ${timeToLiveAttribute}`] : []),
    ...(billingMode === 'PROVISIONED' ? ['provisioned billing'] : []),
    ...(billingMode === 'PAY_PER_REQUEST' && hasMaxima ? ['the maxima of on-demand capacity'] : []),
  ];
}
