import * as z from 'zod';
import { BackupDamagedError, BackupNotFoundError } from '../errors.ts';
import { checkManifests, type Finding, listingFindings } from './check-manifests.ts';
import { backupLayout, BACKUPS_PREFIX, backupTime, isBackupId, verificationKey } from './layout.ts';
import {
  type ManifestSummary,
  type MigrationManifest,
  parseMigrationManifest,
  parseSummary,
} from './manifests.ts';
import type { ObjectStore } from '../aws/object-store.ts';
import { READ_ATTEMPTS } from './read-file.ts';
import { cut } from '../text.ts';

const verificationSchema = z.object({
  /** ISO 8601. */
  verifiedAt: z.string(),
  findings: z.number().int().min(0),
});

/** One sealed backup in the list. Every sealed backup was read back whole before it was sealed. */
export interface ListedBackup {
  readonly backupId: string;
  /** ISO 8601: when it was begun. */
  readonly takenAt: string;
  readonly tableName: string;
  readonly items: number;
  /** By DynamoDB's size rule. */
  readonly tableBytes: number;
  /** The last time that `verifyBackup` read it; absent: never since it was sealed. */
  readonly verification?: z.infer<typeof verificationSchema>;
}

/** At most this many findings fit into one message. */
const NAMED_FINDINGS = 3;

/** What a bucket has, newest first. */
export interface BackupCatalog {
  readonly backups: readonly ListedBackup[];
  /** A sentence for each backup whose summary cannot be read. */
  readonly damaged: readonly string[];
}

/** Sealed backups. A backup without a summary is none. */
export async function listBackups(objects: ObjectStore): Promise<BackupCatalog> {
  const backups: ListedBackup[] = [];
  const damaged: string[] = [];
  for (const backupId of await backupIds(objects)) {
    const backup = await describe(objects, backupId);
    if (backup === 'damaged') damaged.push(damagedText(backupId));
    else if (backup !== undefined) backups.push(backup);
  }
  return { backups, damaged };
}

const damagedText = (backupId: string): string =>
  `Backup ${backupId} is damaged: ${backupLayout(backupId).manifestSummary}, which names its table, cannot be read.`;

/** Ids of everything that looks like a backup, sealed or not, newest first. */
async function backupIds(objects: ObjectStore): Promise<readonly string[]> {
  const folders = await objects.listFolders(BACKUPS_PREFIX);
  return folders.filter(isBackupId).toReversed();
}

async function describe(
  objects: ObjectStore,
  backupId: string,
): Promise<ListedBackup | 'damaged' | undefined> {
  const [summary, verification] = await Promise.all([
    readAgain(
      () => readSummary(objects, backupId),
      (read) => read !== 'damaged',
    ),
    readVerification(objects, backupId),
  ]);
  if (summary === 'damaged' || summary === undefined) return summary;
  return {
    backupId,
    takenAt: new Date(backupTime(backupId)).toISOString(),
    tableName: tableNameIn(summary),
    items: summary.itemCount,
    tableBytes: summary.billedSizeBytes,
    ...(verification && { verification }),
  };
}

async function readSummary(
  objects: ObjectStore,
  backupId: string,
): Promise<ManifestSummary | 'damaged' | undefined> {
  const found = await objects.get(backupLayout(backupId).manifestSummary);
  return found && (parseSummary(found.body.toString('utf8')) ?? 'damaged');
}

