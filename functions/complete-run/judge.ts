import { catalogueTable } from '../shared/tables/target-tables.ts';
import { VerificationFailedError } from '../shared/errors.ts';
import { countedVerification, countOver, type RunLedger } from '../shared/build-report.ts';
import type { Run, Verification } from '../shared/ledger/run.ts';

/** @throws VerificationFailedError (not retried) where nothing has been verified. */
export function verificationOf(run: Run, ledger: RunLedger): Verification {
  const verification = countedVerification(run, ledger.shards);
  if (verification !== undefined) return verification;
  throw new VerificationFailedError(
    `Run ${run.runId} was not verified, so it cannot be completed. Start a new run; this one is taken back.`,
  );
}

/**
 * Whether the target is what the backup should have become.
 *
 * @throws VerificationFailedError with the counts; not retried, the run is taken back.
 */
export function judge(run: Run, verification: Verification, ledger: RunLedger): void {
  const { expected, found, missing, different, extra } = verification;
  const unmigrated = ledger.shards.get('MigrateProducts')?.filter(({ done }) => !done).length ?? 0;
  const migratedItems = countOver(ledger.shards, 'MigrateProducts', 'items');
  if (
    missing === 0 &&
    different === 0 &&
    extra === 0 &&
    unmigrated === 0 &&
    found === expected &&
    migratedItems === expected
  )
    return;
  throw new VerificationFailedError(
    `The target of run ${run.runId} is not what the backup ${run.backupId} should have become: ${expected} items expected, ${found} found, ${missing} missing, ${different} different, ${extra} extra, ${unmigrated} shards unfinished. The run is not committed; the report names keys. If the shop already writes into ${catalogueTable.name}, stop that until the migration has succeeded, then start again.`,
  );
}
