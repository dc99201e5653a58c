import { secret } from '../../support/checker.ts';
import {
  beganAt,
  filledNames,
  findRun,
  type LedgerItem,
  ledgerItems,
  ledgerItemsAt,
  notBefore,
  runsOf,
  tableOf,
} from '../holdings.ts';
import type { Memory } from '../memory.ts';
import type { World } from '../world.ts';
import { type Told, unitGaps } from './consumption.ts';
import { goingBack } from './going-back.ts';
import { linearGaps } from './linear-cost.ts';
import { reportGaps } from './report.ts';
import { orderIn, restoreGaps } from './restore.ts';
import { lostWrites, ownItems, rolledBackGaps } from './roll-back.ts';
import { backupGaps, isDamaged, targetGaps } from './target.ts';

/** What is checked, and what excuses it. */
export interface Checked {
  readonly world: World;
  readonly memory: Memory;
  /** Somebody has deleted records of the ledger: nobody can tell any more which run owns what. */
  readonly isTampered: boolean;
  /** What earlier checks have seen of the consumption. */
  readonly told: Told;
  /** Workers may have been cut short, so that work was done again that nobody counts. */
  readonly isRepeated: boolean;
}

/** A sentence for each promise that does not hold, once everything is at rest. */
export function violations({ world, memory, isTampered, told, isRepeated }: Checked): readonly string[] {
  const runs = runsOf(world);
  // A roll back that an operator has confirmed may take away what later runs rely on.
  const last = runs.toSorted((one, other) => endOf(world, one) - endOf(world, other)).at(-1);
  const found = [
    ...(last === undefined ? [] : runGaps(world, memory, last)),
    ...intactGaps(world, memory, { runs, last }),
    ...runs.filter(isBackedUp).flatMap((run) => backupGaps(world, memory, run)),
    ...runs
      .filter((run) => run !== last && isRolledBack(run))
      .flatMap(({ runId }) => ownItems(world, String(runId))),
    ...lostWrites(world, memory),
    ...runs.flatMap((run) => ownDamage(memory, run)),
    ...ledgerGaps(world, isTampered),
    ...backGaps(world, memory, told),
    ...leakGaps(world),
    // Tables of a run whose records are gone may stay closed, and a worker that is refused there counts nothing.
    ...consumptionGaps(world, memory, { told, isRepeated: isRepeated || isTampered }),
  ];
  return isTampered ? found.filter((gap) => !isExcused(gap)) : found;
}

/** A restore has the backup of another run. */
const isBackedUp = ({ kind, step }: LedgerItem): boolean =>
  kind !== 'restore' && step !== 'restoreFromBackup';

const isRolledBack = ({ kind, status }: LedgerItem): boolean =>
  kind === 'migrate' && status === 'ROLLED_BACK';

function backGaps(world: World, memory: Memory, told: Told): readonly string[] {
  const { shown, gaps } = goingBack(world, memory, told.shown);
  told.shown = shown;
  return gaps;
}

/** Promises 5 and 6, since the last check. */
function consumptionGaps(
  world: World,
  memory: Memory,
  { told, isRepeated }: Pick<Checked, 'told' | 'isRepeated'>,
): readonly string[] {
  const since = world.misfortunes.struck.slice(told.struck);
  const found = [
    ...linearGaps(world, memory, { since, openClaims: told.openClaims }),
    ...unitGaps(world, { told, since, isRepeated }),
  ];
  told.struck += since.length;
  told.openClaims = ledgerItems(world).filter(({ claim }) => claim !== undefined).length;
  world.meter.reset();
  return found;
}

const isExcused = (gap: string): boolean =>
  /^3: (table .* stayed|.* is not as it was|.* items of the run stayed.*)$|^2: .* damaged its backup|^6: the report counts|the lock stayed$/.test(
    gap,
  );

/** What an operator confirms may take away what a run that succeeded has left. */
const isConfirmed = ({ misfortunes }: World): boolean =>
  misfortunes.struck.some(({ kind, what }) => what.endsWith('with confirmation') || kind === 'sync');

