import { VerificationFailedError } from '../shared/errors.ts';
import { countOver, type RunLedger } from '../shared/build-report.ts';
import type { Run, Verification } from '../shared/ledger/run.ts';

/** What the comparison key by key found, or, where digests agreed, what JudgeDigests noted. */
export function verificationOf(run: Run, ledger: RunLedger): Verification {
  if (run.verification === undefined)
    throw new VerificationFailedError(
      `Run ${run.runId} was not verified, so it cannot be completed. Start a new run; this one is taken back.`,
    );
  const compared = ledger.shards.get('CompareByKey') ?? [];
  if (compared.length === 0) return run.verification;
  const count = (counter: string): number => countOver(ledger.shards, 'CompareByKey', counter);
  const { verification } = run;
  const found = count('found');
  return {
    ...verification,
    expected: count('expected'),
    found,
    missing: count('missing'),
    different: count('different'),
    changedSince: count('changedSince'),
    extra: Math.max(verification.extra, count('extra')),
    drift: { added: count('driftAdded'), changed: count('driftChanged'), removed: count('driftRemoved') },
  };
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
    `The target of run ${run.runId} is not what the backup ${run.backupId} should have become: ${expected} items expected, ${found} found, ${missing} missing, ${different} different, ${extra} extra, ${unmigrated} shards unfinished. The run is not committed; the report names keys. If the shop already writes into products-enhanced, stop that until the migration has succeeded, then start again.`,
  );
}
