import { isRestore, type Run, type RunStatus } from '../../functions/shared/ledger/run.ts';
import { type Shard, type ShardState, SHARD_STATES } from '../../functions/shared/ledger/shard.ts';
import { pausedText } from '../../functions/shared/runs/control-text.ts';
import { comparedOn } from '../../functions/shared/ledger/sync.ts';
import { mapPace, type MapPace, type ShardPace } from './map-pace.ts';
import type { ShardsByState } from './run-record.ts';

/** How far one Map is. */
export interface StageProgress {
  readonly state: ShardState;
  /** Items handled so far, as the checkpoints say. */
  readonly items: number;
  /** The same with what the workers have not saved yet, by their own rates. */
  readonly itemsNow: number;
  /** Items to handle: exact once the stage before it is done, the plan's estimate until then; 0: not known. */
  readonly total: number;
  readonly isDone: boolean;
  /** Items a second of the workers at work; of a Map that is done, over all of it. */
  readonly itemsPerSecond: number;
  /** `undefined` without a total or before the first checkpoint. */
  readonly secondsLeft: number | undefined;
  /** Seconds since the first worker began, or until the last one ended. */
  readonly seconds: number;
}

/** How far an execution is. */
export interface Progress {
  /** The state the execution is in; `undefined` before the first. */
  readonly state: string | undefined;
  /** Which step of how many that state is, where nothing fails; absent in any other state. */
  readonly step?: { readonly number: number; readonly of: number } | undefined;
  /** When the execution was started (epoch milliseconds). */
  readonly startedAt?: number | undefined;
  /** Seconds from its start to its end; absent while it runs. */
  readonly endedAfter?: number | undefined;
  /** `paused since ... by ...`; absent while the run is not paused. */
  readonly paused?: string | undefined;
  readonly stages: readonly StageProgress[];
  /** Requests that DynamoDB asked to slow down. */
  readonly throttles: number;
  /** Products that cannot be transformed, as far as they are known. */
  readonly quarantined: number;
}

/** Which counters count a Map's items. */
const itemCounters: Readonly<Record<ShardState, readonly string[]>> = {
  BackupProducts: ['items'],
  TransformProducts: ['products'],
  MigrateProducts: ['items'],
  BulkLoad: ['items'],
  VerifyMigration: ['targetItems', 'sourceItems'],
  CompareByKey: ['expected'],
  ProveBackup: ['items'],
  RestoreProducts: ['items'],
  VerifyRestore: ['items'],
  RollBack: ['items'],
  CompareSource: ['sourceItems'],
  CompareTarget: ['targetItems'],
};

const OVER_SEGMENTS: ReadonlySet<ShardState> = new Set([
  'BackupProducts',
  'VerifyMigration',
  'CompareSource',
  'CompareTarget',
]);

/** What a Map's shards are of, when they can be of an earlier one as well. */
const COMPARES: ReadonlySet<ShardState> = new Set(['CompareSource', 'CompareTarget']);

/** The status in which the compare ran that an ended run shows. */
const COMPARED_BEFORE: Readonly<Partial<Record<RunStatus, RunStatus>>> = {
  SWITCHED: 'SWITCHING',
  SUCCEEDED: 'RUNNING',
};

/** The checkpoints that count: those of an earlier compare of the same sync say nothing about the present one. */
export function presentShards(run: Run, shards: ShardsByState): ShardsByState {
  return new Map(
    [...shards]
      .map(([state, own]) => [state, presentOf(run, state, own)] as const)
      .filter(([, own]) => own.length > 0),
  );
}

function presentOf(run: Run, state: ShardState, own: readonly Shard[]): readonly Shard[] {
  if (!COMPARES.has(state)) return own;
  const { executionArn, status } = run;
  const basis = comparedOn({ executionArn, status: COMPARED_BEFORE[status] ?? status });
  return own.filter((shard) => shard.basis === basis);
}

/** What the ledger says of a run's progress at `now` (epoch milliseconds). */
export function progressOf(
  run: Run,
  all: ShardsByState,
  at: { readonly state: string | undefined; readonly now: number },
): Progress {
  const shards = presentShards(run, all);
  const isPaused = run.status === 'RUNNING' && run.paused !== undefined;
  const stages = SHARD_STATES.flatMap((state) => stageOf(run, state, shards, at.now) ?? []);
  return {
    state: at.state,
    paused: isPaused ? pausedText(run.paused) : undefined,
    stages: isPaused ? stages.map(still) : stages,
    throttles: sumCounter([...shards.values()].flat(), 'throttles'),
    quarantined:
      run.rehearsal?.quarantined ?? sumCounter(shards.get('TransformProducts') ?? [], 'quarantined'),
  };
}

/** A stage that does not move, and so has no time left that could be told. */
function still(stage: StageProgress): StageProgress {
  return { ...stage, itemsNow: stage.items, itemsPerSecond: 0, secondsLeft: undefined };
}

function stageOf(run: Run, state: ShardState, shards: ShardsByState, now: number): StageProgress | undefined {
  const own = shards.get(state);
  if (own === undefined || own.length === 0) return undefined;
  const items = itemsOf(state, own);
  const isDone = isStateDone(run, state, own);
  const total = isDone ? items : Math.max(items, totalOf(run, state, shards));
  const startedAt = Math.min(...own.map((shard) => shard.startedAt));
  const endedAt = isDone ? Math.max(...own.map(({ updatedAt }) => updatedAt)) : now;
  const seconds = Math.max(0.001, (endedAt - startedAt) / 1000);
  const common = { state, items, total, isDone, seconds };
  if (isDone) return { ...common, itemsNow: items, itemsPerSecond: items / seconds, secondsLeft: undefined };
  const work = workOf({ run, state, shards, total });
  const pace = mapPace({ ...work, shardCount: shardCount(run, state), workers: run.plan.workers }, now);
  return { ...common, ...inItems(pace, { ...common, work: work.total }) };
}

