import { mappingProblem } from '../shared/runs/mapping-problem.ts';
import { streamProblem } from '../shared/runs/stream-problem.ts';
import type { SyncCheck } from '../shared/runs/sync-report.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { FollowedTable } from '../shared/ledger/sync-facts.ts';
import { isUnsafeGlobal, replicasOf } from '../shared/tables/global-table.ts';
import { missingTable } from './migrated-table.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/** Whether changes are delivered, and whether the targets are still the migrated ones. Reads only. */
export async function checkEnds(runtime: SyncRuntime, run: Run): Promise<readonly SyncCheck[]> {
  return Promise.all([checkMapping(runtime, run), checkStream(runtime, run), checkTargets(runtime, run)]);
}

/** What keeps changes from being delivered, as sentences; `undefined`: nothing. */
export async function deliveryProblems(runtime: SyncRuntime, run: Run): Promise<string | undefined> {
  const checks = await Promise.all([checkMapping(runtime, run), checkStream(runtime, run)]);
  const failed = checks.filter(({ ok }) => !ok);
  return failed.length === 0 ? undefined : failed.map(({ sentence }) => sentence).join(' ');
}

async function checkMapping({ mappings, clock }: SyncRuntime, run: Run): Promise<SyncCheck> {
  const { mappingId: id } = run.stream ?? {};
  const found = id === undefined ? undefined : await mappings.get(id);
  const problem = mappingProblem(run, found, clock.now());
  if (found === undefined || problem !== undefined)
    return { what: 'mapping', ok: false, sentence: problem ?? '' };
  const { mappingId, state, lastResult } = found;
  const said = lastResult === undefined ? '' : ` Its last poll: ${lastResult}.`;
  // A problem of the last poll alone may be over, and nothing arrives from a frozen source that could show it. What it has
  // kept back differs in the compare.
  return {
    what: 'mapping',
    ok: true,
    sentence: `The event source mapping ${mappingId} is ${state}.${said}`,
  };
}

async function checkStream(runtime: SyncRuntime, run: Run): Promise<SyncCheck> {
  const problem = await streamProblem(runtime, run);
  const fine = `Table ${run.sourceTable} still writes its changes to the stream that is followed.`;
  return { what: 'stream', ok: problem === undefined, sentence: problem ?? fine };
}

async function checkTargets(runtime: SyncRuntime, { follows }: Run): Promise<SyncCheck> {
  const { runId = '', tables = [] } = follows ?? {};
  const found = await Promise.all(tables.map((table) => targetProblem(runtime, runId, table)));
  const problems = found.filter((sentence) => sentence !== undefined);
  const names = tables.map(({ name }) => name).join(', ');
  return {
    what: 'targets',
    ok: problems.length === 0,
    sentence:
      problems.length === 0
        ? `${names} ${tables.length === 1 ? 'is' : 'are'} as run ${runId} has left ${tables.length === 1 ? 'it' : 'them'}, by TableId.`
        : problems.join(' '),
  };
}

async function targetProblem(
  runtime: SyncRuntime,
  runId: string,
  table: FollowedTable,
): Promise<string | undefined> {
  const missing = await missingTable(runtime, runId, table);
  if (missing !== undefined) return `${missing} Cancel the sync, and migrate again.`;
  const { name } = table;
  const found = await describeTable(runtime.clients.tables, name);
  if (found === undefined || !isUnsafeGlobal(found)) return undefined;
  return `Table ${name} has become a global table (replicas: ${replicasOf(found)}). The sync writes by conditions, which hold in one Region only: what the shop writes in another Region at the same moment could be lost. Remove its replicas, and add them again after the switch.`;
}
