import { type AwsPlace, awsCommandsOf, stepText } from '../commands.ts';
import { errorSummary, TableQuotaError, TableUnavailableError } from '../errors.ts';
import { isTransient } from '../retry.ts';
import { TABLE_PATIENCE_MILLIS } from './await-table.ts';

/** Whether CreateTable is worth another try inside the budget of a step. */
export function isCreationRetryable(error: unknown): boolean {
  return isTransient(error) && !isQuota(error);
}

/**
 * Whether DynamoDB refuses a table because a quota of the account is used up, which waiting does not change. It uses one
 * error for that and for too many operations at a time. Only the latter's message says so.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
 */
function isQuota(error: unknown): boolean {
  const { name, message } = errorSummary(error);
  if (name !== 'LimitExceededException') return false;
  const isPassing = /simultaneous|concurrent|at (a|the same|any) time|at once|operations/i.test(message);
  return !isPassing && /\d/.test(message);
}

/** Which table could not be created, and where. */
export interface RefusedTable {
  readonly name: string;
  readonly place: AwsPlace;
}

/**
 * The error of the run after CreateTable was refused for good: at once for a quota, and otherwise when the whole budget
 * is spent. `undefined` for any other error, which needs no explanation.
 */
export function creationError(error: unknown, { name, place }: RefusedTable): Error | undefined {
  const { message } = errorSummary(error);
  if (isQuota(error))
    return new TableQuotaError(
      `Table ${name} could not be created: the account's DynamoDB quota in ${place.region} is used up (${message}). It was not created. By default an account has 2,500 tables in a region.`,
      stepText([
        'Delete tables that nobody needs, or raise the quota "Maximum number of tables"',
        awsCommandsOf(place).raiseTableQuota(),
      ]),
    );
  if (!isTransient(error)) return undefined;
  return new TableUnavailableError(
    `Table ${name} could not be created: DynamoDB refused it for ${TABLE_PATIENCE_MILLIS / 60_000} minutes (${nameOf(error)}: ${message}), and the step does not wait any longer. It was not created. Other tables of the account may be in creation. Wait until that is over.`,
  );
}

const nameOf = (error: unknown): string => errorSummary(error).name;
