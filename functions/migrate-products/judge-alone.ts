import { readManifest } from '../shared/files/backup-catalog.ts';
import { tableProblems } from '../shared/runs/equations.ts';
import { VerificationFailedError } from '../shared/errors.ts';
import { existingTables } from '../shared/aws/existing-tables.ts';
import type { Run } from '../shared/ledger/run.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';

/** What a step called alone has come to. */
export interface StepResult {
  readonly tables: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * Whether the step has seen every product of its backup, and its table is still there. It does not read the table
 * again: that is the verification's, which the state machine has.
 *
 * @throws VerificationFailedError naming what is missing; not retried.
 */
export async function assertWhole(
  runtime: Runtime,
  run: Run,
  { tables, counters }: StepResult,
): Promise<void> {
  const { itemCount } = await readManifest(runtime.objects, run.backupId);
  const recorded = await listTables(runtime.ledger, run.runId);
  const existing = await existingTables(runtime, tables);
  const { metadata = 0, variants = 0, quarantined = 0, items = 0 } = counters;
  const seen = metadata + quarantined;
  const problems = [
    ...tables.flatMap((table) =>
      tableProblems({
        name: table,
        recorded: recorded.find(({ name }) => name === table),
        existing: existing.get(table),
      }),
    ),
    ...(seen === itemCount
      ? []
      : [`${seen} of its ${itemCount} ${runtime.migration.nouns.items} were migrated or quarantined`]),
    ...(items === metadata + variants ? [] : [`${items} items are counted, not ${metadata + variants}`]),
  ];
  if (problems.length === 0) return;
  throw new VerificationFailedError(
    `Backup ${run.backupId} is not migrated completely: ${problems.join('; ')}. Roll back what was done with the state machine rollback and {"runId": "${run.runId}"}, then invoke ${runtime.migration.migratedBy} again.`,
  );
}
