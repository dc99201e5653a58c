import type { SettingValues } from '../settings.ts';

/**
 * Settings of the deployment that the run's bytes and names follow from: those of its beginning, also when it is resumed
 * under others. Only {@link PresentSettings} are those of the resumption.
 */
export interface RunSettings extends PresentSettings {
  /** Of the migration; absent in runs that began before it was noted: they have the deployment's. */
  readonly migration?: SettingValues | undefined;
  readonly kmsKeyArn?: string | undefined;
  /** Absent in runs that began before it was noted: they have the deployment's. */
  readonly tablePrefix?: string | undefined;
  /** Names of the tables that the run fills, without the prefix: their order is that of its cursors and undo files. */
  readonly filled?: readonly string[] | undefined;
}

/**
 * What the roles must allow to the execution that works on the run, so that a deployment meanwhile does not take it away.
 * Absent in runs that began before it was noted.
 */
interface PresentSettings {
  readonly mapMode?: 'INLINE' | 'DISTRIBUTED' | undefined;
  readonly sourceKmsKeyArn?: string | undefined;
  readonly targetKmsKeyArn?: string | undefined;
}

/** The deployment's configuration, as far as a run remembers it. */
interface DeployedSettings extends Omit<RunSettings, 'migration'> {
  readonly settings: SettingValues;
}

/** The settings of a run that begins now. */
export function settingsOf(config: DeployedSettings): RunSettings {
  const { settings, kmsKeyArn, tablePrefix } = config;
  return { migration: settings, kmsKeyArn, tablePrefix, ...presentSettings(config) };
}

/** For an execution that begins now, also on an earlier run. */
export function presentSettings(config: PresentSettings): PresentSettings {
  const { mapMode, sourceKmsKeyArn, targetKmsKeyArn } = config;
  return { mapMode, sourceKmsKeyArn, targetKmsKeyArn };
}

/** What stands before the names of the run's tables, whatever the service has been deployed with since. */
export function tablePrefixOf(
  { config }: { readonly config: { readonly tablePrefix: string } },
  { settings }: { readonly settings: RunSettings },
): string {
  return settings.tablePrefix ?? config.tablePrefix;
}
