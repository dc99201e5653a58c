import { count } from '../../functions/shared/counted.ts';
import { fitsHistory, HISTORY_EVENTS, mapEvents } from '../../functions/shared/cost/history.ts';
import { mapWorkOf } from '../../functions/shared/cost/map-work.ts';
import { sizeOfPlan } from '../../functions/shared/cost/run-size.ts';
import { capsOf } from '../../functions/shared/ledger/control.ts';
import type { Caps } from '../../functions/shared/ledger/run-facts.ts';
import { isBulk, type Run } from '../../functions/shared/ledger/run.ts';
import { bulkCap, isWithinCap } from '../../functions/shared/tables/bulk-obstacles.ts';
import { shardCount } from './progress.ts';

/** What a run does with the caps that an operator has just given it. */
export function throttleSentence(run: Run, caps: Caps, region: string): string {
  const { writeUnitsPerSecond: write, readUnitsPerSecond: read } = caps;
  return [
    ...capText('Writing', write),
    ...capText('Reading', read),
    `Run ${run.runId} keeps to it within 5 s. Requests that are under way end as they are.`,
    ...(isBulk(run) && write !== undefined ? bulkText(write, shardCount(run, 'BulkLoad')) : []),
    ...historyText(run, caps, region),
  ].join(' ');
}

function capText(what: string, units: number | undefined): readonly string[] {
  if (units === undefined) return [];
  return [units === 0 ? `${what} has no cap now.` : `${what} is capped at ${units} units a second now.`];
}

/**
 * Slower workers take more turns, each with events of its own in the history of the execution. How much of its work the
 * run has done is not known here, so this counts all of it.
 */
function historyText(run: Run, caps: Caps, region: string): readonly string[] {
  const { plan, rehearsal, parameters } = run;
  // Of a run whose Maps have histories of their own nobody has counted the events.
  if (plan.mapEvents === undefined) return [];
  const now = capsOf({ plan, caps: { ...run.caps, ...caps } });
  const size = sizeOfPlan({ ...plan, ...now }, { region, rehearsal });
  const work = mapWorkOf({ ...size, segments: plan.segments.length });
  if (fitsHistory(work)) return [];
  const end = parameters.onFailure === 'hold' ? 'held' : 'rolled back';
  return [
    `With these caps the whole run would fill about ${count(mapEvents(work))} events, and Step Functions keeps ${count(HISTORY_EVENTS)} of one execution. If it has much of its work before it, give it higher caps in time: when its history is full, it is ${end}.`,
  ];
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
