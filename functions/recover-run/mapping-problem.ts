import type { FoundMapping } from '../shared/aws/event-source-mapping.ts';
import type { Run } from '../shared/ledger/run.ts';
import { noteUndelivered } from '../shared/ledger/sync.ts';
import type { Runtime } from '../shared/runtime.ts';
import { cut } from '../shared/text.ts';

/** Two looks of the schedule are 15 minutes apart. Calls for the end of an execution come at any moment. */
const TWO_LOOKS_MILLIS = 14 * 60_000;
const MAX_RESULT_LENGTH = 300;

/**
 * What keeps the event source mapping of an open sync from delivering. A mapping that may not read the stream, or cannot
 * call its function, stays `Enabled`, and only its last result says so. One failed batch leaves the same result, so it
 * counts once looks over a quarter of an hour have found nothing else.
 *
 * @returns a sentence; `undefined`: nothing
 */
export async function mappingProblem(
  runtime: Pick<Runtime, 'ledger' | 'clock'>,
  run: Run,
  mappings: readonly FoundMapping[],
): Promise<string | undefined> {
  const own = mappings.find(({ mappingId }) => mappingId === run.stream?.mappingId);
  if (own === undefined)
    return 'The event source mapping of the sync is gone. Cancel the sync and start it again.';
  if (own.state !== 'Enabled' && own.state !== 'Updating')
    return `The event source mapping of the sync is ${own.state}. Enable it in the Lambda console, or cancel the sync and start it again.`;
  return deliveryProblem(runtime, run, own.lastResult ?? '');
}

async function deliveryProblem(
  { ledger, clock }: Pick<Runtime, 'ledger' | 'clock'>,
  run: Run,
  lastResult: string,
): Promise<string | undefined> {
  const { undeliveredSince } = run;
  if (!lastResult.startsWith('PROBLEM')) {
    if (undeliveredSince !== undefined) await noteUndelivered(ledger, run, undefined);
    return undefined;
  }
  const now = clock.now();
  const since = undeliveredSince ?? now;
  if (undeliveredSince === undefined) await noteUndelivered(ledger, run, since);
  if (now - since < TWO_LOOKS_MILLIS) return undefined;
  return `The event source mapping of the sync has not delivered since ${new Date(since).toISOString()}: ${cut(lastResult, MAX_RESULT_LENGTH)}.`;
}
