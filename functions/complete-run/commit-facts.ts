import { missingFromBucket, readManifest } from '../shared/files/backup-catalog.ts';
import type { RunLedger } from '../shared/runs/build-report.ts';
import { existingTables } from '../shared/aws/existing-tables.ts';
import { listFiles } from '../shared/ledger/file.ts';
import { listTransformed } from '../shared/ledger/transformed-file.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import { filledTablesOf, targetTablesOf } from '../shared/tables/run-tables.ts';
import { combineDigests } from '../shared/items/digest.ts';
import type { CommitFacts } from './judge.ts';

/**
 * Collects the facts that a commit is judged by: the ledger, the manifest and the names of the files in the bucket, and
 * the tables as they are now.
 *
 * @throws BackupDamagedError (not retried) where the manifest is missing or was changed.
 */
export async function readCommitFacts(runtime: Runtime, run: Run, ledger: RunLedger): Promise<CommitFacts> {
  const names = run.parameters.dryRun ? [] : targetTablesOf(runtime, run).map(({ name }) => name);
  const { runId, targetMaking: making = 0 } = run;
  const [files, transformed, manifest, existing] = await Promise.all([
    listFiles(runtime.ledger, runId),
    listTransformed(runtime.ledger, { runId, making }),
    readManifest(runtime.objects, run.backupId),
    existingTables(runtime, names),
  ]);
  return {
    run,
    ledger,
    filed: combineDigests(files.map(({ digest, itemCount }) => ({ ...digest, count: itemCount }))),
    manifest: manifest.digest,
    bucketProblems: await missingFromBucket(runtime.objects, manifest),
    tables: names.map((name) => ({
      name,
      recorded: ledger.tables.find((table) => table.name === name),
      existing: existing.get(name),
    })),
    targets: filledTablesOf(runtime, run).map(({ name }) => name),
    targetFiles: transformed.flatMap(({ targets }) => targets),
  };
}
