import { BackupNotFoundError } from '../errors.ts';
import { combineDigests, equalDigests } from '../items/digest.ts';
import { checkManifests, type Finding, listingFindings } from './check-manifests.ts';
import { backupLayout, isBackupId } from './layout.ts';
import type { MigrationManifest } from './manifests.ts';
import type { ObjectStore } from '../aws/object-store.ts';
import { proveFile } from './prove-file.ts';
import { DamagedFileError } from './read-file.ts';
import { cut } from '../text.ts';

/** What to verify, and for how long. */
export interface VerifyRequest {
  readonly backupId: string;
  /** Files before this one have been verified by an earlier call; default 0. */
  readonly fromFile?: number;
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
  readonly findings: readonly Finding[];
  /** Present when time was short: call again from this file. */
  readonly nextFile?: number;
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
  const { backupId, fromFile = 0 } = request;
  await assertExists(objects, backupId);
  const checked = await checkManifests(objects, backupId);
  const { manifest } = checked;
  if (manifest === undefined) return { backupId, files: 0, items: 0, findings: checked.findings };
  const { files, itemCount: items } = manifest;
  const listed = await objects.list(backupLayout(backupId).dataPrefix);
  const frame = [...checked.findings, ...listingFindings(manifest, listed), ...totalFindings(manifest)];
  const present = new Set(listed.map(({ key }) => key));
  const readable = files.filter(({ key }) => present.has(key));
  const { findings, ...rest } = await verifyFiles(objects, readable, request);
  return {
    backupId,
    files: files.length,
    items,
    findings: [...(fromFile === 0 ? frame : []), ...findings],
    ...rest,
  };
}

async function assertExists(objects: ObjectStore, backupId: string): Promise<void> {
  if (isBackupId(backupId) && (await objects.list(backupLayout(backupId).prefix)).length > 0) return;
  throw new BackupNotFoundError(`There is no backup ${cut(backupId, 80)} in this bucket.`);
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
  request: VerifyRequest,
): Promise<{ findings: Finding[]; nextFile?: number }> {
  const { fromFile = 0, isShort = () => false } = request;
  const findings: Finding[] = [];
  for (let start = fromFile; start < files.length; start += FILES_AT_ONCE) {
    if (start > fromFile && isShort()) return { findings, nextFile: start };
    const found = await Promise.all(
      files.slice(start, start + FILES_AT_ONCE).map((file) => verifyFile(objects, file)),
    );
    findings.push(...found.flat());
    request.onProgress?.(Math.min(start + FILES_AT_ONCE, files.length), files.length);
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
