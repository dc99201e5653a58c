import type { FoundMapping, WithMappings } from '../aws/event-source-mapping.ts';
import { deployWith } from '../deploy-with.cjs';
import type { Run } from '../ledger/run.ts';
import { noteGapOver } from '../ledger/sync.ts';
import { functionName } from '../names.ts';
import { type FailedBatchesRuntime, noteMissedChanges } from './failed-batches.ts';
import { mappingProblem, noteDelivery } from './mapping-problem.ts';
import { streamProblem } from './stream-problem.ts';

/** What a look at the delivery of changes depends on. */
export type DeliveryRuntime = FailedBatchesRuntime & WithMappings;

/**
 * Notes as a gap of an open sync what keeps changes from being delivered, or may have kept them, and that a lasting one is
 * over. A compare must begin after it. Safe to repeat.
 */
export async function watchDelivery(runtime: DeliveryRuntime, run: Run): Promise<void> {
  const mappings = await ownMappings(runtime);
  const own = mappings.find(({ mappingId }) => mappingId === run.stream?.mappingId);
  await noteDelivery(runtime, run, own);
  const problems = [mappingProblem(run, own, runtime.clock.now()), await sourceProblem(runtime, run)].filter(
    (problem) => problem !== undefined,
  );
  await noteMissedChanges(runtime, run, problems);
  if (problems.length === 0) await noteGapOver(runtime.ledger, run);
}

/** Every mapping that calls syncProducts, whichever stream it reads. */
export function ownMappings({
  mappings,
  config,
}: Pick<DeliveryRuntime, 'mappings' | 'config'>): Promise<readonly FoundMapping[]> {
  return mappings.list({ functionName: functionName(config, 'syncProducts') });
}

/** The functions may only look at the source that the stage is deployed for. */
async function sourceProblem(runtime: DeliveryRuntime, run: Run): Promise<string | undefined> {
  const { sourceTable } = runtime.config;
  if (run.sourceTable === sourceTable) return streamProblem(runtime, run);
  return `This stage is deployed for table ${sourceTable} now, so nothing follows table ${run.sourceTable}. To go on with the sync, ${deployWith('sourceTable', run.sourceTable)}.`;
}
