import { count } from '../../functions/shared/counted.ts';
import type { Caps } from '../../functions/shared/ledger/run-facts.ts';
import { isBulk, type Run } from '../../functions/shared/ledger/run.ts';
import { bulkCap, isWithinCap } from '../../functions/shared/tables/bulk-obstacles.ts';
import { shardCount } from './progress.ts';

/** What a run does with the caps that an operator has just given it. */
export function throttleSentence(
  run: Run,
  { writeUnitsPerSecond: write, readUnitsPerSecond: read }: Caps,
): string {
  return [
    ...capText('Writing', write),
    ...capText('Reading', read),
    `Run ${run.runId} keeps to it within 5 s. Requests that are under way end as they are.`,
    ...(isBulk(run) && write !== undefined ? bulkText(write, shardCount(run, 'BulkLoad')) : []),
  ].join(' ');
}

function capText(what: string, units: number | undefined): readonly string[] {
  if (units === undefined) return [];
  return [units === 0 ? `${what} has no cap now.` : `${what} is capped at ${units} units a second now.`];
}

/** DynamoDB does not let anybody change the cap of an operation. */
function bulkText(write: number, tables: number): readonly string[] {
  const later = isWithinCap(write, tables)
    ? []
    : [
        `A later one is capped at ${count(bulkCap(write, tables))} units a second for each table, because DynamoDB accepts no lower cap.`,
      ];
  return ['A bulk put that has begun keeps the cap that it began with.', ...later];
}
