import type { TableDescription as DescribedTable } from '@aws-sdk/client-dynamodb';
import { describeTable } from '../shared/aws/describe-table.ts';
import { RestoreTargetError } from '../shared/errors.ts';
import { retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';

const DESCRIBE_PATIENCE_MILLIS = 60_000;

/**
 * The name of a new table for each start. Two starts in the same second, such as a stopped one and the next, must not
 * share a table.
 *
 * @param taken names that have no table yet but are reserved for another restore
 * @throws RestoreTargetError; not retried
 */
export async function newTarget(
  runtime: Runtime,
  startTime: string,
  taken: ReadonlySet<string> = new Set(),
): Promise<string> {
  const name = defaultTarget(runtime.config.sourceTable, startTime);
  let free = shortEnough(runtime.config, name);
  for (let copy = 2; taken.has(free) || (await findTable(runtime, free)) !== undefined; copy += 1)
    free = shortEnough(runtime.config, `${name}-${copy}`);
  return free;
}

/** DynamoDB takes no longer one. */
const MAX_NAME_LENGTH = 255;

/** @throws RestoreTargetError; not retried */
function shortEnough({ sourceTable }: Runtime['config'], name: string): string {
  if (name.length <= MAX_NAME_LENGTH) return name;
  throw new RestoreTargetError(
    `The new table would be called ${name}, and a name has at most ${MAX_NAME_LENGTH} characters. Nothing was created. Name a shorter targetTable that begins with ${sourceTable}-restored-.`,
  );
}

/** `products-restored-20260102T030405Z`. */
export function defaultTarget(sourceTable: string, startTime: string): string {
  const stamp = new Date(startTime)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${sourceTable}-restored-${stamp}`;
}

/** Of the target; `undefined`: there is none. @throws the SDK's errors after a minute of trying */
export function findTable({ clients, clock }: Runtime, name: string): Promise<DescribedTable | undefined> {
  return retry({ clock, deadline: clock.now() + DESCRIBE_PATIENCE_MILLIS }, () =>
    describeTable(clients.dynamo, name),
  );
}
