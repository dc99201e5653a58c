import { hash } from 'node:crypto';
import { BackupNotFoundError } from '../errors.ts';
import { combineDigests, equalDigests } from '../items/digest.ts';
import { checkManifests, type Finding, listingFindings } from './check-manifests.ts';
import { backupLayout, isBackupId } from './layout.ts';
import type { MigrationManifest } from './manifests.ts';
import type { ObjectStore } from '../aws/object-store.ts';
import { proveFile } from './prove-file.ts';
import { DamagedFileError } from './read-file.ts';
import { cut } from '../text.ts';

/** How far earlier calls have come. */
export interface VerifiedBefore {
  /** Position of the first file in the manifest that no call has read. */
  readonly fromFile: number;
  readonly findingsBefore: number;
  /** Base64 SHA-256 of the manifest's list of files. If another list is there by now, everything is read again. */
  readonly filesSha256: string;
}

/** What to verify, and for how long. */
export interface VerifyRequest {
  readonly backupId: string;
  /** Of an earlier call that was short of time; absent: nothing has been read yet. */
  readonly before?: VerifiedBefore | undefined;
  /** Asked before each group of files; default: never. */
  readonly isShort?: () => boolean;
  /** Told how many files are done, of how many. */
  readonly onProgress?: (filesDone: number, files: number) => void;
}

/** What a verification found. A sound backup has no findings. */
export interface BackupVerification {
  readonly backupId: string;
  /** According to the manifest; 0 where it cannot be read. */
  readonly files: number;
  readonly items: number;
  /** Of this call. What concerns the backup as a whole is named by the call that reads the last file. */
  readonly findings: readonly Finding[];
  /** Of this call and the earlier ones. */
  readonly findingCount: number;
  /** Present when time was short: the next call goes on from there. */
  readonly next?: VerifiedBefore;
}

type ManifestEntry = MigrationManifest['files'][number];

/** Files read at once; each holds 8 MiB at most. */
const FILES_AT_ONCE = 4;

/**
 * Reads a whole backup against its manifests: manifests against checksums, listing against manifests in both
 * directions, and of every file MD5, SHA-256, gzip, lines, count and digest. Reads only.
 *
 * @throws BackupNotFoundError where nothing of it is there; everything else that is wrong is a finding.
 */
export async function verifyBackup(
  objects: ObjectStore,
  request: VerifyRequest,
): Promise<BackupVerification> {
  const { backupId } = request;
  await assertExists(objects, backupId);
  const { manifest, findings: manifestFindings } = await checkManifests(objects, backupId);
  const { files = [], itemCount: items = 0 } = manifest ?? {};
  const before = startOn(files, request.before);
  const { findings: read, nextFile } = await verifyFiles(objects, files, { ...request, ...before });
  const isEnd = nextFile === undefined;
  const rest = isEnd && manifest ? await unreadFindings(objects, manifest, { backupId, before, read }) : [];
  const findings = [...(isEnd ? manifestFindings : []), ...read, ...rest];
  const findingCount = before.findingsBefore + findings.length;
  const next = isEnd ? {} : { next: { ...before, fromFile: nextFile, findingsBefore: findingCount } };
  return { backupId, files: files.length, items, findings, findingCount, ...next };
}

/** Where a call begins. */
function startOn(files: readonly ManifestEntry[], before: VerifiedBefore | undefined): VerifiedBefore {
  const filesSha256 = hash('sha256', JSON.stringify(files), 'base64');
  return before?.filesSha256 === filesSha256 ? before : { fromFile: 0, findingsBefore: 0, filesSha256 };
}

async function assertExists(objects: ObjectStore, backupId: string): Promise<void> {
  if (isBackupId(backupId) && (await objects.list(backupLayout(backupId).prefix)).length > 0) return;
  throw new BackupNotFoundError(`There is no backup ${cut(backupId, 80)} in this bucket.`);
}

interface Verified {
  readonly backupId: string;
  readonly before: VerifiedBefore;
  /** Findings in the files that this call has read. */
  readonly read: readonly Finding[];
}

/**
 * What reading the files does not show: digests that do not add up, objects that are in no manifest, and files that
 * somebody has deleted after they were read. Once an earlier call has findings, a file of that call may be one of them
 * and is not named again.
 */
async function unreadFindings(
  objects: ObjectStore,
  manifest: MigrationManifest,
  { backupId, before, read }: Verified,
): Promise<readonly Finding[]> {
  const { fromFile, findingsBefore } = before;
  const readBefore = findingsBefore === 0 ? [] : manifest.files.slice(0, fromFile).map(({ key }) => key);
  const named = new Set([...readBefore, ...read.map(({ object }) => object)]);
  const listing = listingFindings(manifest, await objects.list(backupLayout(backupId).dataPrefix));
  return [...totalFindings(manifest), ...listing.filter(({ object }) => !named.has(object))];
}

function totalFindings(manifest: MigrationManifest): Finding[] {
  const total = combineDigests(manifest.files.map(({ digest }) => digest));
  if (equalDigests(total, manifest.digest)) return [];
  const object = backupLayout(manifest.backupId).migrationManifest;
  return [
    {
      kind: 'WrongDigest',
      object,
      sentence: `The digests of the files in ${object} do not add up to the backup's.`,
    },
  ];
}

async function verifyFiles(
  objects: ObjectStore,
  files: readonly ManifestEntry[],
  { fromFile, isShort = () => false, onProgress }: Omit<VerifyRequest, 'before'> & VerifiedBefore,
): Promise<{ readonly findings: readonly Finding[]; readonly nextFile?: number }> {
  const findings: Finding[] = [];
  for (let start = fromFile; start < files.length; start += FILES_AT_ONCE) {
    if (start > fromFile && isShort()) return { findings, nextFile: start };
    const found = await Promise.all(
      files.slice(start, start + FILES_AT_ONCE).map((file) => verifyFile(objects, file)),
    );
    findings.push(...found.flat());
    onProgress?.(Math.min(start + FILES_AT_ONCE, files.length), files.length);
  }
  return { findings };
}

async function verifyFile(objects: ObjectStore, file: ManifestEntry): Promise<Finding[]> {
  try {
    await proveFile(objects, file);
    return [];
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    return [{ kind: error.problem, object: file.key, sentence: error.message }];
  }
}
