import type { FoundMapping } from '../aws/event-source-mapping.ts';
import type { Run } from '../ledger/run.ts';
import { noteUndelivered } from '../ledger/sync.ts';
import type { Runtime } from '../runtime.ts';
import { cut } from '../text.ts';

/** Two looks of the schedule are 15 minutes apart. Calls for the end of an execution come at any moment. */
const TWO_LOOKS_MILLIS = 14 * 60_000;
const MAX_RESULT_LENGTH = 300;

/**
 * What keeps the event source mapping of an open sync from delivering. A mapping that may not read the stream, or cannot
 * call its function, stays `Enabled`, and only its last result says so. One failed batch leaves the same result, so it
 * counts once looks over a quarter of an hour have found nothing else.
 *
 * @param own absent: there is no such mapping
 * @param now epoch milliseconds
 * @returns a sentence; `undefined`: nothing
 */
export function mappingProblem(
  { undeliveredSince }: Pick<Run, 'undeliveredSince'>,
  own: FoundMapping | undefined,
  now: number,
): string | undefined {
  if (own === undefined)
    return 'The event source mapping of the sync is gone. Cancel the sync and start it again.';
  const { state, lastResult = '' } = own;
  if (state === 'Enabling')
    return 'The event source mapping of the sync is Enabling. It delivers once it is Enabled.';
  if (state !== 'Enabled' && state !== 'Updating')
    return `The event source mapping of the sync is ${state}. Enable it in the Lambda console, or cancel the sync and start it again.`;
  const isUndelivered = isProblem(lastResult) && now - (undeliveredSince ?? now) >= TWO_LOOKS_MILLIS;
  if (!isUndelivered || undeliveredSince === undefined) return undefined;
  return `The event source mapping of the sync has not delivered since ${new Date(undeliveredSince).toISOString()}: ${cut(lastResult, MAX_RESULT_LENGTH)}.`;
}

const isProblem = (lastResult: string): boolean => lastResult.startsWith('PROBLEM');

/** Notes since when the mapping has not delivered, for {@link mappingProblem} of later looks. */
export async function noteDelivery(
  { ledger, clock }: Pick<Runtime, 'ledger' | 'clock'>,
  run: Run,
  own: FoundMapping | undefined,
): Promise<void> {
  if (own === undefined) return;
  const wasUndelivered = run.undeliveredSince !== undefined;
  const isUndelivered = isProblem(own.lastResult ?? '');
  if (isUndelivered !== wasUndelivered)
    await noteUndelivered(ledger, run, isUndelivered ? clock.now() : undefined);
}
