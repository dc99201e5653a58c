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
      const locks = ledgerItemsAt(world, 'LOCK').filter(isOfMachine);
      const found = [...lockGaps(runs, locks), ...statusGaps(before, now)];
      before = now;
      return found;
    },
  };
}

/** A compare has a lock of its own. */
const isOfMachine = ({ PK }: LedgerItem): boolean =>
  PK === `LOCK#${SOURCE}` || PK.startsWith(`LOCK#${SOURCE}-restored-`);

/** Whoever is at work has the lock, and the lock belongs to nobody else. */
function lockGaps(runs: readonly LedgerItem[], locks: readonly LedgerItem[]): readonly string[] {
  const owners = new Set(locks.map((lock) => lock['runId']));
  const holders = runs.filter(({ kind, status }) => KINDS.has(kind) && HOLDING.has(status));
  return [
    ...holders
      .filter(({ runId }) => !owners.has(runId))
      .map(({ runId, status }) => `run ${String(runId)} is ${String(status)} without the lock`),
    ...[...owners].flatMap((owner) => {
      const status = runs.find(({ runId }) => runId === owner)?.['status'];
      return HOLDING.has(status) ? [] : [`a lock is run ${String(owner)}'s, which is ${String(status)}`];
    }),
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
