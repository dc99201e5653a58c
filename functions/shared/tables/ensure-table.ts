import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { released } from '../ledger/claims.ts';
import { assertOpen, type HeldFence, raiseHeldFence } from '../ledger/fence.ts';
import { tableKey } from '../ledger/ledger-table.ts';
import { readRun, type Run } from '../ledger/run.ts';
import { tablePrefixOf } from '../ledger/run-settings.ts';
import { announceTable, findTableRecord, recordTable, type TableRecord } from '../ledger/table-record.ts';
import { letGo, untilEarlierRunsAreQuiet } from '../ledger/quiet.ts';
import { fenceMillisOf, inDoubtUntil, type Runtime } from '../runtime.ts';
import { TABLE_PATIENCE_MILLIS, waitUntilUsable } from './await-table.ts';
import { closureFor, readClosure } from './close-table.ts';
import { createOrFind, type Creation, type Ensured, type TableBlueprint } from './create-or-find.ts';
import { createTableInput } from '../aws/create-table-input.ts';
import { enableTimeToLive } from './enable-time-to-live.ts';
import { describeTable, tagsOf } from '../aws/describe-table.ts';
import { assertSameTable } from './known-table.ts';
import { schemaDifferences } from '../aws/schema-differences.ts';
import { type TableSpec, tableName } from '../migration/table-spec.ts';
import {
  foreignStage,
  foreignStageError,
  replacedTableError,
  schemaMismatchError,
  withOwnPrefix,
} from './target-conflicts.ts';

/** Which table, for which run. */
export interface WantedTable {
  readonly spec: TableSpec;
  readonly runId: string;
  readonly executionArn: string;
}

/** A blueprint, for which run. */
export interface WantedBlueprint {
  readonly blueprint: TableBlueprint;
  /** As it was read a moment ago. */
  readonly run: Run;
  readonly executionArn: string;
}

/** What exists now. */
export interface EnsuredTable {
  readonly name: string;
  readonly outcome: 'CREATED' | 'EXISTED';
}

/** {@link ensureBlueprint} of one of the target tables. @throws as it does, and as {@link withOwnPrefix} does */
export async function ensureTable(
  runtime: Runtime,
  { spec, runId, executionArn }: WantedTable,
): Promise<EnsuredTable> {
  const run = await readRun(runtime.ledger, runId);
  const name = tableName(spec, tablePrefixOf(runtime, run));
  const blueprint = {
    name,
    input: (tags: Readonly<Record<string, string>>) => createTableInput(spec, { name, tags }),
    differences: (table: TableDescription) => schemaDifferences(spec, table),
    timeToLiveAttribute: isCommittedLater(runtime, run, spec) ? undefined : spec.timeToLiveAttribute,
  };
  return withOwnPrefix(runtime, run, ensureBlueprint(runtime, { run, executionArn, blueprint }));
}

/**
 * Whether the commit of the run switches time to live on (`protect-tables.ts`). Before that, it would delete items that the
 * run still has to find. A step called alone has no commit, and nothing is written into a table that stays empty.
 */
function isCommittedLater({ migration }: Runtime, { kind }: Run, { name }: TableSpec): boolean {
  return kind !== 'manual' && migration.filled.some((filled) => filled.name === name);
}

/**
 * Makes sure that the table exists: created by this run, with its tags in the CreateTable call itself, or found with the
 * right keys and left as it is. The intent is in the ledger before the call. Idempotent, even when called twice at once,
 * because the first announcement counts for both.
 *
 * @throws TableSchemaMismatchError, ForeignStageTableError, RunClosedError, TableUnavailableError, TableQuotaError;
 *   none is retried.
 */
