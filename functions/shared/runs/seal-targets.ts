import { RUN_LAYOUT, targetManifestKey } from '../files/layout.ts';
import type { ListedObject } from '../aws/list-objects.ts';
import type { Run } from '../ledger/run.ts';
import type { TargetFile, TransformedFile } from '../ledger/transformed-file.ts';
import { combineDigests, type Digest, equalDigests } from '../items/digest.ts';
import { listingProblems } from './check-backup.ts';

/** A run's target files, by the ledger and by the bucket. */
export interface TargetEvidence {
  readonly transformed: readonly TransformedFile[];
  /** Everything below the run's target folder. */
  readonly listed: readonly ListedObject[];
  /** By the workers' checkpoints. */
  readonly expected: Digest;
}

/** Whether the run writes target files: a step that only backs up has none. */
export const hasTargets = ({ kind }: Run): boolean => kind === 'migrate';

/** What does not agree about the target files, one clause each. */
export function targetProblems(
  run: Run,
  { transformed, listed, expected }: TargetEvidence,
): readonly string[] {
  const manifests = new Set(targetManifests(run, transformed).map(({ key }) => key));
  const targets = transformed.flatMap((file) => file.targets);
  const files = targets.flatMap(({ parts }) => parts);
  const filed = combineDigests(targets.map(({ digest }) => digest));
  const data = listed.filter(({ key }) => !manifests.has(key));
  return [
    ...(equalDigests(filed, expected)
      ? []
      : [`the list of target files names ${filed.count} items, the workers ${expected.count} (by digest)`]),
    ...listingProblems({ files, listed: data }),
  ];
}

/** One manifest a table: which files hold its items, and what they add up to. The same bytes at every call. */
export function targetManifests(
  { runId, targetMaking: making = 0, backupId }: Run,
  transformed: readonly TransformedFile[],
): readonly { readonly key: string; readonly body: string }[] {
  const targets = transformed.flatMap((file) => file.targets);
  return [...Map.groupBy(targets, ({ table }) => table)].map(([table, files]) => ({
    key: targetManifestKey({ runId, making, table }),
    body: JSON.stringify({ version: 1, runId, backupId, table, ...totalsOf(files) }),
  }));
}

function totalsOf(files: readonly TargetFile[]) {
  const sum = (name: 'itemCount' | 'bytes' | 'writeUnits'): number =>
    files.reduce((total, file) => total + file[name], 0);
  return {
    itemCount: sum('itemCount'),
    bytes: sum('bytes'),
    writeUnits: sum('writeUnits'),
    digest: combineDigests(files.map(({ digest }) => digest)),
    files: files.flatMap(({ parts }) =>
      parts.map(({ key, itemCount, bytes, gzipBytes, sha256, etag }) => ({
        key,
        itemCount,
        bytes,
        gzipBytes,
        sha256,
        etag,
      })),
    ),
  };
}

/** Prefix of everything that {@link targetProblems} looks at. */
export const targetsPrefix = ({ runId, targetMaking: making = 0 }: Run): string =>
  RUN_LAYOUT.targets({ runId, making });
