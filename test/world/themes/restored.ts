import { several } from '../draw.ts';
import { type Act, RESTORE_ACTS, RESTORED } from '../plan.ts';
import { NO_TROUBLE, type Trouble } from '../trouble.ts';
import { SHOP_TABLES, type Theme } from './theme.ts';

/** What happens to a restore alone: the run before it has no trouble. */
const RESTORING = /^restoreFromBackup|^rollBack#\d+: \w+ .*restored|restored/;

const KINDS: readonly [Partial<Trouble>, ...Partial<Trouble>[]] = [
  {},
  { killedWriting: 0.1 },
  { killedWriting: 0.3 },
  { lateWrite: 0.2 },
  { killed: 0.03, twice: 0.3 },
  { answerLost: 0.05, late: 0.02 },
  { serviceFailed: 0.2, calledLate: 0.2 },
  { throttled: 0.2, failed: 0.05 },
  { odd: 0.5, slow: 0.3 },
  { cut: 0.3, neverSent: 0.05 },
];

const DAMAGED_SHARE = 0.15;

/**
 * A backup is restored while the shop writes into the restored table, twice, by several, with faults, or stopped. Somebody
 * may damage a file of it before, meanwhile or afterwards.
 */
export const restored: Theme = (draw) => {
  const kinds = draw.pick(KINDS);
  const during = (): Act['when'] => ({
    by: draw.chance(0.8) ? 'restoreFromBackup' : 'rollBack',
    operation: draw.pick(['PutItem', 'BatchWriteItem', 'Scan', 'CreateTable', 'GetItem', 'UpdateItem']),
    nth: draw.between(1, 12),
    millis: draw.between(0, draw.pick([5, 1_000, 20_000])),
  });
  const write = (): Act => ({
    when: during(),
    who: 'shop',
    what: draw.pick(['note restored', 'order restored', 'change product']),
  });
  // Some stops come between the commit and the report.
  const stop = (): Act => ({
    when: draw.chance(0.5)
      ? during()
      : {
          by: 'restoreFromBackup',
          operation: draw.pick(['DeleteResourcePolicy', 'PutObject', 'TransactWriteItems']),
          nth: draw.between(1, 2),
        },
    who: 'operator',
    what: 'stop',
  });
  const damage = (): Act => ({
    when: during(),
    who: 'tamperer',
    what: draw.pick(['delete a file', 'change a file']),
  });
  return {
    existing: [...(draw.chance(0.3) ? SHOP_TABLES : []), ...(draw.chance(0.5) ? [RESTORED] : [])],
    trouble: {
      ...NO_TROUBLE,
      ...kinds,
      at: Object.fromEntries(Object.keys(kinds).map((kind) => [kind, RESTORING])),
    },
    acts: [
      ...(draw.chance(0.5) ? several(draw, 12, write) : []),
      ...(draw.chance(0.4) ? [stop()] : []),
      ...(draw.chance(DAMAGED_SHARE) ? [damage()] : []),
    ],
    followUps: [
      draw.pick(['restore', 'restore', 'restore into an existing table']),
      ...(draw.chance(0.7) ? several(draw, 2, () => draw.pick(RESTORE_ACTS)) : []),
    ],
    isTroubledAfterwards: true,
    isHasty: draw.chance(0.3),
    isTroubledToTheEnd: draw.chance(0.5),
  };
};
