import { BULK_PUT, readingOf } from '../shared/cost/bulk-put.ts';
import { count, counted, someOf } from '../shared/counted.ts';
import { BulkLoadError } from '../shared/errors.ts';
import { isRestore, type Run } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import type { BulkWork } from './bulk-work.ts';

/**
 * Checks, right before an operation starts, what DynamoDB would read and where it would write.
 *
 * @throws BulkLoadError, TableUnavailableError (neither retried), and the SDK's errors
 */
export async function assertInput(runtime: Runtime, run: Run, work: BulkWork): Promise<void> {
  await assertSameTable(runtime, work.table);
  const { name, outcome } = work.table;
  if (isRestore(run) && outcome !== 'CREATED')
    throw new BulkLoadError(
      `Table ${name} existed before this restore, and bulk put would replace its items, because a backup's lines carry no condition. Nothing was written. Batches can fill it, and bulk put can fill a new table.`,
    );
  const problems = [...limitProblems(work), ...(await objectProblems(runtime, work))];
  if (problems.length === 0) return;
  throw new BulkLoadError(
    `Bulk put cannot fill table ${name} from ${work.inputPrefix}, because ${problems.join('; ')}. Nothing was written. Batches read only the run's own files.`,
  );
}

function limitProblems({ objects }: BulkWork): readonly string[] {
  const { limits } = BULK_PUT;
  const maxObjects = readingOf(limits.objects) ?? Number.POSITIVE_INFINITY;
  const maxBytes = readingOf(limits.inputBytes.STANDARD) ?? Number.POSITIVE_INFINITY;
  const bytes = [...objects.values()].reduce((sum, size) => sum + size, 0);
  return [
    ...(objects.size <= maxObjects
      ? []
      : [`it reads at most ${count(maxObjects)} objects, and there are ${count(objects.size)}`]),
    ...(bytes <= maxBytes
      ? []
      : [`it reads at most ${count(maxBytes)} bytes, and there are ${count(bytes)}`]),
  ];
}

/** The operation reads whatever is under the prefix. */
async function objectProblems({ objects }: Runtime, work: BulkWork): Promise<readonly string[]> {
  const listed = new Map((await objects.list(work.inputPrefix)).map(({ key, size }) => [key, size] as const));
  const foreign = [...listed.keys()].filter((key) => !work.objects.has(key));
  const wrong = [...work.objects].filter(([key, size]) => listed.get(key) !== size).map(([key]) => key);
  return [
    ...(foreign.length === 0
      ? []
      : [`${objectsText(foreign)} there ${isOrAre(foreign)} not of the run (${named(foreign)})`]),
    ...(wrong.length === 0
      ? []
      : [`${objectsText(wrong)} ${isOrAre(wrong)} missing or changed (${named(wrong)})`]),
  ];
}

const objectsText = (keys: readonly string[]): string => counted(keys.length, 'object');

const isOrAre = ({ length }: readonly string[]): string => (length === 1 ? 'is' : 'are');

const named = (keys: readonly string[]): string => someOf(keys, { most: 3 });
