import type { RunStatus } from '../../../functions/shared/ledger/run.ts';
import { TRANSITIONS } from '../../../functions/shared/ledger/transition.ts';
import { ledgerItemsAt, type LedgerItem, SOURCE } from '../holdings.ts';
import type { World } from '../world.ts';

/** What must hold after each transaction of the ledger, whoever acts at the same time. */
export interface LedgerWatch {
  /** @returns a sentence for each thing that does not hold */
  look(): readonly string[];
}

/** A step called alone is held without a lock, and a compare has a lock of its own. */
const KINDS: ReadonlySet<unknown> = new Set(['migrate', 'restore', 'sync']);
const HOLDING: ReadonlySet<unknown> = new Set([
  'RUNNING',
  'HELD',
  'ROLLING_BACK',
  'SYNCING',
  'SWITCHING',
  'CANCELLING',
]);
const FIRST: ReadonlySet<unknown> = new Set(['RUNNING', 'SYNCING']);

export function watchLedger(world: World): LedgerWatch {
  let before = new Map<string, RunStatus>();
  return {
    look() {
      const runs = ledgerItemsAt(world, 'RUN');
      const now = new Map(runs.map(({ runId, status }) => [String(runId), status as RunStatus]));
      const lock = ledgerItemsAt(world, 'LOCK').find(({ PK }) => PK === `LOCK#${SOURCE}`);
      const found = [...lockGaps(runs, lock), ...statusGaps(before, now)];
      before = now;
      return found;
    },
  };
}

/** Whoever is at work has the lock, and the lock belongs to nobody else. */
function lockGaps(runs: readonly LedgerItem[], lock: LedgerItem | undefined): readonly string[] {
  const holders = runs.filter(({ kind, status }) => KINDS.has(kind) && HOLDING.has(status));
  const owner = runs.find(({ runId }) => runId === lock?.['runId']);
  return [
    ...holders
      .filter((run) => run !== owner)
      .map(({ runId, status }) => `run ${String(runId)} is ${String(status)} without the lock`),
    ...(lock === undefined || HOLDING.has(owner?.['status'])
      ? []
      : [`the lock is run ${String(lock['runId'])}'s, which is ${String(owner?.['status'])}`]),
  ];
}

function statusGaps(
  before: ReadonlyMap<string, RunStatus>,
  now: ReadonlyMap<string, RunStatus>,
): readonly string[] {
  return [...now].flatMap(([runId, status]) => {
    const last = before.get(runId);
    const isLegal = last === undefined ? FIRST.has(status) : TRANSITIONS[last].includes(status);
    return last === status || isLegal ? [] : [`run ${runId} went from ${last ?? 'nothing'} to ${status}`];
  });
}