/** Promises 2 and 3: a run that succeeded, and whose roll back nobody has confirmed, keeps its tables and items. */
function intactGaps(
  world: World,
  memory: Memory,
  { runs, last }: { readonly runs: readonly LedgerItem[]; readonly last: LedgerItem | undefined },
): readonly string[] {
  const run = runs.findLast(({ status, kind }) => status === 'SUCCEEDED' && kind === 'migrate');
  if (run === undefined || (run !== last && isConfirmed(world))) return [];
  const runId = String(run['runId']);
  const isRemoved = removedSince(world, memory, run);
  const lost = ledgerItems(world).filter(
    ({ PK, SK, name, tableId }) =>
      PK === `RUN#${runId}` &&
      SK.startsWith('TABLE#') &&
      !isRemoved(String(name)) &&
      tableOf(world, String(name))?.id !== tableId,
  );
  return [
    ...lost.map(({ name }) => `3: run ${runId} succeeded, and its table ${String(name)} is gone`),
    ...(filledNames(world).some(isRemoved) ? [] : targetGaps(world, memory, runId)),
  ];
}

/** No later than the run ended, and no earlier than it began: the order of runs is right where clocks are off. */
const endOf = (world: World, run: LedgerItem): number =>
  Math.max(beganAt(world, run['runId']), notBefore(world, run['finishedAt'] ?? run['startedAt']));

/** What the run that ended last has left behind. Later runs may have changed what earlier ones did. */
function runGaps(world: World, memory: Memory, run: LedgerItem): readonly string[] {
  const runId = String(run['runId']);
  const kind = run['kind'];
  if (kind !== 'migrate' && kind !== 'restore') return [];
  const isRemovedSince = removedSince(world, memory, run);
  return [
    ...(kind === 'restore' ? restoreGaps(world, memory, run) : []),
    ...(isRolledBack(run) ? rolledBackGaps(world, memory, runId) : []),
    ...reportGaps(world, run, isRemovedSince),
  ];
}

/** Where nobody else has written to the files that a run reads, their damage is the service's own doing. */
function ownDamage(memory: Memory, run: LedgerItem): readonly string[] {
  const { runId, failure, kind, backupId } = run;
  const { error, cause } = (failure ?? {}) as { readonly error?: string; readonly cause?: string };
  if (error !== 'BackupDamagedError') return [];
  const read = [runId, backupId, ...(kind === 'restore' ? [orderIn(run).backupId] : [])].map(String);
  return read.some((id) => isDamaged(memory, id))
    ? []
    : [`2: run ${String(runId)} damaged its backup: ${cause}`];
}

/** Nobody can notice what is deleted once the tables have been looked at for the last time. */
function removedSince(world: World, { removed }: Memory, run: LedgerItem): (table: string) => boolean {
  return (table) => (removed.get(table) ?? 0) >= endOf(world, run);
}

const AT_WORK = new Set(['RUNNING', 'ROLLING_BACK', 'SWITCHING', 'CANCELLING']);

/** Statuses of a run that keeps the lock and waits for its operator. */
const WAITING = new Set(['HELD', 'SYNCING']);

/**
 * The runs that somebody works on, or should. If somebody has deleted a run's lock, and another run has it and waits for its
 * operator, the first run waits too and does not count.
 */
export function runsAtWork(world: World, isTampered: boolean): readonly LedgerItem[] {
  const open = runsOf(world).filter(({ status }) => AT_WORK.has(String(status)));
  return isTampered ? open.filter((run) => !isLockedOut(world, run)) : open;
}

function isLockedOut(world: World, { runId, sourceTable, lockTable = sourceTable }: LedgerItem): boolean {
  const lock = ledgerItemsAt(world, 'LOCK').find(({ PK }) => PK === `LOCK#${String(lockTable)}`);
  return lock !== undefined && lock['runId'] !== runId && isWaiting(world, lock);
}

const isWaiting = (world: World, lock: LedgerItem): boolean =>
  WAITING.has(String(findRun(world, String(lock['runId']))?.['status']));

/** The ledger is at rest: nobody works, and only a run that waits for somebody keeps the lock. */
export function ledgerGaps(world: World, isTampered: boolean): readonly string[] {
  const open = runsAtWork(world, isTampered);
  const left = ledgerItemsAt(world, 'LOCK').filter((lock) => !isWaiting(world, lock));
  return [
    ...open.map(({ runId, status }) => `the ledger: run ${String(runId)} stayed ${String(status)}`),
    ...left.map(() => 'the ledger: the lock stayed'),
  ];
}

/** Promise of the logs: no attribute's value is in them. */
function leakGaps({ log, scheduler }: World): readonly string[] {
  // Looking through every line of every world would take longer than the worlds.
  if (scheduler.count() % 16 !== 0) return [];
  const leaking = log.filter((line) => JSON.stringify(line).toLowerCase().includes(secret));
  return leaking.slice(0, 3).map((line) => `5: a log line says ${JSON.stringify(line).slice(0, 300)}`);
}
