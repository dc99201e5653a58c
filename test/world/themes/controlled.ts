import { several } from '../draw.ts';
import type { Act, When } from '../plan.ts';
import type { Scheduler } from '../scheduler.ts';
import { NO_TROUBLE } from '../trouble.ts';
import { PASSING } from './passing-faults.ts';
import { firstReadOf, QUIET, SHOP_TABLES, type Theme } from './theme.ts';

/** Functions that look at pauses and caps, and others that must not mind them. */
const PLACES = [
  'backupProducts',
  'transformProducts',
  'migrateProductsEnhanced',
  'migrateProductsEnhanced',
  'verifyMigration',
  'completeRun',
] as const;

/** What bulk put cannot do. */
const drawWorkers = (draw: Scheduler): object => ({
  ...(draw.chance(0.5) && { writeUnitsPerSecond: draw.pick([0.5, 2, 10]) }),
  ...(draw.chance(0.3) && { onExisting: 'replace' }),
});

function somewhere(draw: Scheduler): When {
  const by = draw.pick(PLACES);
  return {
    by,
    operation: draw.pick([firstReadOf(by), 'PutItem']),
    nth: draw.between(1, 3),
    millis: draw.between(0, draw.pick([10, 8_000])),
  };
}

/** An operator pauses a run, lets it go on and gives it other caps, and by chance it is stopped or rolled back meanwhile. */
export const controlled: Theme = (draw) => {
  const control = (): Act => ({
    when: somewhere(draw),
    who: 'operator',
    what: draw.pick(['pause', 'pause', 'throttle']),
  });
  const end = (): Act => ({
    when: somewhere(draw),
    who: 'operator',
    what: draw.pick(['stop', 'roll back', 'roll back with confirmation']),
  });
  const isEnded = draw.chance(0.5);
  return {
    existing: draw.chance(0.5) ? SHOP_TABLES : [],
    input: {
      ...QUIET.input,
      ...(draw.chance(0.3) && { onFailure: 'hold' }),
      ...(draw.chance(0.2) ? { writeEngine: 'bulk' } : drawWorkers(draw)),
    },
    trouble: draw.chance(0.5) ? NO_TROUBLE : { ...NO_TROUBLE, ...draw.pick(PASSING) },
    acts: [...several(draw, 5, control), ...(isEnded ? [end()] : [])],
    mustSucceed: !isEnded,
  };
};
