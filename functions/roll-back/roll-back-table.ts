import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { splitMessage } from '../shared/message.ts';
import { errorSummary, TransientError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import {
  type Keeping,
  type KeepingFailure,
  noteTable,
  recordTable,
  type TableFacts as NotedFacts,
  type TableRecord,
} from '../shared/ledger/table-record.ts';
import type { ScanMeter } from '../shared/copy/scan.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { otherPrefixError } from '../shared/tables/target-conflicts.ts';
import { closedAtOf, closeForRollBack } from './close-table.ts';
import { decideTable, type TableFacts } from './decide-table.ts';
import { deleteTable } from './delete-table.ts';
import type { Contents } from './inspection.ts';
import { keepNet } from './keep-net.ts';
import { lookInside } from './look-inside.ts';
import { openKept } from './open-kept.ts';
import { protectAgain } from './protect-again.ts';
import type { ReliedTables } from './relied-tables.ts';
import { endsTurn, type RollBackFence } from './recovery-owner.ts';
import { existingTable, factsOf, goneFacts } from './table-facts.ts';
import { isBusy, unusableState, waitForOthers } from './wait-for-others.ts';

/** A small backup is available at once, a large one in a minute or two. */
const LOOK_FOR_BACKUP_SECONDS = 5;

/** One roll back's turn. */
export interface TableRollBackScope {
  readonly run: Run;
  /** The run's, as they were at the beginning of the turn. */
  readonly tables: readonly TableRecord[];
  readonly fence: RollBackFence;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** Which tables later runs rely on. */
  readonly relied: ReliedTables;
  /** Whether the run has begun to fill its tables. Before that it has written no item. */
  readonly hasBegunToFill: boolean;
}

/** What became of one table in this turn. */
export type RolledBackTable =
  | { readonly kind: 'done' }
  | { readonly kind: 'wait'; readonly seconds: number }
  /** DynamoDB refused for the moment. This table's turn is repeated after those of the other tables. */
  | { readonly kind: 'transient'; readonly error: unknown }
  /** It could not be rolled back, and the sentence gives the reason. `table` is set if the run created it. */
  | ({ readonly kind: 'failed'; readonly table?: string } & KeepingFailure);

/** One turn's work on one table. */
interface TableScope extends TableRollBackScope {
  readonly record: TableRecord;
  /** What all looks into the table were charged. */
  readonly meter: ScanMeter;
}

/** One of the run's own tables, and what is known about it. */
interface OwnTable extends TableScope {
  readonly table: TableDescription;
  readonly facts: TableFacts;
  /** Whether the shop may be using it, because the run succeeded or a later run relies on it. */
  readonly isInUse: boolean;
}

function note(
  { ledger }: Runtime,
  { run, record, meter }: TableScope,
  outcome: TableRecord['outcome'],
  facts: Pick<TableRecord, 'remark' | 'keeping' | 'isNeverCreated'> = {},
): Promise<boolean> {
  return recordTable(ledger, run.runId, {
    name: record.name,
    outcome,
    ...(meter.readUnits > 0 && { lookReadUnits: meter.readUnits }),
    ...facts,
  });
}

const DONE: RolledBackTable = { kind: 'done' };

const markOf = ({ run: { markedAt = 0 } }: TableScope): number => markedAt;

/** Leaves a table to the shop, open and protected as it was. @returns what its remark must add, else nothing */
async function handBack(runtime: Runtime, own: TableScope): Promise<string> {
  return (await openKept(runtime, own)) + (await protectAgain(runtime, own));
}

/**
 * Keeps a table until this roll back ends, and opens it. The decision is noted first, so that no later turn closes the
 * table again while other tables are waited for. Idempotent.
 */
async function keep(runtime: Runtime, own: TableScope, keeping: Keeping): Promise<RolledBackTable> {
  const { remark, failure } = keeping;
  await note(runtime, own, 'KEPT', { remark, keeping });
  const added = await handBack(runtime, own);
  if (added !== '') await note(runtime, own, 'KEPT', { remark: remark + added });
  return failure === undefined ? DONE : { kind: 'failed', table: own.record.name, ...failure };
}

function keepUsed(runtime: Runtime, own: OwnTable, what: string): Promise<RolledBackTable> {
  const decision = decideTable({ ...own.facts, contents: 'something of the shop' });
  const remark = decision.action === 'keep' ? decision.remark : '';
  return keep(runtime, own, { markedAt: markOf(own), remark: `${remark} (${what})` });
}

/** Inspects the table and deletes it if it holds no foreign items. An open table is inspected twice. */
async function lookAndDelete(
  runtime: Runtime,
  own: OwnTable,
  { isClosed, net }: { readonly isClosed: boolean; readonly net: string | undefined },
): Promise<RolledBackTable> {
  const { run, record, table, fence, deadline, meter } = own;
  const { name } = record;
  const markedAt = markOf(own);
  const look = (): Promise<Contents> => lookInside(runtime, { run, tableName: name, deadline, meter });
  const noteFacts = (facts: NotedFacts): Promise<void> =>
    noteTable(runtime.ledger, { runId: run.runId, name }, facts);
  const isLookedThrough = !isClosed && record.lookedThroughFor === markedAt;
  const before: Contents = isLookedThrough ? { kind: 'nothing of the shop' } : await look();
  if (before.kind === 'unknown') return { kind: 'wait', seconds: 1 };
  if (before.kind === 'something of the shop') return keepUsed(runtime, own, before.what);
  if (!isClosed) await noteFacts({ lookedThroughFor: markedAt, lookReadUnits: meter.readUnits });
  const open = isClosed ? [] : ['it could not be closed, so it was inspected again directly before'];
  const remark = [net ?? [], open].flat().join('; ');
  const last = await deleteTable(runtime, {
    table,
    fence,
    deadline,
    lookAgain: isClosed ? undefined : look,
    noteUnprotected: () => noteFacts({ isUnprotected: true }),
    noteDeleting: () => noteFacts({ deleting: { markedAt, remark } }),
  });
  if (last.kind === 'unknown') return { kind: 'wait', seconds: 1 };
  if (last.kind === 'something of the shop') return keepUsed(runtime, own, last.what);
  await note(runtime, own, 'DELETED', remark === '' ? {} : { remark });
  return DONE;
}

/**
 * A short inspection before an open table is closed. If it finds foreign items at once, the table stays as it is and
 * nobody is shut out.
 */
async function glance(runtime: Runtime, own: OwnTable): Promise<RolledBackTable | undefined> {
  const { run, record, table, isInUse, meter } = own;
  const { name } = record;
  const isOpen = isInUse || record.access !== 'CLOSED';
  const isSeen = closedAtOf(own) !== undefined || record.lookedThroughFor === run.markedAt;
  if (!isOpen || isSeen || unusableState(table) !== undefined) return undefined;
  const seen = await lookInside(runtime, { run, tableName: name, deadline: runtime.clock.now(), meter });
  if (seen.kind === 'something of the shop') return keepUsed(runtime, own, seen.what);
  await noteTable(runtime.ledger, { runId: run.runId, name }, { lookReadUnits: meter.readUnits });
  return undefined;
}

/** A table that intent, tag and TableId show to be the run's. */
async function takeOwnTableBack(runtime: Runtime, own: OwnTable): Promise<RolledBackTable> {
  const remark = unusableState(own.table);
  if (remark !== undefined) {
    const failure = { sentence: `${own.record.name} was kept, because ${remark}` };
    return keep(runtime, own, { markedAt: markOf(own), remark, failure });
  }
  const kept = await glance(runtime, own);
  if (kept !== undefined) return kept;
  // DynamoDB does not delete it before that, and until then nobody is shut out.
  if (isBusy(own.table)) return { kind: 'wait', seconds: waitForOthers(runtime, own.run) };
  const closing = await closeForRollBack(runtime, own);
  if (closing.kind === 'wait') return { kind: 'wait', seconds: closing.seconds };
  const isClosed = closing.kind === 'closed';
  if (!own.isInUse) return lookAndDelete(runtime, own, { isClosed, net: undefined });
  const net = await keepNet(runtime, own);
  if (net.kind === 'wait') return { kind: 'wait', seconds: LOOK_FOR_BACKUP_SECONDS };
  return lookAndDelete(runtime, own, { isClosed, net: net.remark });
}

/** Keeps a table that a later run relies on, unless the operator has named that run. */
async function takeUnlessRelied(runtime: Runtime, own: Omit<OwnTable, 'isInUse'>): Promise<RolledBackTable> {
  const { run, record, table } = own;
  const relied = own.relied({ name: record.name, tableId: table.TableId });
  if (relied.kind === 'keep') {
    await note(runtime, own, 'KEPT', { remark: relied.remark });
    await warnRun(runtime.ledger, run, [`Table ${record.name} was kept, because ${relied.remark}.`]);
    return DONE;
  }
  const isInUse = run.rolledBackFrom === 'SUCCEEDED' || relied.kind === 'back up first';
  return takeOwnTableBack(runtime, { ...own, isInUse });
}

async function rollBackRecorded(runtime: Runtime, scope: TableScope): Promise<RolledBackTable> {
  const { record } = scope;
  // The table existed before, or is gone. There is nothing to inspect, and this role may not have access to it.
  if (record.outcome === 'EXISTED' || record.outcome === 'DELETED') return DONE;
  const existing = await existingTable(runtime, record.name);
  const facts = factsOf(runtime, scope.run, record, existing);
  const decision = decideTable(facts);
  switch (decision.action) {
    case 'wait':
      return { kind: 'wait', seconds: waitForOthers(runtime, scope.run) };
    case 'look inside':
      if (existing === undefined) return DONE;
      if (record.keeping?.markedAt === markOf(scope)) return keep(runtime, scope, record.keeping);
      return takeUnlessRelied(runtime, { ...scope, table: existing.table, facts });
    case 'note deleted':
      await note(runtime, scope, 'DELETED', goneFacts(record, markOf(scope)));
      return DONE;
    case 'note existed':
      await note(runtime, scope, 'EXISTED');
      return DONE;
    case 'keep': {
      // Another table of this name is left alone. The run's own table is not left closed.
      const isSame = existing?.table.TableId === record.tableId;
      const added = isSame ? await handBack(runtime, scope) : '';
      await note(runtime, scope, 'KEPT', { remark: decision.remark + added });
      return DONE;
    }
    default:
      return DONE;
  }
}

/** Rolls one table back if it is the run's. A failure of one table does not stop the others. */
export async function rollBackTable(
  runtime: Runtime,
  scope: TableRollBackScope,
  record: TableRecord,
): Promise<RolledBackTable> {
  const meter = { readUnits: record.lookReadUnits ?? 0, throttles: 0 };
  const own = { ...scope, record, meter };
  try {
    return await rollBackRecorded(runtime, own);
  } catch (error) {
    if (endsTurn(error) && !(error instanceof TransientError)) throw error;
    if (error instanceof TransientError || isTransient(error)) return { kind: 'transient', error };
    const { name, message } = errorSummary(otherPrefixError(runtime, scope.run, error) ?? error);
    const { said, nextStep: step } = splitMessage(message);
    const remark = `it could not be inspected or deleted (${name}: ${said})`;
    const failure = { sentence: `${record.name}: ${name}: ${said}`, step };
    return keep(runtime, own, { markedAt: markOf(own), remark, failure });
  }
}
