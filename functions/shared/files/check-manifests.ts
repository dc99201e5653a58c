import { hash } from 'node:crypto';
import { backupLayout } from './layout.ts';
import {
  type ManifestFile,
  type ManifestSummary,
  type MigrationManifest,
  parseManifestFiles,
  parseMigrationManifest,
  parseSummary,
} from './manifests.ts';
import type { ListedObject } from '../aws/list-objects.ts';
import type { ObjectStore } from '../aws/object-store.ts';
import type { FileProblem } from './read-file.ts';

/** What can be wrong with a backup. */
export type FindingKind =
  | FileProblem
  | 'NotSealed'
  | 'MissingManifest'
  | 'EditedManifest'
  | 'ManifestsDisagree'
  | 'ExtraFile';

/** One thing that is wrong with a backup. */
export interface Finding {
  readonly kind: FindingKind;
  /** Key of the object concerned. */
  readonly object: string;
  readonly sentence: string;
}

/** A backup's manifests, and what is wrong with them. */
export interface CheckedManifests {
  readonly findings: readonly Finding[];
  /** Absent where it cannot be read; what it says counts only if there are no findings. */
  readonly manifest?: MigrationManifest;
  readonly summary?: ManifestSummary;
}

interface Texts {
  readonly summary: string | undefined;
  readonly summaryMd5: string | undefined;
  readonly files: string | undefined;
  readonly filesMd5: string | undefined;
  readonly migration: string | undefined;
}

/** Reads a backup's manifests and checks each against its checksum and against the others. */
export async function checkManifests(objects: ObjectStore, backupId: string): Promise<CheckedManifests> {
  const layout = backupLayout(backupId);
  const texts = await readTexts(objects, backupId);
  if (texts.summary === undefined)
    return {
      findings: [
        {
          kind: 'NotSealed',
          object: layout.manifestSummary,
          sentence: `${layout.manifestSummary} is missing: backup ${backupId} was never sealed, or its seal was removed. It does not count as a backup.`,
        },
      ],
    };
  const findings = [
    ...checksumFindings(texts.summary, texts.summaryMd5, [layout.manifestSummary, layout.manifestSummaryMd5]),
    ...checksumFindings(texts.files, texts.filesMd5, [layout.manifestFiles, layout.manifestFilesMd5]),
    ...migrationFindings(texts.migration, layout.migrationManifest),
  ];
  const summary = parseSummary(texts.summary);
  const files = parseManifestFiles(texts.files ?? '?');
  const manifest = parseMigrationManifest(texts.migration ?? '')?.manifest;
  if (summary === undefined || files === undefined || manifest === undefined)
    return {
      findings: findings.length > 0 ? findings : [edited(layout.prefix, 'a manifest cannot be read')],
      ...(manifest && { manifest }),
    };
  // What was edited disagrees with the rest; saying so as well would tell nothing new.
  const all = findings.length > 0 ? findings : disagreement(backupId, { summary, files, manifest });
  return { findings: all, manifest, summary };
}

async function readTexts(objects: ObjectStore, backupId: string): Promise<Texts> {
  const layout = backupLayout(backupId);
  const text = async (key: string): Promise<string | undefined> =>
    (await objects.get(key))?.body.toString('utf8');
  const [summary, summaryMd5, files, filesMd5, migration] = await Promise.all([
    text(layout.manifestSummary),
    text(layout.manifestSummaryMd5),
    text(layout.manifestFiles),
    text(layout.manifestFilesMd5),
    text(layout.migrationManifest),
  ]);
  return { summary, summaryMd5, files, filesMd5, migration };
}

/** A manifest against the checksum object beside it. */
function checksumFindings(
  text: string | undefined,
  md5: string | undefined,
  keys: readonly [string, string],
): Finding[] {
  const [key, md5Key] = keys;
  if (text === undefined) return [missing(key)];
  if (md5 === undefined) return [missing(md5Key)];
  return hash('md5', text, 'base64') === md5.trim()
    ? []
    : [edited(key, `its MD5 is not the one in ${md5Key}`)];
}

function missing(object: string): Finding {
  return {
    kind: 'MissingManifest',
    object,
    sentence: `${object} is missing, so the backup cannot be checked as a whole.`,
  };
}

const edited = (object: string, why: string): Finding => ({
  kind: 'EditedManifest',
  object,
  sentence: `${object} is not what the backup wrote: ${why}.`,
});

function migrationFindings(text: string | undefined, key: string): Finding[] {
  if (text === undefined) return [missing(key)];
  const parsed = parseMigrationManifest(text);
  if (parsed === undefined) return [edited(key, 'it cannot be read')];
  return parsed.isIntact ? [] : [edited(key, 'its SHA-256 is not the one it ends with')];
}

/** Our manifest and the export's two must say the same. */
function disagreement(
  backupId: string,
  said: { summary: ManifestSummary; files: readonly ManifestFile[]; manifest: MigrationManifest },
): Finding[] {
  const { summary, files, manifest } = said;
  const layout = backupLayout(backupId);
  const ours = manifest.files.map(({ key, itemCount, md5, etag }) =>
    fileText({ dataFileS3Key: key, itemCount, md5Checksum: md5, etag }),
  );
  const theirs = new Set(files.map(fileText));
  const counted = manifest.files.reduce((total, { itemCount }) => total + itemCount, 0);
  const findings: Finding[] = [];
  const disagree = (object: string, sentence: string): number =>
    findings.push({ kind: 'ManifestsDisagree', object, sentence });
  if (files.length !== ours.length || !ours.every((file) => theirs.has(file)))
    disagree(
      layout.manifestFiles,
      `${layout.manifestFiles} and ${layout.migrationManifest} list different files.`,
    );
  if (new Set([counted, manifest.itemCount, manifest.digest.count, summary.itemCount]).size > 1)
    disagree(
      layout.manifestSummary,
      `The manifests count differently: the files ${counted} items, ${layout.migrationManifest} ${manifest.itemCount}, ${layout.manifestSummary} ${summary.itemCount}.`,
    );
  if (manifest.backupId !== backupId)
    disagree(
      layout.migrationManifest,
      `${layout.migrationManifest} is backup ${manifest.backupId}'s, not this one's.`,
    );
  return findings;
}

const fileText = ({ dataFileS3Key, itemCount, md5Checksum, etag }: ManifestFile): string =>
  JSON.stringify([dataFileS3Key, itemCount, md5Checksum, etag]);

/** The list of data files against what lies under `data/`, in both directions. */
export function listingFindings(manifest: MigrationManifest, listed: readonly ListedObject[]): Finding[] {
  const keys = new Set(listed.map(({ key }) => key));
  const known = new Set(manifest.files.map(({ key }) => key));
  const absent = manifest.files.filter(({ key }) => !keys.has(key));
  const extra = listed.filter(({ key }) => !known.has(key));
  return [
    ...absent.map(({ key }): Finding => ({
      kind: 'MissingFile',
      object: key,
      sentence: `Data file ${key} is missing from the bucket.`,
    })),
    ...extra.map(({ key }): Finding => ({
      kind: 'ExtraFile',
      object: key,
      sentence: `Object ${key} lies among the data files but is in no manifest; ImportTable would load it.`,
    })),
  ];
}
