import { secret } from '../../support/checker.ts';
import { runsOf, ledgerItems, type LedgerItem, TARGET } from '../holdings.ts';
import type { Memory } from '../memory.ts';
import type { World } from '../world.ts';
import { reportGaps } from './report.ts';
import { lostWrites, rolledBackGaps } from './roll-back.ts';
import { backupGaps, targetGaps } from './target.ts';

/** What is checked, and what excuses it. */
export interface Checked {
  readonly world: World;
  readonly memory: Memory;
  /** Somebody has deleted records of the ledger: nobody can tell any more which run owns what. */
  readonly isTampered: boolean;
}

/** A sentence for each promise that does not hold, once everything is at rest. */
export function violations({ world, memory, isTampered }: Checked): readonly string[] {
  const runs = runsOf(world);
  // A roll back that an operator has confirmed may take away what later runs rely on.
  const last = runs.toSorted((one, other) => endOf(one) - endOf(other)).at(-1);
  const found = [
    ...(last === undefined ? [] : runGaps(world, memory, last)),
    ...runs.flatMap((run) => backupGaps(world, memory, run)),
    ...lostWrites(world, memory),
    ...ledgerGaps(world, runs),
    ...leakGaps(world),
  ];
  return isTampered ? found.filter((gap) => !isExcused(gap)) : found;
}

const isExcused = (gap: string): boolean =>
  /^3: (table .* stayed|.* is not as it was|.* items of the run stayed.*)$|^6: the report counts|the lock stayed$/.test(
    gap,
  );

const endOf = (run: LedgerItem): number => Date.parse(String(run['finishedAt'] ?? run['startedAt']));

/** What the run that ended last has left behind. Later runs may have changed what earlier ones did. */
function runGaps(world: World, memory: Memory, run: LedgerItem): readonly string[] {
  const runId = String(run['runId']);
  if (run['kind'] !== 'migrate') return [];
  const status = run['status'];
  // Nobody can notice what is deleted once the tables have been looked at for the last time.
  const isRemovedSince = (name: string): boolean => (memory.removed.get(name) ?? 0) >= endOf(run);
  return [
    ...(status === 'SUCCEEDED' && !isRemovedSince(TARGET) ? targetGaps(world, memory, runId) : []),
    ...(status === 'ROLLED_BACK' ? rolledBackGaps(world, memory, runId) : []),
    ...reportGaps(world, run, isRemovedSince),
  ];
}

const AT_WORK = new Set(['RUNNING', 'ROLLING_BACK', 'SWITCHING', 'CANCELLING']);

/** Statuses that keep the lock. */
const HOLDING = new Set(['HELD', 'SYNCING']);

/** The ledger is at rest: nobody works, and only a run that waits for somebody keeps the lock. */
export function ledgerGaps(world: World, runs: readonly LedgerItem[]): readonly string[] {
  const open = runs.filter(({ status }) => AT_WORK.has(String(status)));
  const lock = ledgerItems(world).find(({ SK }) => SK === 'LOCK');
  const holder = runs.find(({ runId }) => runId === lock?.['runId']);
  const isLeft = lock !== undefined && !HOLDING.has(String(holder?.['status']));
  return [
    ...open.map(({ runId, status }) => `the ledger: run ${String(runId)} stayed ${String(status)}`),
    ...(isLeft ? ['the ledger: the lock stayed'] : []),
  ];
}

/** Promise of the logs: no attribute's value is in them. */
function leakGaps({ log, scheduler }: World): readonly string[] {
  // Looking through every line of every world would take longer than the worlds.
  if (scheduler.count % 16 !== 0) return [];
  const leaking = log.filter((line) => JSON.stringify(line).toLowerCase().includes(secret));
  return leaking.slice(0, 3).map((line) => `5: a log line says ${JSON.stringify(line).slice(0, 300)}`);
}
