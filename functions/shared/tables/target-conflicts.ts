import { deployWith } from '../deploy-with.cjs';
import {
  errorSummary,
  ForeignStageTableError,
  PermissionDeniedError,
  TableSchemaMismatchError,
  TableUnavailableError,
} from '../errors.ts';
import type { Run } from '../ledger/run.ts';
import { stepText } from '../commands.ts';
import { tablePrefixOf } from '../ledger/run-settings.ts';
import { isDenied } from '../fault.ts';
import { STAGE_TAG, type TableTags } from '../aws/describe-table.ts';

/** The stage that a migrated table belongs to, if it is another one; `undefined` for any other table. */
export function foreignStage(
  tags: TableTags | undefined,
  own: { readonly stage: string },
): string | undefined {
  const stage = tags?.get(STAGE_TAG);
  return stage === own.stage ? undefined : stage;
}

export function foreignStageError(name: string, stage: string): ForeignStageTableError {
  return new ForeignStageTableError(
    `Table ${name} belongs to stage ${stage}: its tag ${STAGE_TAG} says so. It was not touched. Stages in one account and region need prefixes of their own: ${deployWith('tablePrefix', '<prefix>')}.`,
  );
}

/** @param differences one sentence each. */
export function schemaMismatchError(name: string, differences: readonly string[]): TableSchemaMismatchError {
  return new TableSchemaMismatchError(
    `Table ${name} exists, but differs from what the migration needs: ${differences.join(' ')} It was not touched. Rename or remove it. Or let the migration use other names: ${deployWith('tablePrefix', '<prefix>')}.`,
  );
}

export function missingTableError(name: string): TableUnavailableError {
  return new TableUnavailableError(
    `Table ${name} was ACTIVE and is gone: somebody deleted it during the run. Find out who.`,
  );
}

/** @param foundId TableId of the table that has the name now */
export function replacedTableError(
  { name, tableId }: { readonly name: string; readonly tableId: string },
  foundId: string,
): TableUnavailableError {
  return new TableUnavailableError(
    `Table ${name} is not the one that this run began with: somebody has deleted it and created another with that name (TableId ${foundId}, and it was ${tableId}). This call sends nothing more to it. Find out who.`,
  );
}

/**
 * The error of a run whose tables the roles of the current deployment do not name, because the run began with another
 * prefix. `undefined` if a refusal has another reason.
 */
export function otherPrefixError(
  { config }: { readonly config: { readonly tablePrefix: string } },
  run: Pick<Run, 'runId' | 'settings'>,
  error: unknown,
): PermissionDeniedError | undefined {
  const prefix = tablePrefixOf({ config }, run);
  if (!isDenied(error) || prefix === config.tablePrefix) return undefined;
  return new PermissionDeniedError(
    `${errorSummary(error).message} Run ${run.runId} began with tablePrefix "${prefix}", and the service has been deployed with tablePrefix "${config.tablePrefix}" since, so its roles do not name the run's tables, and they were not touched.`,
    stepText([
      `To finish the run, ${deployWith('tablePrefix', prefix)}. When it has ended, deploy with the new prefix again`,
    ]),
  );
}

/** @throws PermissionDeniedError, not retried, as {@link otherPrefixError} words it; else what the work throws */
export function withOwnPrefix<T>(
  scope: Parameters<typeof otherPrefixError>[0],
  run: Pick<Run, 'runId' | 'settings'>,
  work: Promise<T>,
): Promise<T> {
  return work.catch((error: unknown) => {
    throw otherPrefixError(scope, run, error) ?? error;
  });
}
