import { createHash } from 'node:crypto';

/**
 * Where everything lies in the bucket. A backup has the layout of DynamoDB's own export, so that
 * ImportTable, Athena and other tools read it without code of ours.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
 */
export const BACKUPS_PREFIX = 'AWSDynamoDB/';

const ID_PATTERN = /^\d{14}-[0-9a-f]{8}$/;

/** Keys of what a run leaves beside its backup. */
export const RUN_LAYOUT = {
  report: (runId: string): string => `runs/${runId}/report.json`,
  /** The same for a reader. */
  page: (runId: string): string => `runs/${runId}/report.html`,
  quarantinePrefix: (runId: string): string => `runs/${runId}/quarantine/`,
  quarantine: (runId: string, stem: string): string => `runs/${runId}/quarantine/${stem}.jsonl`,
  /** Report of one bulk put. Ends with a slash. */
  bulkReport: (runId: string, table: string, attempt: number): string =>
    `runs/${runId}/bulk/${table}/${attempt}/`,
  undoPrefix: (runId: string): string => `runs/${runId}/undo/`,
  /** Target files of one table. Ends with a slash. */
  target: ({ table, ...making }: TargetFolder): string => `${RUN_LAYOUT.targets(making)}${table}/`,
  /** Target files of every table. Ends with a slash. */
  targets: ({ runId, making }: Omit<TargetFolder, 'table'>): string =>
    `runs/${runId}/target${making === 0 ? '' : `-${making}`}/`,
} as const;

/** The page that lists the runs; it links to their pages by `<runId>/report.html`. */
export const RUNS_PAGE = 'runs/index.html';

/** The target files of one table. */
export interface TargetFolder {
  readonly runId: string;
  /** How often the files were made again from the start. */
  readonly making: number;
  /** The table's name, with the run's prefix. */
  readonly table: string;
}

/** Keys of one backup's objects, absolute in the bucket. */
export interface BackupLayout {
  /** Ends with a slash. */
  readonly prefix: string;
  /** Ends with a slash; ImportTable's `S3KeyPrefix`. */
  readonly dataPrefix: string;
  readonly started: string;
  readonly manifestFiles: string;
  readonly manifestFilesMd5: string;
  readonly manifestSummary: string;
  readonly manifestSummaryMd5: string;
  readonly migrationManifest: string;
}

export function backupLayout(backupId: string): BackupLayout {
  const prefix = `${BACKUPS_PREFIX}${backupId}/`;
  return {
    prefix,
    dataPrefix: `${prefix}data/`,
    started: `${prefix}_started`,
    manifestFiles: `${prefix}manifest-files.json`,
    manifestFilesMd5: `${prefix}manifest-files.md5`,
    manifestSummary: `${prefix}manifest-summary.json`,
    manifestSummaryMd5: `${prefix}manifest-summary.md5`,
    migrationManifest: `${prefix}migration-manifest.json`,
  };
}

/** A run's own id: the same for every retry, so that all of them write to the same place. */
export function backupIdFor(startedAt: string, runId: string): string {
  const seed = createHash('sha256').update(runId).digest().readUInt32BE(0);
  return newBackupId(Date.parse(startedAt), () => seed / 0x1_0000_0000);
}

/** `<epoch milliseconds, 14 digits>-<8 hex digits>`: sorts by time as text, as an export's id does. */
function newBackupId(nowMillis: number, random: () => number): string {
  const suffix = Math.floor(random() * 0x1_0000_0000);
  return `${String(nowMillis).padStart(14, '0')}-${suffix.toString(16).padStart(8, '0')}`;
}

export function isBackupId(text: string): boolean {
  return ID_PATTERN.test(text);
}

/** Epoch milliseconds at which the backup was begun. */
export function backupTime(backupId: string): number {
  return Number(backupId.slice(0, 14));
}

/** Place of a data file in its backup. */
export interface FilePosition {
  /** Scan segment that it was read from. */
  readonly segment: number;
  /** From 0, in the segment's order. */
  readonly sequence: number;
}

export function dataFileKey(backupId: string, { segment, sequence }: FilePosition): string {
  return `${backupLayout(backupId).dataPrefix}${segment}-${sequence}.json.gz`;
}

/** `<segment>-<sequence>` of a data file: the name of what is derived from it. */
export function fileStem(key: string): string {
  return key.replace(/^.*\//, '').replace(/\.json\.gz$/, '');
}

/** Key of the list of one table's target files. */
export function targetManifestKey(folder: TargetFolder): string {
  return `${RUN_LAYOUT.target(folder)}manifest.json`;
}

/** Key of one part of what a data file of the backup has become. */
export function targetFileKey(folder: TargetFolder, stem: string, part: number): string {
  return `${RUN_LAYOUT.target(folder)}data/${stem}-${part}.json.gz`;
}

/** What the last check of a backup found; beside the backup, whose own objects are written once. */
export function verificationKey(backupId: string): string {
  return `verifications/${backupId}.json`;
}
