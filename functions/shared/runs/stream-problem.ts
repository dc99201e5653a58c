import { describeTable } from '../aws/describe-table.ts';
import type { Run } from '../ledger/run.ts';
import { replacedSource } from './known-source.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Whether the source still writes its changes to the stream that a sync follows. A stream that is switched off and on
 * again is another one.
 *
 * @returns a sentence; `undefined`: it does
 */
export async function streamProblem(
  { clients }: Pick<Runtime, 'clients'>,
  run: Run,
): Promise<string | undefined> {
  const { sourceTable, stream } = run;
  const table = await describeTable(clients.tables, sourceTable);
  const replaced = replacedSource(run, table?.TableId);
  if (replaced !== undefined) return `${replaced} Cancel the sync: the target stays as it is.`;
  const isSame = table?.StreamSpecification?.StreamEnabled === true && table.LatestStreamArn === stream?.arn;
  return isSame
    ? undefined
    : `Table ${sourceTable} no longer writes its changes to the stream that is followed. Cancel the sync and start it again.`;
}