async function readVerification(
  objects: ObjectStore,
  backupId: string,
): Promise<ListedBackup['verification']> {
  const note = await objects.get(verificationKey(backupId));
  if (note === undefined) return undefined;
  try {
    return verificationSchema.safeParse(JSON.parse(note.body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Leaves a note beside the backup of what a complete verification found; the newest note counts. */
export async function noteVerification(
  objects: ObjectStore,
  { backupId, findingCount }: { readonly backupId: string; readonly findingCount: number },
  nowMillis: number,
): Promise<void> {
  const note = { verifiedAt: new Date(nowMillis).toISOString(), findings: findingCount };
  await objects.put(verificationKey(backupId), JSON.stringify(note), { contentType: 'application/json' });
}

/**
 * Id of the newest sealed backup of a table. An older one never takes the place of one that cannot be read.
 *
 * @throws BackupNotFoundError, BackupDamagedError (neither retried).
 */
export async function newestBackup(objects: ObjectStore, tableName: string): Promise<string> {
  for (const backupId of await backupIds(objects)) {
    const backup = await describe(objects, backupId);
    if (backup === 'damaged')
      throw new BackupDamagedError(
        `${damagedText(backupId)} It may be the newest of table ${tableName}, so name the backup that you mean. Nothing was changed.`,
      );
    if (backup?.tableName === tableName) return backupId;
  }
  throw new BackupNotFoundError(
    `There is no sealed backup of table ${tableName} in this bucket. Nothing was changed.`,
  );
}

/**
 * A sealed backup's manifest: what its table was and where its files lie, without the ledger. Manifests are
 * checked against each other and against the listing; the files themselves when they are read.
 *
 * @throws BackupNotFoundError, BackupDamagedError (neither retried).
 */
export async function readBackup(objects: ObjectStore, backupId: string): Promise<MigrationManifest> {
  const listed = await objects.list(backupLayout(backupId).prefix);
  if (listed.length === 0)
    throw new BackupNotFoundError(
      `There is no backup ${cut(backupId, 80)} in this bucket. Nothing was changed.`,
    );
  const { manifest, findings } = await readAgain(
    () => checkManifests(objects, backupId),
    (checked) => checked.findings.length === 0,
  );
  const { dataPrefix } = backupLayout(backupId);
  const dataFiles = listed.filter(({ key }) => key.startsWith(dataPrefix));
  const all = manifest === undefined ? findings : [...findings, ...listingFindings(manifest, dataFiles)];
  if (manifest !== undefined && all.length === 0) return manifest;
  throw new BackupDamagedError(`Backup ${backupId} is damaged: ${findingsText(all)} Nothing was changed.`);
}

/** Reads up to three times until the bytes are sound, because they can also be wrong on the way. */
async function readAgain<T>(read: () => Promise<T>, isSound: (found: T) => boolean): Promise<T> {
  let found = await read();
  for (let attempt = 2; attempt <= READ_ATTEMPTS && !isSound(found); attempt += 1) found = await read();
  return found;
}

/** What is wrong, for an error message. */
function findingsText(findings: readonly Finding[]): string {
  const named = findings.slice(0, NAMED_FINDINGS).map(({ sentence }) => sentence);
  const more = findings.length - named.length;
  return more > 0 ? `${named.join(' ')} And ${more} more.` : named.join(' ');
}

/**
 * What of a sealed backup is not in the bucket any more, or was added to it: a look at names only. One clause each.
 */
export async function missingFromBucket(
  objects: ObjectStore,
  manifest: MigrationManifest,
): Promise<readonly string[]> {
  const { prefix, dataPrefix, manifestSummary } = backupLayout(manifest.backupId);
  const listed = await objects.list(prefix);
  const isSealed = listed.some(({ key }) => key === manifestSummary);
  const dataFiles = listed.filter(({ key }) => key.startsWith(dataPrefix));
  return [
    ...(isSealed
      ? []
      : [`${manifestSummary} is missing from the bucket, so the backup does not count as one`]),
    ...listingFindings(manifest, dataFiles).map(({ sentence }) => sentence.replace(/\.$/, '')),
  ];
}

/**
 * A backup's manifest alone, for a worker of a run that has checked the backup as a whole.
 *
 * @throws BackupDamagedError where it is missing or not what was written; not retried.
 */
export async function readManifest(objects: ObjectStore, backupId: string): Promise<MigrationManifest> {
  const key = backupLayout(backupId).migrationManifest;
  const parsed = await readAgain(
    async () => parseMigrationManifest((await objects.get(key))?.body.toString('utf8') ?? ''),
    (read) => read?.isIntact === true,
  );
  if (parsed?.isIntact === true) return parsed.manifest;
  throw new BackupDamagedError(`${key} is missing or is not what the backup wrote.`);
}

/** The name of a table that was backed up. */
export const tableNameIn = ({ tableArn }: { readonly tableArn: string }): string =>
  tableArn.replace(/^.*:table\//, '');
