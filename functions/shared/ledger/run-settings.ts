import type { SettingValues } from '../settings.ts';

/**
 * Settings of the deployment that the run's bytes and names follow from: those of its beginning, also when it is resumed
 * under others. Only `mapMode` is that of the resumption.
 */
export interface RunSettings {
  /** Of the migration; absent in runs that began before it was noted: they have the deployment's. */
  readonly migration?: SettingValues | undefined;
  readonly kmsKeyArn?: string | undefined;
  /** Of the execution that works on the run, for a deployment meanwhile. Absent in runs that began before it was noted. */
  readonly mapMode?: 'INLINE' | 'DISTRIBUTED' | undefined;
  /** Absent in runs that began before it was noted: they have the deployment's. */
  readonly tablePrefix?: string | undefined;
  /** Names of the tables that the run fills, without the prefix: their order is that of its cursors and undo files. */
  readonly filled?: readonly string[] | undefined;
}

/** The settings of a run that begins now. */
export function settingsOf({ settings, kmsKeyArn, mapMode, tablePrefix }: DeployedSettings): RunSettings {
  return { migration: settings, kmsKeyArn, mapMode, tablePrefix };
}

/** The deployment's configuration, as far as a run remembers it. */
interface DeployedSettings extends Omit<RunSettings, 'migration'> {
  readonly settings: SettingValues;
}

/** What stands before the names of the run's tables, whatever the service has been deployed with since. */
export function tablePrefixOf(
  { config }: { readonly config: { readonly tablePrefix: string } },
  { settings }: { readonly settings: RunSettings },
): string {
  return settings.tablePrefix ?? config.tablePrefix;
}