export async function ensureBlueprint(runtime: Runtime, wanted: WantedBlueprint): Promise<EnsuredTable> {
  const { ledger, clock, config } = runtime;
  const { run, executionArn, blueprint } = wanted;
  const { runId } = run;
  const { name } = blueprint;
  assertOpen(run, executionArn);
  const known = await findTableRecord(ledger, { runId, name });
  const outcome = known === undefined && (await isExisting(runtime, name)) ? 'EXISTED' : 'INTENT';
  const call = runtime.newId();
  const hold = { key: tableKey(runId, name), call };
  const by = { call, known, fenceMillis: fenceMillisOf(config) };
  const intent = { runId, executionArn, name, outcome, now: clock.now(), by } as const;
  const claims = await announceTable(ledger, intent);
  let isLetGo = false;
  try {
    const lookAgain = (): Promise<HeldFence<TableRecord>> =>
      raiseHeldFence({ ledger, clock, runId, executionArn }, { known: run, hold });
    const fence = await lookAgain();
    const { record } = fence;
    const { intentAt } = record;
    const now = clock.now();
    const deadline = now + TABLE_PATIENCE_MILLIS;
    const closure = closureFor(runtime, fence.run, name);
    const isMissing = known === undefined && outcome === 'INTENT';
    const scope: Creation = {
      blueprint,
      runId,
      name,
      fence,
      lookAgain,
      intentAt,
      isMissing,
      deadline,
      closure,
    };
    const settled = await knownOutcome(runtime, record);
    // A run that nobody has resumed has had the lock ever since.
    const lockedAt = fence.run.attempts === undefined ? intentAt : now;
    // Its id is recorded at the end, so that a call that takes over from one that died here waits as well.
    if (record.tableId === undefined) await untilEarlierRunsAreQuiet(runtime, { runId, name, lockedAt });
    const made = await finish(runtime, scope, settled ?? (await createOrFind(runtime, scope)));
    const closing = released(claims, inDoubtUntil(runtime));
    isLetGo = await recordTable(ledger, runId, made, { call, quietAt: closing.quietAt });
    // Another call has the claim, or more is known of the table already. What cannot change is recorded all the same.
    if (!isLetGo) await recordTable(ledger, runId, lastingFacts(made));
    return { name, outcome: made.outcome };
  } finally {
    if (!isLetGo) await letGo(runtime, { runId, key: hold.key, claims });
  }
}

/** Whether a table exists that this run has not announced. Then it existed before, whatever its tags say. */
async function isExisting(runtime: Runtime, name: string): Promise<boolean> {
  const { clients, clock, config } = runtime;
  const existing = await describeTable(clients.tables, name);
  if (existing === undefined || existing.TableStatus === 'DELETING') return false;
  // Its tags do not show before.
  if (existing.TableStatus === 'CREATING')
    await waitUntilUsable(runtime, { name, deadline: clock.now() + TABLE_PATIENCE_MILLIS });
  const otherStage = foreignStage(await tagsOf(clients.tables, existing.TableArn ?? ''), config);
  if (otherStage !== undefined) throw foreignStageError(name, otherStage);
  return true;
}

/** What an earlier attempt has found out. `undefined`: the table is to be created, or an answer was lost. */
async function knownOutcome(runtime: Runtime, record: TableRecord): Promise<Ensured | undefined> {
  if (record.outcome !== 'CREATED' && record.outcome !== 'EXISTED') return undefined;
  const { outcome } = record;
  return { outcome, tableId: await assertSameTable(runtime, record), isFinished: true };
}

/** What is recorded of a table. */
type Made = Omit<TableRecord, 'intentAt' | 'outcome'> & Pick<Ensured, 'outcome'>;

/** Whether the table is closed may have changed since this call looked. */
function lastingFacts({ access: _access, policyRevision: _revision, tags: _tags, ...lasting }: Made): Made {
  return lasting;
}

async function finish(
  runtime: Runtime,
  scope: Creation,
  { outcome, tableId: knownId, isFinished = false }: Ensured,
): Promise<Made> {
  const { name, blueprint, runId, closure } = scope;
  // A run that was closed meanwhile leaves the table to its roll back, which waits for this call.
  if (outcome === 'CREATED') await scope.lookAgain();
  const table = await waitUntilUsable(runtime, scope);
  const { TableId: tableId = '', TableArn: tableArn = '' } = table;
  if (knownId !== undefined && knownId !== tableId) {
    await recordTable(runtime.ledger, runId, { name, outcome, tableId: knownId });
    throw replacedTableError({ name, tableId: knownId }, tableId);
  }
  const differences = blueprint.differences(table);
  if (differences.length > 0) throw schemaMismatchError(name, differences);
  if (outcome === 'CREATED' && !isFinished)
    await enableTimeToLive(runtime, { ...scope, attribute: blueprint.timeToLiveAttribute });
  const closed =
    outcome === 'CREATED' && closure !== undefined ? await readClosure(runtime, closure) : undefined;
  const hasTags = outcome === 'EXISTED' || (await tagsOf(runtime.clients.tables, tableArn)) !== undefined;
  const untagged = hasTags ? {} : { tags: 'NOT_OFFERED' as const };
  return { name, outcome, tableId, tableArn, ...closed, ...untagged };
}