/** A pace in items, whatever unit the work was counted in. */
function inItems(
  { doneNow, perSecond, secondsLeft }: MapPace,
  { items, total, work }: { readonly items: number; readonly total: number; readonly work: number },
): Pick<StageProgress, 'itemsNow' | 'itemsPerSecond' | 'secondsLeft'> {
  if (total <= items) return { itemsNow: items, itemsPerSecond: perSecond, secondsLeft: undefined };
  const itemsNow = Math.max(items, Math.round((doneNow / work) * total));
  return { itemsNow, itemsPerSecond: (perSecond / work) * total, secondsLeft };
}

interface Stage {
  readonly run: Run;
  readonly state: ShardState;
  readonly shards: ShardsByState;
  /** In items. */
  readonly total: number;
}

/** A Map's work in one unit: items, or bytes where it reads items of two sizes. */
function workOf({ run, state, shards, total }: Stage): { shards: readonly ShardPace[]; total: number } {
  const own = shards.get(state) ?? [];
  const sizes = state === 'VerifyMigration' ? itemBytes(run, shards) : undefined;
  if (sizes === undefined)
    return { total, shards: own.map((shard) => paceOf(shard, itemsOf(state, [shard]))) };
  const bytesOf = ({ sourceItems = 0, targetItems = 0 }: Shard['counters']): number =>
    sourceItems * sizes.source + targetItems * sizes.target;
  const targetItems = totalOf(run, 'CompareByKey', shards);
  return {
    total: bytesOf({ sourceItems: total - targetItems, targetItems }),
    shards: own.map((shard) => paceOf(shard, bytesOf(shard.counters))),
  };
}

/** A shard's times, and its `work` in the Map's unit; its marks are items, and are brought to that unit. */
function paceOf(shard: Shard, work: number): ShardPace {
  const { done, startedAt, updatedAt, marks, claim, claimedAt = startedAt } = shard;
  const marked = marks.at(-1)?.[1] ?? 0;
  const scaled = marks.map(([at, items]) => [at, (items * work) / marked] as const);
  const last = [updatedAt, work] as const;
  const callBeganAt = claim === undefined ? undefined : claimedAt;
  return { done, updatedAt, callBeganAt, marks: [[startedAt, 0], ...(marked > 0 ? scaled : []), last] };
}

/** Bytes of an item of the source and of the targets, as the transform has counted them. */
function itemBytes(
  run: Run,
  shards: ShardsByState,
): { readonly source: number; readonly target: number } | undefined {
  const transformed = shards.get('TransformProducts') ?? [];
  const [sourceBytes, targetBytes] = ['sourceBytes', 'targetBytes'].map((name) =>
    sumCounter(transformed, name),
  );
  const { backup, rehearsal } = run;
  if (!sourceBytes || !targetBytes || backup === undefined || rehearsal === undefined) return undefined;
  return {
    source: sourceBytes / backup.items,
    target: targetBytes / (rehearsal.metadata + rehearsal.variants),
  };
}

/** Items that a Map's workers have handled. */
export function itemsOf(state: ShardState, shards: readonly Shard[]): number {
  return itemCounters[state].reduce((sum, counter) => sum + sumCounter(shards, counter), 0);
}

/** Sum of a counter over shards. */
function sumCounter(shards: readonly Shard[], counter: string): number {
  return shards.reduce((sum, { counters }) => sum + (counters[counter] ?? 0), 0);
}

/** Whether every shard of a state has finished: its checkpoints do not change any more. */
export function isStateDone(run: Run, state: ShardState, shards: readonly Shard[]): boolean {
  const count = shardCount(run, state);
  const counted = presentOf(run, state, shards).filter(({ shard }) => shard < count);
  return counted.length === count && counted.every(({ done }) => done);
}

/** How many shards a state has that say how far it is; one that is no Map has one. */
export function shardCount(run: Run, state: ShardState): number {
  if (state === 'RollBack') return 1;
  if (state === 'BulkLoad') return isRestore(run) ? 1 : (run.settings.filled?.length ?? 1);
  return OVER_SEGMENTS.has(state) ? run.plan.segments.length : run.plan.shards.length;
}

/** Items that a Map has to handle. */
function totalOf(run: Run, state: ShardState, shards: ShardsByState): number {
  const products = run.backup?.items ?? run.plan.estimatedProducts;
  const targetItems = run.rehearsal === undefined ? 0 : run.rehearsal.metadata + run.rehearsal.variants;
  switch (state) {
    case 'BackupProducts':
      return products;
    case 'TransformProducts':
      return run.backup?.items ?? itemsOf('BackupProducts', shards.get('BackupProducts') ?? []);
    case 'MigrateProducts':
    case 'CompareByKey':
      return targetItems;
    case 'BulkLoad':
      return isRestore(run) ? products : targetItems;
    case 'VerifyMigration':
      return targetItems + products;
    case 'CompareSource':
      return run.compared?.sourceItems ?? products;
    case 'CompareTarget':
      return run.compared?.targetItems ?? 0;
    default:
      return 0;
  }
}

/** Progress of an execution that has not begun its run yet. */
export function progressBeforeRun(state: string | undefined): Progress {
  return { state, stages: [], throttles: 0, quarantined: 0 };
}
