import { isNamed } from '../errors.ts';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { assertOpen, type Fence, type HeldFence, raiseHeldFence } from '../ledger/fence.ts';
import { tableKey } from '../ledger/ledger-table.ts';
import { readRun, type Run } from '../ledger/run.ts';
import { tablePrefixOf } from '../ledger/run-settings.ts';
import { announceTable, findTableRecord, recordTable, type TableRecord } from '../ledger/table-record.ts';
import { isNotOffered, isWithoutTags } from '../aws/not-offered.ts';
import { retry } from '../retry.ts';
import { letGo, untilEarlierRunsAreQuiet } from '../ledger/quiet.ts';
import { fenceMillisOf, type Runtime } from '../runtime.ts';
import { TABLE_PATIENCE_MILLIS, waitUntilGone, waitUntilUsable } from './await-table.ts';
import { closureFor, readClosure } from './close-table.ts';
import { createTableInput } from '../aws/create-table-input.ts';
import { creationError, isCreationRetryable } from './creation-refusal.ts';
import { enableTimeToLive } from './enable-time-to-live.ts';
import { describeTable, identified, RUN_TAG, SERVICE_TAG, STAGE_TAG, tagsOf } from '../aws/describe-table.ts';
import { isOwnTable } from './own-table.ts';
import { assertSameTable, describeKnown } from './known-table.ts';
import { schemaDifferences } from '../aws/schema-differences.ts';
import { type Closure, closingPolicy } from '../aws/table-policy.ts';
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

/** How to make a table, and what may exist in its place. */
export interface TableBlueprint {
  readonly name: string;
  readonly input: (tags: Readonly<Record<string, string>>) => CreateTableCommandInput;
  /** How an existing table differs from what is needed, one sentence each. */
  readonly differences: (table: TableDescription) => readonly string[];
  readonly timeToLiveAttribute?: string | undefined;
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

interface Scope {
  readonly blueprint: TableBlueprint;
  readonly runId: string;
  readonly name: string;
  readonly fence: Fence;
  /** @throws RunClosedError, ClaimLostError */
  readonly lookAgain: () => Promise<unknown>;
  readonly intentAt: number;
  /** Whether this call has found no table of that name. */
  readonly isMissing: boolean;
  /** Epoch milliseconds: this call waits for the table until then. */
  readonly deadline: number;
  /** Who may not write until the commit. Absent: the table stays open. */
  readonly closure: Closure | undefined;
  /** The endpoint has refused tags. */
  readonly isWithoutTags?: boolean;
}

/** What exists now. The id tells it from a later table of the same name. */
interface Ensured {
  readonly outcome: EnsuredTable['outcome'];
  readonly tableId: string | undefined;
  /** An earlier call has finished the table. Its settings, time to live included, are its owner's now. */
  readonly isFinished?: boolean;
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
    timeToLiveAttribute: spec.timeToLiveAttribute,
  };
  return withOwnPrefix(runtime, run, ensureBlueprint(runtime, { run, executionArn, blueprint }));
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
    const scope: Scope = {
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
    return await finish(runtime, scope, settled ?? (await createOrFind(runtime, scope)));
  } finally {
    await letGo(runtime, { runId, key: hold.key, claims });
  }
}

/** Whether a table exists that this run has not announced. Then it existed before, whatever its tags say. */
async function isExisting({ clients, config }: Runtime, name: string): Promise<boolean> {
  const existing = await describeTable(clients.tables, name);
  if (existing === undefined || existing.TableStatus === 'DELETING') return false;
  const otherStage = foreignStage(await tagsOf(clients.tables, existing.TableArn ?? ''), config);
  if (otherStage !== undefined) throw foreignStageError(name, otherStage);
  return true;
}

/** What an earlier attempt has found out. `undefined`: the table is to be created, or an answer was lost. */
async function knownOutcome(runtime: Runtime, record: TableRecord): Promise<Ensured | undefined> {
  if (record.outcome !== 'CREATED' && record.outcome !== 'EXISTED') return undefined;
  const { outcome, name } = record;
  await assertSameTable(runtime, record);
  const tableId = record.tableId ?? (await describeKnown(runtime, name)).TableId;
  return { outcome, tableId, isFinished: true };
}

async function finish(
  runtime: Runtime,
  scope: Scope,
  { outcome, tableId: knownId, isFinished = false }: Ensured,
): Promise<EnsuredTable> {
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
  await recordTable(runtime.ledger, runId, { name, outcome, tableId, tableArn, ...closed, ...untagged });
  return { name, outcome };
}

/** Creates the table, or finds out what exists. Waits for a table that is being deleted. */
async function createOrFind(runtime: Runtime, scope: Scope): Promise<Ensured> {
  const { clients } = runtime;
  if (scope.isMissing) {
    const created = await tryCreate(runtime, scope);
    if (created !== undefined) return created;
  }
  for (;;) {
    const existing = await describeTable(clients.tables, scope.name);
    if (existing?.TableStatus === 'DELETING') await waitUntilGone(runtime, scope);
    else if (existing !== undefined) {
      const outcome = (await isOwnTable(runtime, scope, existing)) ? 'CREATED' : 'EXISTED';
      return { outcome, tableId: existing.TableId };
    } else {
      const created = await tryCreate(runtime, scope);
      if (created !== undefined) return created;
    }
  }
}

/** `undefined` if a table of that name exists: somebody else's, or ours with its answer lost. */
async function tryCreate(runtime: Runtime, scope: Scope): Promise<Ensured | undefined> {
  const { blueprint, runId, fence, deadline, closure } = scope;
  const { service, stage, region } = runtime.config;
  const ownTags = { [RUN_TAG]: runId, [SERVICE_TAG]: service, [STAGE_TAG]: stage };
  const input = blueprint.input(scope.isWithoutTags ? {} : ownTags);
  const policy = closure && { ResourcePolicy: closingPolicy(closure) };
  const until = { clock: runtime.clock, deadline, patienceMillis: TABLE_PATIENCE_MILLIS };
  try {
    const created = await retry({ ...until, isRetryable: isCreationRetryable }, async () => {
      await fence.check();
      return runtime.clients.dynamo.send(new CreateTableCommand({ ...input, ...policy }));
    });
    return { outcome: 'CREATED', tableId: identified(created.TableDescription ?? {}).TableId };
  } catch (error) {
    if (isNamed(error, 'ResourceInUseException')) return undefined;
    // An engine on a laptop may have no tags, or no resource policies; the report then says so.
    if (!scope.isWithoutTags && isWithoutTags(error))
      return tryCreate(runtime, { ...scope, isWithoutTags: true });
    if (closure !== undefined && isNotOffered(error))
      return tryCreate(runtime, { ...scope, closure: undefined });
    throw creationError(error, { name: scope.name, region }) ?? error;
  }
}
