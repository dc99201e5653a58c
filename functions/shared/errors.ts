import { cutMessage, joinMessage } from './message.ts';
import { printable } from './printable.ts';

/**
 * Every error of the migration that is not an AWS SDK error. `name` is a literal, because bundlers
 * rename classes and Lambda reports `error.name` to Step Functions. Only {@link TransientError} is
 * retried by the state machine. Every other error is final for the run and leads to its roll back.
 *
 * A message is a sentence for an operator: what failed, on which thing, why, what was done, what to
 * fix. It never holds an attribute value other than a product's key. The end of a run names the
 * command that follows.
 */
export abstract class MigrationError extends Error {
  /** @param nextStep as `stepText` words it, where another command follows than at every other end */
  constructor(message: string, nextStep?: string, options?: ErrorOptions) {
    const said = printable(message);
    super(joinMessage(nextStep === undefined ? { said } : { said, nextStep }), options);
  }
}

/** A passing fault: throttling, a reset, credentials being renewed. Retried by every state. */
export class TransientError extends MigrationError {
  override readonly name = 'TransientError';
}

/** The input cannot be used. The message names the field. Nothing was created. */
export class InvalidInputError extends MigrationError {
  override readonly name = 'InvalidInputError';
}

/** A variable that the deployment sets is missing or unusable. */
export class ConfigurationError extends MigrationError {
  override readonly name = 'ConfigurationError';
}

/** An AWS service does not answer at all. */
export class ServiceUnreachableError extends MigrationError {
  override readonly name = 'ServiceUnreachableError';
}

/** The role may not do what the step needs. The message names action, resource and remedy. */
export class PermissionDeniedError extends MigrationError {
  override readonly name = 'PermissionDeniedError';
}

/** There is no source table of that name in this account and region. */
export class SourceTableNotFoundError extends MigrationError {
  override readonly name = 'SourceTableNotFoundError';
}

/** The source table exists, but is not ACTIVE or has another key than the migration expects. */
export class SourceTableUnusableError extends MigrationError {
  override readonly name = 'SourceTableUnusableError';
}

/** The source holds no item, and `allowEmpty` was not given. The message names the remedy. */
export class SourceTableEmptyError extends MigrationError {
  override readonly name = 'SourceTableEmptyError';
}

/** The backup bucket of the stack is missing or not readable. */
export class BackupBucketError extends MigrationError {
  override readonly name = 'BackupBucketError';
}

/** A target table exists with other keys or indexes. The message lists each difference. */
export class TableSchemaMismatchError extends MigrationError {
  override readonly name = 'TableSchemaMismatchError';
}

/** A target table belongs to another stage of this service. */
export class ForeignStageTableError extends MigrationError {
  override readonly name = 'ForeignStageTableError';
}

/** A table to be filled has replicas, in which conditions do not hold. */
export class GlobalTableError extends MigrationError {
  override readonly name = 'GlobalTableError';
}

/** A table vanished, or did not become ACTIVE in time. */
export class TableUnavailableError extends MigrationError {
  override readonly name = 'TableUnavailableError';
}

/** The source that a backup, a sync or a compare began with was deleted, or another table has its name now. */
export class SourceReplacedError extends MigrationError {
  override readonly name = 'SourceReplacedError';
}

/** A quota of the account is used up. The message names it and says how to raise it. */
export class TableQuotaError extends MigrationError {
  override readonly name = 'TableQuotaError';
}

/** The history of an INLINE Map would not hold this run. Deploy with `mapMode: DISTRIBUTED` or raise the caps. */
export class RunTooLongForInlineError extends MigrationError {
  override readonly name = 'RunTooLongForInlineError';
}

/** The run would take longer than an execution lasts. Raise the caps, or let it be held and resume it. */
export class RunTooLongError extends MigrationError {
  override readonly name = 'RunTooLongError';
}

/** The run would cost more than `maxCost`, or nobody knows what it costs. The message names estimate and limit. */
export class CostLimitError extends MigrationError {
  override readonly name = 'CostLimitError';
}

/** Another run has the lock of the source table. The message names the run and says how to release the lock. */
export class LockHeldError extends MigrationError {
  override readonly name = 'LockHeldError';
}

/** A run of this id exists with another start time, or another ledger had one: its items are in a table. */
export class RunIdUsedError extends MigrationError {
  override readonly name = 'RunIdUsedError';
}

/** An execution has a name that Step Functions takes, and that cannot be the id of a run. */
export class ExecutionNameError extends MigrationError {
  override readonly name = 'ExecutionNameError';
}

/** A run was written by another version of the service, whose items this one would misread. */
export class LedgerVersionError extends MigrationError {
  override readonly name = 'LedgerVersionError';
}

/** No run of this id in the ledger. */
export class RunNotFoundError extends MigrationError {
  override readonly name = 'RunNotFoundError';
}

/** The run has ended, is being rolled back, or belongs to another execution. This worker changes nothing. */
export class RunClosedError extends MigrationError {
  override readonly name = 'RunClosedError';
}

/** An item cannot be written to a backup without changing it. The message names its key. */
export class ItemNotCarriableError extends MigrationError {
  override readonly name = 'ItemNotCarriableError';
}

/** There is no sealed backup to work on. */
export class BackupNotFoundError extends MigrationError {
  override readonly name = 'BackupNotFoundError';
}

/** A backup does not read back as it was written. The message names the file and what is wrong with it. */
export class BackupDamagedError extends MigrationError {
  override readonly name = 'BackupDamagedError';
}

/** A sync has followed the source since the backup was made. The message names both. */
export class BackupOutdatedError extends MigrationError {
  override readonly name = 'BackupOutdatedError';
}

/** The migration's own code threw instead of refusing an item. The message names the item, or the table and the key. */
export class TransformError extends MigrationError {
  override readonly name = 'TransformError';
}

/** More products than `maxQuarantined` cannot be transformed. The message names the first ones. */
export class TooManyQuarantinedError extends MigrationError {
  override readonly name = 'TooManyQuarantinedError';
}

/** The target is not what the backup should have become. */
export class VerificationFailedError extends MigrationError {
  override readonly name = 'VerificationFailedError';
}

/** DynamoDB refuses one item for good. The message names its key and DynamoDB's reason. */
export class ItemRefusedError extends MigrationError {
  override readonly name = 'ItemRefusedError';
}

/** DynamoDB's bulk put has not loaded every item. The message names the operation and the reason. */
export class BulkLoadError extends MigrationError {
  override readonly name = 'BulkLoadError';
}

/** Restoring into this table is not allowed or not confirmed. */
export class RestoreTargetError extends MigrationError {
  override readonly name = 'RestoreTargetError';
}

/** The shop has switched to a target table. The message names the sync and how to confirm. */
export class SwitchedError extends MigrationError {
  override readonly name = 'SwitchedError';
}

/** The sync cannot be started, or its switch cannot be made. The message says why and what to do. */
export class SyncRefusedError extends MigrationError {
  override readonly name = 'SyncRefusedError';
}

/** Whether an error has one of these names; the one way to tell the errors of AWS apart. */
export function isNamed(error: unknown, ...names: readonly string[]): error is Error {
  return error instanceof Error && names.includes(error.name);
}

const MAX_MESSAGE_BYTES = 1024;

/** Name and message of any thrown value, at most 1 KiB, without stack. Only a message of our own has lines. */
export function errorSummary(error: unknown): { readonly name: string; readonly message: string } {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const shown = error instanceof MigrationError ? message : printable(message);
  return { name, message: cutMessage(shown, MAX_MESSAGE_BYTES) };
}
