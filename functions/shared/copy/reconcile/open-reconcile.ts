import { inOneSpelling } from '../../items/canonical-json.ts';
import type { WireItem } from '../../items/wire-item.ts';
import type { Run } from '../../ledger/run.ts';
import type { Runtime } from '../../runtime.ts';
import type { TransformResult } from '../../migration/migration.ts';
import { filledTablesOf } from '../../tables/run-tables.ts';
import { transformContext } from '../../tables/transform-context.ts';
import { createRate } from '../rate.ts';
import { readPace } from '../read-pace.ts';
import { retry } from '../../retry.ts';
import type { WarnLost } from '../unseen-deletion.ts';
import { otherSources } from './other-sources.ts';
import type { IsOver, ReconcileRules } from './reconcile-io.ts';
import type { RefusedWrites } from './refused-writes.ts';
import { type Reconciled, reconcile, type ReconcileRequest } from './reconcile.ts';
import { type Lane, openRequests, type ReconcileCost } from './requests.ts';

/** Whose rules count, and within what bounds. */
export interface ReconcileScope {
  /** The run whose transform the target shows: its id, start and settings. */
  readonly run: Pick<Run, 'runId' | 'startedAt' | 'settings' | 'sourceTable'>;
  /** Awaited before each attempt at a write. What it throws stops the reconcile. */
  readonly fence: () => Promise<void>;
  /**
   * Epoch milliseconds after which none of its requests waits for the caps, or is tried again. A key that was begun goes on:
   * what it has written stays written, so that the largest source item comes to its end, over several calls.
   */
  readonly deadline: number;
  /** Capacity units a second of this worker, for each table; 0: no cap. */
  readonly readUnitsPerSecond: number;
  readonly writeUnitsPerSecond: number;
  /** See `unseenDeletionWarners`. Absent: nobody is told. */
  readonly warnUnseen?: (tableName: string) => Promise<void>;
  /** See `lostChangeWarner`. Absent: nobody is told. */
  readonly warnLost?: WarnLost;
  /** Awaited before each deletion, with the table's name. Its error stops the reconcile. */
  readonly beforeDeletion?: (tableName: string) => Promise<void>;
  /** Absent: nobody remembers what DynamoDB refuses, so it is known only to a reconcile that writes. */
  readonly refusedWrites?: RefusedWrites | undefined;
  /** See {@link ReconcileRules}. A sync brings what its source says, also where its time to live is over. */
  readonly isOver?: IsOver;
}

/** Reconciles one source key and adds to the cost, even where it throws. @throws as {@link reconcile} */
export type ReconcileKey = (request: ReconcileRequest, cost: ReconcileCost) => Promise<Reconciled>;

/** The caps of a table, by its name. */
export type LaneOf = (tableName: string) => Lane;

/**
 * {@link reconcile} with a run's tables. Keys may be reconciled side by side: they share the caps.
 *
 * @param laneOf given where other requests of the worker share them as well
 */
export function openReconcile(
  runtime: Runtime,
  scope: ReconcileScope,
  laneOf = openLanes(runtime, scope),
): ReconcileKey {
  const rules = reconcileRules(runtime, scope);
  const { sourceTable } = scope.run;
  return (request, cost) => {
    const { sourceKey } = request;
    return reconcile(
      openRequests(runtime, { ...scope, sourceTable, sourceKey, laneOf, cost }),
      rules,
      request,
    );
  };
}

/** What the source items of a run must become. */
export function reconcileRules(
  runtime: Runtime,
  { run, deadline, isOver }: Pick<ReconcileScope, 'run' | 'deadline' | 'isOver'>,
): ReconcileRules & Required<Pick<ReconcileRules, 'othersAmong'>> {
  const { migration, ledger, clock } = runtime;
  const context = transformContext(runtime, run);
  return {
    tables: filledTablesOf(runtime, run),
    // The run has transformed what a backup holds. DynamoDB gives a set in any order.
    transform: (source) => asInFile(migration.transform(inOneSpelling(source), context)),
    madeBy: { startedAt: run.startedAt, madeAttributes: migration.madeAttributes },
    othersAmong: otherSources(ledger, run, (attempt) => retry({ clock, deadline }, attempt)),
    isOver,
  };
}

/** Where an attribute is called so as well, nothing changes. */
const HAS_BYTES = /"BS?":/;

/** With the items that a target file would hold: DynamoDB takes bytes in one spelling alone. */
function asInFile(result: TransformResult): TransformResult {
  if (result.kind !== 'items') return result;
  const items = result.items.map((made) =>
    HAS_BYTES.test(made.text) ? { ...made, item: JSON.parse(made.text) as WireItem } : made,
  );
  return { ...result, items };
}

/** The caps of one worker, the same for every request to a table. */
export function openLanes(
  { clock }: Pick<Runtime, 'clock'>,
  {
    deadline,
    readUnitsPerSecond,
    writeUnitsPerSecond,
  }: Pick<ReconcileScope, 'deadline' | 'readUnitsPerSecond' | 'writeUnitsPerSecond'>,
): LaneOf {
  const lanes = new Map<string, Lane>();
  return (tableName) => {
    const lane = lanes.get(tableName) ?? {
      pace: readPace({ unitsPerSecond: () => readUnitsPerSecond, clock, deadline }),
      rate: createRate({ unitsPerSecond: writeUnitsPerSecond, clock, deadline }),
    };
    lanes.set(tableName, lane);
    return lane;
  };
}
